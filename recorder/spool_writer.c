/* A window is a file, mapped and closed at once, so that the program finds no descriptor that it
 * did not open. Its memory is asked for a part at a time by MADV_POPULATE_WRITE, which fails where
 * a first store would raise SIGBUS: when the file system is full, recording stops and the program
 * goes on. A file size limit would raise SIGXFSZ, so it is asked first.
 *
 * Cost: a window in 32768 calls takes some 10 system calls, a part of it in 8192 calls one.
 */
#include "spool_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Of the first window, which may be the only one of a short program, the first part is small. */
enum { PART_EVENTS = 1 << 13, FIRST_PART_EVENTS = 1 << 11, WAIT_NS = 1000000 };

enum { PATH_BYTES = SPOOL_FOLDER_BYTES + 48 };

static int open_file(const char *path, int flags)
{
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600);
}

static void name_window(const struct spool_writer *writer, uint32_t window, char *path)
{
    snprintf(path, PATH_BYTES, "%s/%u-%u-%u", writer->folder, writer->process, writer->image,
             window);
}

static bool exists(const char *path)
{
    return syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0;
}

static bool is_within_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) || limit.rlim_cur >= sizeof(struct spool_window)) {
        return true;
    }
    errno = EFBIG;
    return false;
}

static bool wait_for_reader(const struct spool_writer *writer)
{
    char path[PATH_BYTES];
    const struct timespec moment = {.tv_nsec = WAIT_NS};
    if (writer->window_number < SPOOL_WINDOWS_AHEAD) return true;
    name_window(writer, writer->window_number - SPOOL_WINDOWS_AHEAD, path);
    for (int waits = 0; exists(path); waits++) {
        if (waits == SPOOL_PATIENCE_SECONDS * (1000000000 / WAIT_NS)) {
            errno = ETIMEDOUT;
            return false;
        }
        syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &moment, NULL);
    }
    return true;
}

/* Under its new name, or -1. */
static int take_spare(const struct spool_writer *writer, const char *path)
{
    char spare[PATH_BYTES];
    for (unsigned i = 0; i < SPOOL_SPARES; i++) {
        snprintf(spare, sizeof spare, "%s/%u-%u-free%u", writer->folder, writer->process,
                 writer->image, i);
        if (syscall(SYS_renameat2, AT_FDCWD, spare, AT_FDCWD, path, 0) == 0) {
            return open_file(path, O_RDWR);
        }
    }
    return -1;
}

static struct spool_window *map_window(const struct spool_writer *writer)
{
    char path[PATH_BYTES];
    name_window(writer, writer->window_number, path);
    int file = writer->window_number > 0 ? take_spare(writer, path) : -1;
    if (file < 0) file = open_file(path, O_RDWR | O_CREAT | O_EXCL);
    if (file < 0) return NULL;
    void *window = MAP_FAILED;
    if (syscall(SYS_ftruncate, file, sizeof(struct spool_window)) == 0) {
        window =
            mmap(NULL, sizeof(struct spool_window), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    }
    int failure = errno;
    syscall(SYS_close, file);
    errno = failure;
    return window == MAP_FAILED ? NULL : window;
}

/* Pages that were left out fault as they are written; before Linux 5.14 all, and there a file
 * system that is full is fatal. */
static bool populate(void *start, size_t bytes)
{
    return madvise(start, bytes, MADV_POPULATE_WRITE) == 0 || errno == EINVAL || errno == EINTR;
}

/* ---- the head of a window */

/* As /proc tells it; a kernel without it leaves the name that libc knows. */
static void read_program(char program[SPOOL_PROGRAM_BYTES])
{
    int file = open_file("/proc/self/cmdline", O_RDONLY);
    ssize_t length = file < 0 ? 0 : syscall(SYS_read, file, program, SPOOL_PROGRAM_BYTES - 1);
    if (file >= 0) syscall(SYS_close, file);
    if (length <= 0) {
        snprintf(program, SPOOL_PROGRAM_BYTES, "%s", program_invocation_name);
        return;
    }
    program[length] = '\0';
    for (ssize_t i = 0; i < length - 1; i++) {
        if (!program[i]) program[i] = '\n';
    }
}

static void write_program(struct spool_window *window, const char *program)
{
    if (program) snprintf(window->program, sizeof window->program, "%s", program);
    else read_program(window->program);
}

static void fill_head(const struct spool_writer *writer, struct spool_window *window,
                      const char *program)
{
    if (writer->window_number == 0) write_program(window, program);
    window->process = writer->process;
    window->parent = writer->parent;
    window->image = writer->image;
    window->window = writer->window_number;
    window->started_ns = writer->started_ns;
    atomic_thread_fence(memory_order_release);
    memcpy(window->magic, SPOOL_MAGIC, sizeof window->magic);
}

static bool open_window(struct spool_writer *writer, const char *program)
{
    struct spool_window *window = is_within_file_limit() ? map_window(writer) : NULL;
    if (!window) return false;
    if (!populate(window, sizeof *window - sizeof window->events)) {
        munmap(window, sizeof *window);
        return false;
    }
    fill_head(writer, window, program);
    writer->window = window;
    writer->next = writer->ready_end = window->events;
    return true;
}

/* ---- an image, from its first event on */

/* A number that no image of this process has had, not even of one that had its number before. */
static bool claim_image(struct spool_writer *writer)
{
    char path[PATH_BYTES];
    for (;; writer->image++) {
        snprintf(path, sizeof path, "%s/%u-%u", writer->folder, writer->process, writer->image);
        int file = open_file(path, O_WRONLY | O_CREAT | O_EXCL);
        if (file >= 0) return syscall(SYS_close, file) == 0;
        if (errno != EEXIST) return false;
    }
}

/* A handler that forked while a window begins would have two processes begin the same one. */
static void hold_signals(sigset_t *before)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, before);
}

