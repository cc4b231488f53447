/* A script runs in a child that is a copy of this process, on the heap of its spec under the Lua
 * recorder, as `heapbench lua` would run it; a command is given the library and the spool in its
 * environment. The command line's own signals wait in sigtimedwait, which is the parent's clock. */
#include "record_child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../allocators/limits/limit.h"
#include "../../allocators/wrappers/count.h"
#include "../../recorder/lua_recorder.h"
#include "../command.h"
#include "../lua/interpreter.h"

enum { PERIOD_NS = 20000000, STATUS_NOT_STARTED = 127 };

/* ---- in the child: a script */

static void close_state(struct lua_recorder *recorder, struct lua_host *host, lua_State *L)
{
    heap_mark(&recorder->heap, HEAP_CLOSING, 0);
    lua_host_detach(host);
    limit_lift(recorder->heap.inner, true);
    lua_close(L);
}

/* A script that calls os.exit ends here with its state open, as under lua5.1. */
static int run_script(const struct record_child *child, struct lua_recorder *recorder)
{
    static struct lua_host host;
    struct heap *heap = recorder->heap.inner;
    struct interpreter interpreter = {.marked = &recorder->heap,
                                      .argument_count = child->argument_count,
                                      .arguments = child->arguments};
    lua_State *L = lua_newstate(recorder->heap.resize, recorder->heap.state);
    if (!L) return command_fail(EXIT_FAILURE, "not enough memory for a Lua state");
    if (heap_is_wrapped(heap)) {
        lua_host_attach(&host, heap, L);
        interpreter.host = &host;
    } else {
        lua_host_watch(&host, heap, L);
    }
    int status = interpreter_run(&interpreter, L);
    if (!interpreter.is_ready) command_fail(1, "not enough memory for a Lua state's libraries");
    close_state(recorder, &host, L);
    return status || interpreter.status ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* What it prints is caught, as in a cell. */
static int run_workload(const struct workload *workload, const struct lua_recorder *recorder)
{
    struct error error = {""};
    void *job = workload->kind->prepare(workload, 1, &error);
    if (!job) return command_fail(EXIT_FAILURE, error.text);
    enum outcome outcome = workload->kind->run(job, &recorder->heap, &error);
    workload->kind->finish(job);
    error.text[strcspn(error.text, "\n")] = '\0'; /* the traceback is for those who debug it */
    return outcome == OUTCOME_OK ? EXIT_SUCCESS : command_fail(EXIT_FAILURE, error.text);
}

static int run_recorded(const struct record_child *child)
{
    static struct lua_recorder recorder;
    struct error error;
    struct heap *heap = heap_open(child->spec, &error);
    if (!heap) return command_fail(EXIT_FAILURE, error.text);
    lua_recorder_open(&recorder, heap, child->folder, child->arguments[0]);
    int status =
        child->workload ? run_workload(child->workload, &recorder) : run_script(child, &recorder);
    heap_close(heap);
    return status;
}

/* ---- in the child: a command */

/* What the user preloads comes after the recorder, which calls it. */
static void preload(const char *library)
{
    char list[8192];
    const char *given = getenv("LD_PRELOAD");
    bool has_more = given && *given;
    snprintf(list, sizeof list, "%s%s%s", library, has_more ? ":" : "", has_more ? given : "");
    setenv("LD_PRELOAD", list, 1);
}

static int run_command(const struct record_child *child)
{
    char text[512];
    setenv(SPOOL_VARIABLE, child->folder, 1);
    preload(child->library);
    execvp(child->arguments[0], child->arguments);
    snprintf(text, sizeof text, "%.300s: %s", child->arguments[0], strerror(errno));
    return command_fail(STATUS_NOT_STARTED, text);
}

/* ---- in the parent */

static sigset_t signals_awaited(void)
{
    static const int numbers[] = {SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) sigaddset(&set, numbers[i]);
    return set;
}

/* A reader of our messages that has gone, and a limit of file sizes, are told by errno, so that the
 * spool is removed. */
static void outlast(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

/* A process whose parent has SIGCHLD ignored is started so, and could not wait. */
pid_t record_child_start(const struct record_child *child)
{
    sigset_t awaited = signals_awaited(), before;
    struct sigaction standard = {.sa_handler = SIG_DFL}, former;
    sigprocmask(SIG_BLOCK, &awaited, &before);
    sigaction(SIGCHLD, &standard, &former);
    fflush(NULL);
    pid_t process = fork();
    if (process > 0) outlast();
    if (process != 0) return process;
    sigaction(SIGCHLD, &former, NULL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    exit(child->spec ? run_recorded(child) : run_command(child));
}

int record_child_wait(pid_t process, void (*meanwhile)(void *argument), void *argument)
{
    const struct timespec period = {.tv_nsec = PERIOD_NS};
    sigset_t awaited = signals_awaited();
    int status = 0;
    while (waitpid(process, &status, WNOHANG) == 0) {
        siginfo_t signal;
        int number = sigtimedwait(&awaited, &signal, &period);
        bool is_from_terminal = number > 0 && signal.si_code == SI_KERNEL;
        if (number > 0 && number != SIGCHLD && !is_from_terminal) kill(process, number);
        meanwhile(argument);
    }
    return status;
}
