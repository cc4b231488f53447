/* One page holds all that a process knows of its recording: the lock, the place of the next event,
 * the count of threads. The kernel wipes that page in the child of a fork (MADV_WIPEONFORK), so that
 * a child, however it was made, finds itself not begun and begins windows of its own; where memory
 * is shared (vfork, posix_spawn) the page is shared too, and the calls are the parent's, as the
 * heap is. What stays mapped of the parent's window costs a child addresses and no memory; it may
 * not be unmapped, as a handler that forked can return into a call that is just writing there.
 *
 * A thread is inside from recording_enter to recording_leave. A handler of a signal that comes
 * there finds it inside, takes no lock and writes nothing: it can wait for nobody. A thread waits
 * for others only while they write one event, or resize one block. Should one never come back (a
 * handler that waits for another thread, a jump out of malloc), the wait ends and the call is
 * counted as missed.
 */
#include "preload_state.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "outside.h"
#include "spool_writer.h"

enum { SPINS = 100, LOCK_PATIENCE_SECONDS = 30 };

enum { NOT_BEGUN, BEGUN };

struct shared {
    _Atomic uint32_t lock;  /* 0 free, 1 held, 2 held and waited for */
    _Atomic uint32_t stage; /* NOT_BEGUN, BEGUN */
    uint32_t generation;    /* which process this is, counted over forks */
    uint32_t thread_count;
    struct spool_writer writer;
};

static struct {
    struct shared *shared; /* NULL: nothing is recorded here */
    bool is_set_up;
    uint32_t generations;
    char folder[SPOOL_FOLDER_BYTES];
} process;

static __thread struct {
    volatile bool is_inside;
    uint32_t number, generation; /* number is valid in the process of that generation */
    uint64_t missed_calls;       /* not yet written down */
    struct outside_clock clock;
    uint16_t outside; /* for the next event; 0: none */
} thread __attribute__((tls_model("initial-exec")));

/* ---- once in a process */

static void set_up(void)
{
    int error = errno;
    const char *folder = getenv(SPOOL_VARIABLE);
    process.is_set_up = true;
    if (!folder || strlen(folder) >= sizeof process.folder) return;
    strcpy(process.folder, folder);
    void *page = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED && !madvise(page, sizeof(struct shared), MADV_WIPEONFORK)) {
        process.shared = page;
    }
    errno = error;
}

static void begin(struct shared *shared)
{
    shared->generation = ++process.generations;
    shared->stage = BEGUN;
    spool_begin(&shared->writer, process.folder, NULL);
}

/* ---- the lock */

static void wait_for(_Atomic uint32_t *lock, const struct timespec *patience)
{
    syscall(SYS_futex, lock, FUTEX_WAIT_PRIVATE, 2, patience, NULL, 0);
}

static bool lock_slowly(_Atomic uint32_t *lock)
{
    struct timespec patience = {.tv_sec = LOCK_PATIENCE_SECONDS}, now, end;
    int error = errno;
    for (int i = 0; i < SPINS; i++) {
        uint32_t free = 0;
        if (atomic_compare_exchange_weak(lock, &free, 1)) return true;
        atomic_thread_fence(memory_order_seq_cst); /* takes a while, and leaves the line alone */
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += LOCK_PATIENCE_SECONDS;
    bool is_mine;
    while (!(is_mine = atomic_exchange(lock, 2) == 0)) {
        wait_for(lock, &patience);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec > end.tv_sec) break;
    }
    errno = error;
    return is_mine;
}

static bool lock(_Atomic uint32_t *lock)
{
    uint32_t free = 0;
    return atomic_compare_exchange_strong(lock, &free, 1) || lock_slowly(lock);
}

static void unlock(_Atomic uint32_t *lock)
{
    if (atomic_exchange(lock, 0) != 2) return;
    int error = errno;
    syscall(SYS_futex, lock, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    errno = error;
}

/* ---- a call */

bool recording_enter(void)
{
    if (thread.is_inside) {
        thread.missed_calls++;
        return false;
    }
    thread.is_inside = true;
    atomic_signal_fence(memory_order_seq_cst);
    thread.outside = outside_end(&thread.clock);
    return true;
}

void recording_leave(void)
{
    outside_begin(&thread.clock);
    atomic_signal_fence(memory_order_seq_cst);
    thread.is_inside = false;
}

static void number_thread(struct shared *shared)
{
    thread.generation = shared->generation;
    thread.number = shared->thread_count++;
    thread.missed_calls = 0;
}

bool recording_hold(void)
{
    if (!process.is_set_up) set_up();
    struct shared *shared = process.shared;
    if (!shared) return false;
    if (!lock(&shared->lock)) {
        thread.missed_calls++;
        return false;
    }
    if (shared->stage == NOT_BEGUN) begin(shared);
    if (thread.generation != shared->generation) number_thread(shared);
    return true;
}

void recording_release(void)
{
    unlock(&process.shared->lock);
}

/* A handler that forked makes the child return to here with its page wiped: no window. */
static void write_missed(struct spool_window *window)
{
    if (!window) return;
    atomic_fetch_add_explicit(&window->missed_calls, thread.missed_calls, memory_order_relaxed);
    thread.missed_calls = 0;
}

void recording_write(enum raw_kind kind, const void *old_block, const void *new_block, size_t bytes,
                     size_t alignment)
{
    struct spool_writer *writer = &process.shared->writer;
    struct raw_event *event = spool_take(writer);
    if (!event) return;
    event->old_address = (uintptr_t)old_block;
    event->new_address = (uintptr_t)new_block;
    event->new_size = bytes;
    event->thread = thread.number;
    event->outside = thread.outside;
    thread.outside = 0;
    event->alignment = alignment ? (uint8_t)__builtin_ctzl(alignment) : 0;
    spool_publish(event, kind);
    if (thread.missed_calls) write_missed(writer->window);
}

void recording_note(enum raw_kind kind, const void *old_block, const void *new_block, size_t bytes,
                    size_t alignment)
{
    if (!recording_hold()) return;
    recording_write(kind, old_block, new_block, bytes, alignment);
    recording_release();
}

void recording_start(void)
{
    if (!recording_enter()) return;
    if (recording_hold()) recording_release();
    recording_leave();
}
