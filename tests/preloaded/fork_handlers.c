/* Forks while another thread works under the lock that fork_handlers_library.so holds in a fork. */
#include "preloaded.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 50 };

static void (*work)(void);
static atomic_bool is_over;

static void *work_on(void *none)
{
    while (!is_over) work();
    return none;
}

int main(void)
{
    pthread_t worker;
    work = (void (*)(void))dlsym(RTLD_DEFAULT, "work_under_lock");
    CHECK(work && !pthread_create(&worker, NULL, work_on, NULL));
    for (int i = 0; i < CHILDREN; i++) {
        int status;
        pid_t child = fork();
        if (child == 0) work();
        if (child == 0) _exit(0);
        CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    }
    is_over = true;
    CHECK(!pthread_join(worker, NULL));
    puts("done");
    return 0;
}
