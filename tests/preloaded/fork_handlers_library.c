/* A library with handlers of fork, taken in its constructor: they allocate, and hold a lock under
 * which other threads allocate, as those of many a library do. */
#include "preloaded.h"

#include <pthread.h>

enum { SHARED_BYTES = 300000 }; /* under the lock of all threads */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void use(void)
{
    free(stamp(malloc(SHARED_BYTES), SHARED_BYTES, 1));
}

static void prepare(void)
{
    CHECK(pthread_mutex_lock(&lock) == 0);
    use();
}

static void go_on(void)
{
    use();
    CHECK(pthread_mutex_unlock(&lock) == 0);
}

void work_under_lock(void)
{
    CHECK(pthread_mutex_lock(&lock) == 0);
    use();
    CHECK(pthread_mutex_unlock(&lock) == 0);
}

__attribute__((constructor)) static void start(void)
{
    CHECK(pthread_atfork(prepare, go_on, go_on) == 0);
}
