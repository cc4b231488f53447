/* The parent's side of a cell: a fresh process by posix_spawn, watched through a pidfd.
 *
 * Its environment is written whole: nothing that steers an allocator leaks in, every cell gets the
 * tunables that jemalloc needs, and a padding of random length moves the stack (layout bias). Its
 * standard error is caught in a file without a name; the last line explains a failure. Whatever
 * becomes of the child (a signal, an exit without a result, a hang) becomes a result. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../allocators/shared_library.h"
#include "child.h"
#include "measure.h"

/* A signal that comes between asking for it and poll is noticed a slice later. */
enum { PADDING_MAXIMUM = 4095, ENVIRONMENT_MAXIMUM = 16, SLICE_MS = 500 };

static volatile sig_atomic_t interrupted;

static void note_interrupt(int signal_number)
{
    interrupted = signal_number;
}

void cell_catch_interrupts(void)
{
    struct sigaction action = {.sa_handler = note_interrupt}; /* no SA_RESTART: poll must wake */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool cell_was_interrupted(void)
{
    return interrupted != 0;
}

size_t cell_result_bytes(enum cell_mode mode)
{
    bool has_rows = mode >= CELL_WASTE;
    return has_rows ? sizeof(struct cell_result) : offsetof(struct cell_result, rows);
}

struct environment {
    char *entries[ENVIRONMENT_MAXIMUM];
    char padding[sizeof "PADDING=" + PADDING_MAXIMUM];
};

static bool is_kept(const char *entry)
{
    static const char *const kept[] = {
        "PATH=", "HOME=", "TMPDIR=", "LANG=", "LUA_PATH=", "LUA_CPATH=", "LD_LIBRARY_PATH="};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        if (!strncmp(entry, kept[i], strlen(kept[i]))) return true;
    }
    return false;
}

static void write_environment(struct environment *environment, unsigned padding_bytes)
{
    size_t count = 0;
    for (char **entry = environ; *entry && count < ENVIRONMENT_MAXIMUM - 3; entry++) {
        if (is_kept(*entry)) environment->entries[count++] = *entry;
    }
    memset(environment->padding, 'x', sizeof environment->padding);
    memcpy(environment->padding, "PADDING=", strlen("PADDING="));
    environment->padding[strlen("PADDING=") + padding_bytes % (PADDING_MAXIMUM + 1)] = '\0';
    environment->entries[count++] = environment->padding;
    environment->entries[count++] = TUNABLES_NAME "=" LIBRARY_TUNABLES;
    environment->entries[count] = NULL;
}

struct child {
    pid_t process;
    size_t result_bytes;
    int result_file, errors_file;
    struct cell_result *result;
};

static bool open_files(struct child *child, struct error *error)
{
    child->result_file = memfd_create("result", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    child->errors_file = memfd_create("errors", MFD_CLOEXEC);
    if (child->result_file >= 0 && child->errors_file >= 0 &&
        !ftruncate(child->result_file, (off_t)child->result_bytes) &&
        !fcntl(child->result_file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW)) {
        child->result = mmap(NULL, child->result_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                             child->result_file, 0);
        if (child->result != MAP_FAILED) return true;
    }
    return error_set(error, "no file for a child's result: %s", strerror(errno));
}

static void close_files(struct child *child)
{
    if (child->result && child->result != MAP_FAILED) {
        munmap(child->result, child->result_bytes);
    }
    if (child->result_file >= 0) close(child->result_file);
    if (child->errors_file >= 0) close(child->errors_file);
}

/* A program may order things by address, so that where memory lies decides what it asks for next:
 * what is to be the same in every run gets the same addresses. Where the system forbids that, it
 * gets random ones. */
static int start_process(struct child *child, const struct cell_request *request,
                         const posix_spawn_file_actions_t *actions,
                         const posix_spawnattr_t *attributes, char *const *argv,
                         char *const *environment)
{
    bool is_fixed = request->mode == CELL_FRAGMENTATION;
    int before = is_fixed ? personality(0xffffffff) : 0; /* which asks alone */
    if (is_fixed) personality((unsigned)before | ADDR_NO_RANDOMIZE);
    int failure =
        posix_spawn(&child->process, "/proc/self/exe", actions, attributes, argv, environment);
    if (is_fixed) personality((unsigned)before);
    return failure;
}

static bool start(struct child *child, const struct cell_request *request, struct error *error)
{
    static struct environment environment;
    struct child_arguments arguments;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    write_environment(&environment, request->padding_bytes);
    child_write_arguments(request, &arguments);
    sigfillset(&defaults);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, child->errors_file, STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions, child->result_file, CHILD_RESULT_FD);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    int failure =
        start_process(child, request, &actions, &attributes, arguments.argv, environment.entries);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failure ? error_set(error, "no process for a cell: %s", strerror(failure)) : true;
}