bool spool_begin(struct spool_writer *writer, const char *folder, const char *program)
{
    struct timespec now;
    sigset_t before;
    int error = errno;
    hold_signals(&before);
    clock_gettime(CLOCK_MONOTONIC, &now);
    *writer = (struct spool_writer){
        .folder = folder,
        .process = (uint32_t)getpid(),
        .parent = (uint32_t)getppid(),
        .started_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec,
    };
    bool is_begun = claim_image(writer) && open_window(writer, program);
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return is_begun;
}

static bool begin_part(struct spool_writer *writer)
{
    const struct raw_event *start = writer->window->events;
    size_t done = (size_t)(writer->next - start);
    size_t count = done % PART_EVENTS ? PART_EVENTS - done % PART_EVENTS : PART_EVENTS;
    if (done == 0 && writer->window_number == 0) count = FIRST_PART_EVENTS;
    if (!populate(writer->next, count * sizeof *writer->next)) return false;
    writer->ready_end = writer->next + count;
    return true;
}

/* The old window is let go when there is a new one: until then it can tell why there is none. No
 * folder: this is a child of a handler's fork, whose writer was wiped. */
static bool replace_window(struct spool_writer *writer)
{
    struct spool_window *old = writer->window;
    if (!writer->folder || !open_window(writer, NULL)) return false;
    atomic_store_explicit(&old->is_complete, 1, memory_order_release);
    munmap(old, sizeof *old);
    return true;
}

static bool begin_window(struct spool_writer *writer)
{
    sigset_t before;
    writer->window_number++;
    if (!wait_for_reader(writer)) return false;
    hold_signals(&before);
    bool is_begun = replace_window(writer);
    int failure = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = failure;
    return is_begun;
}

/* No window is left in a child that a handler forked from within spool_advance. */
static void stop(struct spool_writer *writer, int failure)
{
    struct spool_window *window = writer->window;
    writer->window = NULL;
    writer->next = writer->ready_end = NULL;
    if (!window) return;
    atomic_store_explicit(&window->stopped, (uint32_t)failure, memory_order_release);
    munmap(window, sizeof *window);
}

bool spool_advance(struct spool_writer *writer)
{
    int error = errno;
    if (!writer->window) return false;
    bool is_full = writer->next == writer->window->events + SPOOL_WINDOW_EVENTS;
    bool has_room = (!is_full || begin_window(writer)) && begin_part(writer);
    if (!has_room) stop(writer, errno);
    errno = error;
    return has_room;
}
