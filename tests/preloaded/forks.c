/* Children forked while other threads allocate, free and hand blocks on: the child's one thread
 * goes on with all that it can see, forks again, makes threads of its own, and ends by exit. */
#include "preloaded.h"

#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 3, SLOTS = 64, CHILDREN = 20, KEPT = 200 };

extern char **environ;
static _Atomic(void *) slots[SLOTS];
static atomic_bool is_over;

static size_t size_of(unsigned number)
{
    return number % 97 ? 16 + number % 900 : 16 + number * 131 % 200000;
}

static void *churn(void *seed)
{
    for (unsigned i = (unsigned)(uintptr_t)seed; !is_over; i += 7) {
        unsigned *block = malloc(size_of(i));
        CHECK(block);
        block[0] = i;
        free(atomic_exchange(&slots[i % SLOTS], block));
    }
    return NULL;
}

/* Nearly always under the one lock that all threads share. */
static void *churn_large(void *none)
{
    for (size_t i = 0; !is_over; i++) free(keep(malloc(300000 + i % 8 * 50000)));
    return none;
}

static void *work(void *none)
{
    for (unsigned i = 0; i < 500; i++) free(stamp(malloc(size_of(i)), size_of(i), i));
    return none;
}

static _Noreturn void live_as_child(void **kept, int depth)
{
    pthread_t threads[2];
    for (unsigned i = 0; i < KEPT; i++) {
        check_stamp(kept[i], size_of(i), i);
        kept[i] = stamp(realloc(kept[i], size_of(i) + 100), size_of(i), i);
    }
    work(NULL);
    for (int i = 0; i < 2; i++) CHECK(!pthread_create(&threads[i], NULL, work, NULL));
    for (int i = 0; i < 2; i++) CHECK(!pthread_join(threads[i], NULL));
    if (depth > 0) {
        pid_t child = fork();
        int status;
        if (child == 0) live_as_child(kept, depth - 1);
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    for (unsigned i = 0; i < KEPT; i++) free(kept[i]);
    exit(0);
}

static void spawn_and_vfork(void)
{
    char *arguments[] = {(char *)"true", NULL};
    pid_t child;
    int status;
    CHECK(!posix_spawnp(&child, "true", NULL, NULL, arguments, environ));
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    child = vfork();
    if (child == 0) {
        execlp("true", "true", (char *)NULL);
        _exit(1);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int main(void)
{
    pthread_t threads[THREADS];
    void *kept[KEPT];
    for (unsigned i = 0; i < KEPT; i++) kept[i] = stamp(malloc(size_of(i)), size_of(i), i);
    for (int i = 0; i < THREADS; i++) {
        void *seed = (void *)(uintptr_t)(i * 1000);
        CHECK(!pthread_create(&threads[i], NULL, i ? churn : churn_large, seed));
    }
    for (int i = 0; i < CHILDREN; i++) {
        int status;
        pid_t child = fork();
        if (child == 0) live_as_child(kept, i % 3);
        CHECK(child > 0);
        for (int j = 0; j < 100; j++) free(keep(malloc((size_t)j * 10)));
        if (i % 10 == 0) spawn_and_vfork();
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(status == 0);
    }
    is_over = true;
    for (int i = 0; i < THREADS; i++) CHECK(!pthread_join(threads[i], NULL));
    for (int i = 0; i < SLOTS; i++) free(slots[i]);
    puts("done");
    return 0;
}