/* True when the child ended by itself in time. */
static bool wait_in_time(const struct child *child, const struct cell_request *request)
{
    int64_t deadline = measure_now_ms() + (int64_t)request->timeout_seconds * 1000, left;
    struct pollfd watched = {.fd = (int)syscall(SYS_pidfd_open, child->process, 0),
                             .events = POLLIN};
    bool has_ended = false;
    assert(watched.fd >= 0); /* Linux 5.3 */
    while (!has_ended && !interrupted && (left = deadline - measure_now_ms()) > 0) {
        has_ended = poll(&watched, 1, (int)(left < SLICE_MS ? left : SLICE_MS)) > 0;
        if (request->watch) request->watch(request->watcher, child->result);
    }
    close(watched.fd);
    return has_ended;
}

/* The last line that the child wrote to its standard error, without its end. */
static void read_last_line(int file, char *line, size_t length)
{
    char text[4096];
    off_t end = lseek(file, 0, SEEK_END);
    off_t start = end > (off_t)sizeof text - 1 ? end - (off_t)sizeof text + 1 : 0;
    ssize_t got = pread(file, text, sizeof text - 1, start);
    while (got > 0 && text[got - 1] == '\n') got--;
    text[got > 0 ? got : 0] = '\0';
    const char *last = strrchr(text, '\n');
    snprintf(line, length, "%s", last ? last + 1 : text);
}

static void explain_death(struct child *child, int status, struct cell_result *result)
{
    char line[256];
    read_last_line(child->errors_file, line, sizeof line);
    const char *separator = *line ? ": " : "";
    if (WIFSIGNALED(status)) {
        result->outcome = OUTCOME_CRASHED;
        error_set(&result->error, "killed by signal %d (%s)%s%s", WTERMSIG(status),
                  strsignal(WTERMSIG(status)), separator, line);
    } else {
        result->outcome = OUTCOME_WRONG_ANSWER;
        error_set(&result->error, "ended with exit status %d before it had a result%s%s",
                  WEXITSTATUS(status), separator, line);
    }
}

/* The child may have written anything there, or an allocator under test may have. */
static void copy_result(const struct child *child, struct cell_result *result)
{
    memcpy(result, child->result, child->result_bytes);
    result->is_complete = result->is_complete && result->outcome <= OUTCOME_TIMED_OUT;
    if (result->row_count > SERIES_ROWS) result->row_count = 0;
    result->error.text[sizeof result->error.text - 1] = '\0';
    result->answer[sizeof result->answer - 1] = '\0';
    result->identity.file[sizeof result->identity.file - 1] = '\0';
    result->identity.version[sizeof result->identity.version - 1] = '\0';
    result->backing.file[sizeof result->backing.file - 1] = '\0';
}

static void await(struct child *child, const struct cell_request *request,
                  struct cell_result *result)
{
    int status;
    bool has_ended = wait_in_time(child, request);
    kill(-child->process, SIGKILL); /* also what the workload itself may have started */
    while (waitpid(child->process, &status, 0) < 0 && errno == EINTR) continue;
    copy_result(child, result);
    if (!has_ended) {
        result->outcome = OUTCOME_TIMED_OUT;
        error_set(&result->error, "still running after %u s", request->timeout_seconds);
    } else if (!result->is_complete) {
        explain_death(child, status, result);
    }
}

bool cell_spawn(const struct cell_request *request, struct cell_result *result, struct error *error)
{
    struct child child = {
        .result_bytes = cell_result_bytes(request->mode), .result_file = -1, .errors_file = -1};
    bool is_started = open_files(&child, error) && start(&child, request, error);
    if (is_started) await(&child, request, result);
    close_files(&child);
    if (is_started && interrupted) return error_set(error, "interrupted");
    return is_started;
}
