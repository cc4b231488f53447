/* Thread data: what a thread keeps so that most calls need nobody else.
 *
 * Each thread that allocates has one struct thread_data; it is made at the thread's first slow
 * call and, when the thread has ended, kept for another. */
#ifndef CORONA_THREAD_DATA_H
#define CORONA_THREAD_DATA_H

#include "block.h"
#include "settings.h"

enum {
    OUTGOING_COUNT = 8, /* by the three highest bits of a hash */
    MAIL_CLOSED = 1,    /* in mail: the thread has ended, or is just about to */
};

struct bin {
    struct block *current;    /* never NULL: block_none where there is none */
    struct block_list usable; /* blocks with free objects, the longest waiting first */
    struct block_list full;   /* blocks without */
};

/* Freed objects of one other thread, chained, on their way to it. */
struct outgoing {
    uintptr_t owner; /* its thread pointer; 0: none yet */
    struct thread_data *to;
    uintptr_t head, next, tail; /* carriers, see mail.c: the first, the second, the last; 0: none */
    uintptr_t *place;           /* in the first: where the next offset goes */
    uint32_t room;              /* from there on, in offsets */
    uint32_t count, bytes;      /* of the objects chained, the room included */
};

/* Each is written by its thread alone, but for those of the two that stand for none. */
struct call_counts {
    _Atomic uint64_t small_allocations, large_allocations, frees, cross_thread_frees;
    _Atomic uint64_t cache_hits, cache_misses, block_takes, block_adoptions;
};

/* By the thread itself. relaxed: statistics belong to no instant. */
static inline void count_one(_Atomic uint64_t *count)
{
    uint64_t before = atomic_load_explicit(count, memory_order_relaxed);
    atomic_store_explicit(count, before + 1, memory_order_relaxed);
}

struct large_cache {
    uint32_t first[LARGE_CACHE_COUNT]; /* granules, the latest first */
    uint32_t count;
    size_t bytes;
};

struct thread_data {
    struct block *direct[DIRECT_COUNT]; /* for (bytes + 15) / 16: the bin's current block */
    struct bin bins[BIN_COUNT];
    uintptr_t pointer;         /* of the thread: system_thread() */
    uint32_t refills;          /* of bins */
    uint32_t pool, pool_count; /* empty blocks of one granule, chained by next */
    struct outgoing outgoing[OUTGOING_COUNT];
    struct large_cache large;
    struct call_counts counts; /* read by others for statistics alone */
    bool is_alive;             /* under the registry's lock */
    struct thread_data *older; /* in the registry, which never shrinks */
    /* Chain of objects that other threads have freed; see mail.h. On a line of its own, as others
     * write it. */
    _Alignas(64) _Atomic uintptr_t mail;
};

/* Of the calling thread. Two that no thread owns stand for none: before the first slow call, and
 * after the thread's end has been announced. Both have no block at all. */
extern __thread struct thread_data *corona_thread
    __attribute__((tls_model("initial-exec"), visibility("hidden")));
extern struct thread_data thread_unborn, thread_ended;
extern struct block block_none; /* has no object, free or live */

/* Of an initialiser: in each bin, the block that has no object. */
#define THREAD_WITHOUT_BLOCKS                           \
    .direct = {[0 ... DIRECT_COUNT - 1] = &block_none}, \
    .bins = {[0 ... BIN_COUNT - 1] = {.current = &block_none}}

static inline bool thread_is_alive(const struct thread_data *thread)
{
    return thread != &thread_unborn && thread != &thread_ended;
}

/* The calling thread's data, made if need be; NULL when the system refuses memory. The first call
 * in a process starts corona. */
struct thread_data *thread_start(void);

/* The thread whose data this is ends: its blocks become orphans. */
void thread_end(void *value);

/* Around a fork, by the thread that forks. */
void threads_lock(void);
void threads_unlock(void);
void threads_unlock_in_child(void);

/* The settings have just been read: no call of this thread, the only one, takes a fast path. */
void threads_watch(void);

/* Sums up the counts of all threads that ever were, and counts those alive. */
void thread_sum_counts(struct call_counts *out, size_t *alive);

/* Gives back what a thread holds ready: its empty blocks and its cache of large objects. */
void thread_trim(struct thread_data *thread);

#endif
