/* A bin is a stack of addresses. Empty, it is refilled by half its capacity; full, its older half
 * goes back to the pool (as in tcmalloc), so that a lock is taken once in half a capacity at most.
 *
 * Blocks go to the cache of the thread that frees them. The tuner doubles a bin's capacity while
 * more than one call in a hundred goes to the pool, and halves it while fewer than one in a
 * thousand does. Invariant: blocks taken + flushed + cached = refilled + given back.
 * Cost: about 12 instructions where the pool is not needed.
 */
#include "thread_cache.h"

#include <string.h>

enum { FLUSHES_TO_DRAIN = 16, LEAST_PART = 4, LOOK_CALLS = 4096 };
#define BIN_BYTES ((size_t)256 << 10) /* most that a bin's blocks may hold */

_Thread_local struct recent_cache thread_cache_recent;

static size_t largest_capacity(unsigned size_class)
{
    size_t blocks = BIN_BYTES / size_class_bytes(size_class);
    if (blocks > CACHE_MAXIMUM) return CACHE_MAXIMUM;
    return blocks > 0 ? blocks : 1;
}

static size_t start_capacity(const struct cache_set *set, unsigned size_class)
{
    size_t largest = largest_capacity(size_class);
    return set->start_capacity < largest ? set->start_capacity : largest;
}

static size_t half(size_t capacity)
{
    return capacity > 1 ? capacity / 2 : 1;
}

size_t thread_cache_gives(const struct thread_cache *cache, unsigned size_class)
{
    const struct cache_bin *bin = &cache->bins[size_class];
    const struct bin_record *record = &cache->records[size_class];
    size_t takes = counter_read(&bin->hits) + counter_read(&record->refills);
    size_t gives = counter_read(&bin->count) + takes + counter_read(&record->flushed_blocks) -
                   counter_read(&record->refilled_blocks);
    /* To another thread in the midst of a refill it may look negative. */
    return gives > SIZE_MAX / 2 ? 0 : gives;
}

static bool widen(struct cache_bin *bin, struct bin_record *record)
{
    if (record->wide_slots != NULL) return true;
    void **slots = pages_map(CACHE_MAXIMUM * sizeof *slots);
    if (slots == NULL) return false;
    memcpy(slots, bin->slots, bin->count * sizeof *slots);
    bin->slots = slots;
    __atomic_store_n(&record->wide_slots, slots, __ATOMIC_RELAXED);
    return true;
}

/* After a refill or a flush: at most half of the capacity is in use, so it can be halved. */
static void tune(struct thread_cache *cache, unsigned size_class)
{
    struct cache_bin *bin = &cache->bins[size_class];
    struct bin_record *record = &cache->records[size_class];
    size_t takes = bin->hits + record->refills, capacity = bin->capacity;
    enum tuner_advice advice =
        tuner_miss(&record->tuner, takes + thread_cache_gives(cache, size_class), LOOK_CALLS);
    if (!cache->set->tunes) return;
    if (advice == TUNER_DOUBLE) capacity *= 2;
    if (advice == TUNER_HALVE) capacity /= 2;
    if (capacity > record->most) capacity = record->most;
    if (capacity < record->least) capacity = record->least;
    if (capacity == bin->capacity) return;
    if (capacity > bin->capacity && !widen(bin, record)) return;
    counter_write(&bin->capacity, capacity);
    tuner_note(&record->tuner, advice);
}

static struct class_pool *pool_of(const struct thread_cache *cache, unsigned size_class)
{
    return &cache->set->pools[size_class];
}

void *thread_cache_refill(struct thread_cache *cache, unsigned size_class)
{
    struct cache_bin *bin = &cache->bins[size_class];
    struct bin_record *record = &cache->records[size_class];
    void *only = NULL, **slots = bin->capacity > 0 ? bin->slots : &only;
    size_t got = class_pool_take(pool_of(cache, size_class), slots, half(bin->capacity));
    if (got == 0) return NULL;
    counter_add(&record->refills, 1);
    counter_add(&record->refilled_blocks, got);
    void *block = slots[got - 1];
    counter_write(&bin->count, got - 1);
    if (bin->capacity > 0) tune(cache, size_class);
    return block;
}

static void flush_oldest(struct thread_cache *cache, unsigned size_class, size_t count)
{
    struct cache_bin *bin = &cache->bins[size_class];
    struct bin_record *record = &cache->records[size_class];
    class_pool_give(pool_of(cache, size_class), bin->slots, count);
    counter_write(&bin->count, bin->count - count);
    memmove(bin->slots, bin->slots + count, bin->count * sizeof *bin->slots);
    counter_add(&record->flushes, 1);
    counter_add(&record->flushed_blocks, count);
    if (cache->flushes_to_drain > 0) cache->flushes_to_drain--;
}

static void give_through(struct thread_cache *cache, unsigned size_class, void *block)
{
    class_pool_give(pool_of(cache, size_class), &block, 1);
    counter_add(&cache->records[size_class].flushes, 1);
    counter_add(&cache->records[size_class].flushed_blocks, 1);
}

