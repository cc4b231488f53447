/* A few blocks of each size for each thread, taken and given back without a lock.
 *
 * A thread gets its cache with its first call on a heap and leaves it when it ends: its blocks go
 * back to the pools, and the next new thread takes it over with what it has learned. The caches are
 * the heap's: they go with it, whether their threads live or not. A heap may be closed once no
 * other thread calls it and none that did is just ending.
 */
#ifndef THREAD_CACHE_H
#define THREAD_CACHE_H

#include "class_pool.h"

enum { CACHE_MAXIMUM = 512 }; /* blocks */

/* One size's. Newest last: taken first. */
struct cache_bin {
    void **slots;
    size_t count, capacity;
    size_t hits; /* blocks taken without the pool; those given back follow from the others */
};

struct bin_record {
    size_t refills, flushes;
    size_t refilled_blocks, flushed_blocks;
    struct tuner tuner;
    size_t least, most; /* capacities */
    void **wide_slots;  /* of CACHE_MAXIMUM, once it has grown; else NULL */
};

struct thread_cache {
    size_t live_bytes;       /* of all this thread's calls: wraps round when it frees for others */
    size_t flushes_to_drain; /* left until emptying is worth its cost */
    struct cache_bin bins[CLASS_COUNT];
    struct bin_record records[CLASS_COUNT];
    struct cache_set *set;
    struct thread_cache *next_made, *next_idle;
    size_t mapped_bytes;
};

struct cache_set {
    uint64_t serial;          /* of the heap, never used again in this process */
    struct class_pool *pools; /* by size class */
    size_t start_capacity;
    bool tunes;
    pthread_key_t key;
    pthread_mutex_t lock; /* of the rest but `shared` */
    struct thread_cache *made, *idle;
    size_t made_count, idle_count, mapped_bytes;
    pthread_mutex_t shared_lock;
    struct thread_cache shared; /* without room; for threads that cannot have their own */
};

struct cache_settings {
    size_t capacity;
    bool tunes;
};

bool cache_set_open(struct cache_set *set, struct class_pool *pools,
                    const struct cache_settings *settings);
void cache_set_close(struct cache_set *set);

struct cache_set_counts {
    size_t in_use, idle, mapped_bytes;
};

void cache_set_read(struct cache_set *set, struct cache_set_counts *out);

/* Calls visit for each cache ever made, those in use and those left. */
void cache_set_each(struct cache_set *set, void (*visit)(void *, const struct thread_cache *),
                    void *visitor);

/* The thread's own, made now if need be; NULL when the system refuses it. */
struct thread_cache *thread_cache_look_up(struct cache_set *set);

/* Refills an empty bin and returns one block more; NULL when the system refuses memory. */
void *thread_cache_refill(struct thread_cache *cache, unsigned size_class);

/* Makes room in a full bin and puts the block there. */
void thread_cache_flush(struct thread_cache *cache, unsigned size_class, void *block);

void thread_cache_empty(struct thread_cache *cache);

/* Blocks that were given back, with and without the pool. */
size_t thread_cache_gives(const struct thread_cache *cache, unsigned size_class);

/* The cache that the thread used last, which is good for the heap with this serial alone. */
struct recent_cache {
    uint64_t serial;
    struct thread_cache *cache;
};

/* Without the model, code in a shared library calls a function for each look at it. */
extern _Thread_local struct recent_cache thread_cache_recent
    __attribute__((tls_model("initial-exec")));

/* NULL where thread_cache_look_up must be asked. */
static inline struct thread_cache *thread_cache_find(const struct cache_set *set)
{
    return thread_cache_recent.serial == set->serial ? thread_cache_recent.cache : NULL;
}

/* NULL when the bin is empty: then thread_cache_refill. */
static inline void *thread_cache_take(struct thread_cache *cache, unsigned size_class)
{
    struct cache_bin *bin = &cache->bins[size_class];
    size_t count = bin->count;
    if (count == 0) return NULL;
    counter_write(&bin->count, count - 1);
    counter_add(&bin->hits, 1);
    return bin->slots[count - 1];
}

/* False when the bin is full: then thread_cache_flush. */
static inline bool thread_cache_give(struct thread_cache *cache, unsigned size_class, void *block)
{
    struct cache_bin *bin = &cache->bins[size_class];
    size_t count = bin->count;
    if (count >= bin->capacity) return false;
    bin->slots[count] = block;
    counter_write(&bin->count, count + 1);
    return true;
}

#endif
