/* A run is good when it ends with status 0 and has printed what the run without a limit printed: a
 * script that catches the error and goes on has not had enough. Each run is a process of its own,
 * so a crash is one more limit that does not do, and one that takes far longer than without a limit
 * is killed and does not do either.
 *
 * Limits are doubled until one is enough, then halved down to 1 KiB or a thousandth. Less is not
 * always worse (collections fall elsewhere), so what is found is a limit that works, with the next
 * one tried below it that does not; it is run twice more before it is printed.
 */
#include "smallest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../allocators/spec.h"
#include "../command.h"
#include "../measure.h"

enum { ARGUMENTS_MAXIMUM = 256, SPEC_BYTES = 8192, CONFIRMATIONS = 2, SLOWER = 20 };

#define LEAST_BYTES ((size_t)16 << 10)
#define MOST_BYTES ((size_t)1 << 40)
#define STEP_BYTES ((size_t)1 << 10)
#define PATIENCE_MS 5000 /* beyond SLOWER times the run without a limit */

struct search {
    const char *spec;
    char **arguments;
    int output;         /* of the run without a limit */
    int64_t allowed_ms; /* for one run */
    unsigned runs;
};

/* The limit's own options are kept; the last one of a name counts. */
static void write_spec(const struct search *search, size_t bytes, char text[SPEC_BYTES])
{
    size_t first = strcspn(search->spec, "+"), name = strcspn(search->spec, "+:");
    bool is_limit = name > 6 && !strncmp(search->spec + name - 6, "-limit", 6);
    if (!is_limit) snprintf(text, SPEC_BYTES, "hard-limit:bytes=%zu+%s", bytes, search->spec);
    else
        snprintf(text, SPEC_BYTES, "%.*s%sbytes=%zu%s", (int)first, search->spec,
                 first > name ? "," : ":", bytes, search->spec + first);
}

static pid_t start(const struct search *search, size_t bytes, int output)
{
    char spec[SPEC_BYTES], *argv[ARGUMENTS_MAXIMUM] = {"heapbench", "lua", "-a", spec};
    size_t count = 4;
    pid_t process;
    posix_spawn_file_actions_t actions;
    write_spec(search, bytes, spec);
    for (char **at = search->arguments; *at && count < ARGUMENTS_MAXIMUM - 1; at++) {
        argv[count++] = *at;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (bytes != MOST_BYTES) {
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    }
    int failure = posix_spawn(&process, "/proc/self/exe", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return failure ? -1 : process;
}

/* The exit status, or -1 when it was killed, by us or by a fault of its own. */
static int await(pid_t process, int64_t allowed_ms)
{
    struct pollfd watched = {.fd = (int)syscall(SYS_pidfd_open, process, 0), .events = POLLIN};
    int status;
    if (poll(&watched, 1, (int)allowed_ms) <= 0) kill(process, SIGKILL);
    close(watched.fd);
    while (waitpid(process, &status, 0) < 0 && errno == EINTR) continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool are_equal(int left, int right)
{
    struct stat first, second;
    if (fstat(left, &first) || fstat(right, &second) || first.st_size != second.st_size) {
        return false;
    }
    size_t length = (size_t)first.st_size;
    if (length == 0) return true;
    char *one = mmap(NULL, length, PROT_READ, MAP_PRIVATE, left, 0);
    char *other = mmap(NULL, length, PROT_READ, MAP_PRIVATE, right, 0);
    bool is_equal = one != MAP_FAILED && other != MAP_FAILED && !memcmp(one, other, length);
    if (one != MAP_FAILED) munmap(one, length);
    if (other != MAP_FAILED) munmap(other, length);
    return is_equal;
}

static bool is_enough(struct search *search, size_t bytes)
{
    int output = memfd_create("output", MFD_CLOEXEC);
    pid_t process = output < 0 ? -1 : start(search, bytes, output);
    search->runs++;
    bool is_good =
        process > 0 && await(process, search->allowed_ms) == 0 && are_equal(output, search->output);
    if (output >= 0) close(output);
    return is_good;
}

static bool run_without_limit(struct search *search)
{
    int64_t started = measure_now_ms();
    search->output = memfd_create("output", MFD_CLOEXEC);
    pid_t process = search->output < 0 ? -1 : start(search, MOST_BYTES, search->output);
    bool is_good = process > 0 && await(process, -1) == 0;
    search->allowed_ms = (measure_now_ms() - started) * SLOWER + PATIENCE_MS;
    return is_good;
}

static size_t step_at(size_t bytes)
{
    size_t step = bytes / 1000 / STEP_BYTES * STEP_BYTES;
    return step ? step : STEP_BYTES;
}

static void show_progress(const struct search *search, size_t short_of, size_t enough)
{
    if (!isatty(STDERR_FILENO)) return;
    fprintf(stderr, "\r%u runs: between %zu and %zu KiB ", search->runs, short_of >> 10,
            enough >> 10);
}

/* `enough` is, `short_of` is not. */
static size_t close_in(struct search *search, size_t short_of, size_t enough)
{
    while (enough - short_of > step_at(enough)) {
        size_t middle = (short_of + (enough - short_of) / 2) / STEP_BYTES * STEP_BYTES;
        if (middle <= short_of) middle = short_of + STEP_BYTES;
        if (middle >= enough) break;
        if (is_enough(search, middle)) enough = middle;
        else short_of = middle;
        show_progress(search, short_of, enough);
    }
    return enough;
}

/* One that turned out to work by luck is left for the next above it. */
static size_t confirm(struct search *search, size_t bytes)
{
    for (int confirmed = 0; confirmed < CONFIRMATIONS;) {
        bool is_good = is_enough(search, bytes);
        confirmed = is_good ? confirmed + 1 : 0;
        if (!is_good) bytes += step_at(bytes);
    }
    return bytes;
}

static int print(const struct search *search, size_t bytes)
{
    char spec[SPEC_BYTES];
    write_spec(search, bytes, spec);
    if (isatty(STDERR_FILENO)) fputs("\r\033[K", stderr);
    printf("smallest limit: %zu bytes (%zu KiB), %u runs: %s\n", bytes, bytes >> 10, search->runs,
           spec);
    return 0;
}

int smallest_find(const char *spec, char **arguments)
{
    struct search search = {.spec = spec, .arguments = arguments};
    struct error error;
    struct spec_description description;
    char text[SPEC_BYTES];
    size_t enough = LEAST_BYTES;
    write_spec(&search, LEAST_BYTES, text);
    if (!spec_describe(text, &description, &error)) return command_fail(2, error.text);
    if (!strcmp(arguments[0], "-")) {
        return command_fail(2, "--smallest: the script is run many times: name its file");
    }
    if (!run_without_limit(&search)) {
        return command_fail(1, "--smallest: the script does not end well without a limit");
    }
    while (enough < MOST_BYTES && !is_enough(&search, enough)) enough *= 2;
    if (enough >= MOST_BYTES) {
        return command_fail(1, "--smallest: the script prints something else in every run: no "
                               "limit can be told from another");
    }
    if (enough > LEAST_BYTES) enough = close_in(&search, enough / 2, enough);
    return print(&search, confirm(&search, enough));
}