void thread_cache_flush(struct thread_cache *cache, unsigned size_class, void *block)
{
    struct cache_bin *bin = &cache->bins[size_class];
    if (bin->capacity == 0) {
        give_through(cache, size_class, block);
        return;
    }
    flush_oldest(cache, size_class, half(bin->capacity));
    tune(cache, size_class);
    if (bin->count >= bin->capacity) flush_oldest(cache, size_class, half(bin->count));
    bin->slots[bin->count] = block;
    counter_write(&bin->count, bin->count + 1);
}

void thread_cache_empty(struct thread_cache *cache)
{
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        if (cache->bins[i].count > 0) flush_oldest(cache, i, cache->bins[i].count);
    }
    cache->flushes_to_drain = FLUSHES_TO_DRAIN;
}

static size_t slot_count(const struct cache_set *set)
{
    size_t count = 0;
    for (unsigned i = 0; i < CLASS_COUNT; i++) count += start_capacity(set, i);
    return count;
}

static struct thread_cache *make_cache(struct cache_set *set)
{
    size_t bytes = sizeof(struct thread_cache) + slot_count(set) * sizeof(void *);
    struct thread_cache *cache = pages_map(bytes);
    if (cache == NULL) return NULL;
    void **slots = (void **)(cache + 1);
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        size_t capacity = start_capacity(set, i);
        size_t least = capacity / LEAST_PART;
        cache->bins[i] = (struct cache_bin){.slots = slots, .capacity = capacity};
        cache->records[i].least = least > 0 ? least : 1;
        cache->records[i].most = largest_capacity(i);
        slots += capacity;
    }
    cache->flushes_to_drain = FLUSHES_TO_DRAIN;
    cache->set = set;
    cache->mapped_bytes = bytes;
    cache->next_made = set->made;
    set->made = cache;
    set->mapped_bytes += bytes;
    set->made_count++;
    return cache;
}

static struct thread_cache *adopt_or_make(struct cache_set *set)
{
    pthread_mutex_lock(&set->lock);
    struct thread_cache *cache = set->idle;
    if (cache != NULL) {
        set->idle = cache->next_idle;
        set->idle_count--;
    } else {
        cache = make_cache(set);
    }
    pthread_mutex_unlock(&set->lock);
    return cache;
}

static void leave(struct thread_cache *cache)
{
    struct cache_set *set = cache->set;
    pthread_mutex_lock(&set->lock);
    cache->next_idle = set->idle;
    set->idle = cache;
    set->idle_count++;
    pthread_mutex_unlock(&set->lock);
}

/* Another library's destructor may call the heap after this one: the thread then finds no cache,
 * gets one, and this is called again. */
static void end_thread(void *ended)
{
    struct thread_cache *cache = ended;
    thread_cache_recent = (struct recent_cache){0};
    thread_cache_empty(cache);
    leave(cache);
}

struct thread_cache *thread_cache_look_up(struct cache_set *set)
{
    struct thread_cache *cache = pthread_getspecific(set->key);
    if (cache == NULL) {
        cache = adopt_or_make(set);
        if (cache == NULL) return NULL;
        if (pthread_setspecific(set->key, cache) != 0) {
            leave(cache);
            return NULL;
        }
    }
    thread_cache_recent = (struct recent_cache){set->serial, cache};
    return cache;
}

/* Serial numbers are the process's: a number given again would make a thread's memory of a closed
 * heap's cache good for another heap. */
static uint64_t next_serial(void)
{
    static uint64_t last;
    return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

bool cache_set_open(struct cache_set *set, struct class_pool *pools,
                    const struct cache_settings *settings)
{
    if (pthread_key_create(&set->key, end_thread) != 0) return false;
    set->serial = next_serial();
    set->pools = pools;
    set->start_capacity = settings->capacity;
    set->tunes = settings->tunes;
    set->shared.set = set;
    pthread_mutex_init(&set->lock, NULL);
    pthread_mutex_init(&set->shared_lock, NULL);
    return true;
}

static void unmap_cache(struct thread_cache *cache)
{
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        void **wide = cache->records[i].wide_slots;
        if (wide != NULL) pages_unmap(wide, CACHE_MAXIMUM * sizeof *wide);
    }
    pages_unmap(cache, cache->mapped_bytes);
}

void cache_set_close(struct cache_set *set)
{
    pthread_key_delete(set->key);
    while (set->made != NULL) {
        struct thread_cache *cache = set->made;
        set->made = cache->next_made;
        unmap_cache(cache);
    }
    pthread_mutex_destroy(&set->lock);
    pthread_mutex_destroy(&set->shared_lock);
}

void cache_set_each(struct cache_set *set, void (*visit)(void *, const struct thread_cache *),
                    void *visitor)
{
    pthread_mutex_lock(&set->lock);
    for (struct thread_cache *cache = set->made; cache != NULL; cache = cache->next_made) {
        visit(visitor, cache);
    }
    pthread_mutex_unlock(&set->lock);
    visit(visitor, &set->shared);
}

void cache_set_read(struct cache_set *set, struct cache_set_counts *out)
{
    pthread_mutex_lock(&set->lock);
    *out = (struct cache_set_counts){.in_use = set->made_count - set->idle_count,
                                     .idle = set->idle_count,
                                     .mapped_bytes = set->mapped_bytes};
    pthread_mutex_unlock(&set->lock);
}
