/* A signal handler that forks in the midst of an allocation of the only thread: both processes go
 * on from there. */
#include "preloaded.h"

#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FORKS = 200, BYTES = 300000, EVERY_US = 500 };

static volatile sig_atomic_t forks;

static void fork_child(int signal)
{
    (void)signal;
    pid_t child = fork();
    if (child == 0) _exit(0);
    int status;
    waitpid(child, &status, 0);
    CHECK(status == 0);
    forks++;
}

int main(void)
{
    struct itimerval often = {{0, EVERY_US}, {0, EVERY_US}};
    signal(SIGALRM, fork_child);
    setitimer(ITIMER_REAL, &often, NULL);
    while (forks < FORKS) {
        char *block = malloc(BYTES);
        block[0] = 1;
        free(block);
    }
    puts("done");
    return 0;
}
