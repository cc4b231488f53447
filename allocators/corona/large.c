/* Large objects are found through their descriptor alone, which holds the size asked for. A thread
 * keeps some that it freed, as they are, for its next requests of about that size: so a program
 * that allocates and frees one buffer over and over takes no lock and faults no page. */
#include "large.h"

#include <string.h>

#include "back_end.h"
#include "complaint.h"
#include "system.h"

/* Of an object that is served from the cache, an eighth at most is left unused. */
static bool fits(const struct block *block, size_t granules)
{
    return block->granules >= granules && block->granules - granules <= granules / 8;
}

static size_t granules_of(size_t bytes)
{
    return (bytes + GRANULE_BYTES - 1) >> GRANULE_SHIFT;
}

static void remove_from_cache(struct large_cache *cache, unsigned index)
{
    cache->bytes -= (size_t)block_of_granule(cache->first[index])->granules << GRANULE_SHIFT;
    cache->count--;
    memmove(&cache->first[index], &cache->first[index + 1],
            (cache->count - index) * sizeof cache->first[0]);
}

static size_t take_from_cache(struct thread_data *thread, size_t granules)
{
    struct large_cache *cache = &thread->large;
    for (unsigned i = cache->count; i-- > 0;) {
        size_t first = cache->first[i];
        if (!fits(block_of_granule(first), granules)) continue;
        remove_from_cache(cache, i);
        count_one(&thread->counts.cache_hits);
        return first;
    }
    count_one(&thread->counts.cache_misses);
    return 0;
}

static void give_oldest(struct large_cache *cache)
{
    size_t first = cache->first[0];
    remove_from_cache(cache, 0);
    back_end_give(first);
}

static bool keep_in_cache(struct large_cache *cache, const struct block *block)
{
    size_t bytes = (size_t)block->granules << GRANULE_SHIFT;
    if (bytes > LARGE_CACHE_BYTES / 4) return false;
    while (cache->count == LARGE_CACHE_COUNT || cache->bytes + bytes > LARGE_CACHE_BYTES)
        give_oldest(cache);
    cache->first[cache->count++] = (uint32_t)granule_of_block(block);
    cache->bytes += bytes;
    return true;
}

void large_object_trim(struct thread_data *thread)
{
    while (thread->large.count > 0) give_oldest(&thread->large);
}

void *large_object_allocate(struct thread_data *thread, size_t bytes, size_t alignment,
                            bool *is_zero)
{
    bool is_new_zero = false;
    size_t granules = granules_of(bytes), apart = granules_of(alignment);
    size_t first = apart > 1 ? 0 : take_from_cache(thread, granules);
    if (first == 0) first = back_end_take(granules, apart, &is_new_zero);
    if (first == 0) return NULL;
    struct block *block = block_of_granule(first);
    block->asked_bytes = bytes;
    /* release: a thread that is handed the object finds its size. */
    atomic_store_explicit(&block->use, USE_LARGE, memory_order_release);
    if (is_zero != NULL) *is_zero = is_new_zero;
    return block_start(block);
}

void large_object_free(struct thread_data *thread, struct block *block, uintptr_t offset)
{
    if (offset != block_offset(block))
        complain_of_call("free", (void *)(corona_arena.base + offset),
                         "it lies inside a larger block");
    uint8_t expected = USE_LARGE;
    /* Of two threads that free it at once, one is told. */
    if (!atomic_compare_exchange_strong_explicit(&block->use, &expected, USE_NONE,
                                                 memory_order_relaxed, memory_order_relaxed))
        complain_of_call("free", block_start(block), "it is free already");
    if (thread_is_alive(thread) && keep_in_cache(&thread->large, block)) return;
    back_end_give(granule_of_block(block));
}

size_t large_object_usable(const struct block *block)
{
    return (size_t)block->granules << GRANULE_SHIFT;
}

bool large_object_resize(struct block *block, size_t bytes)
{
    size_t first = granule_of_block(block), granules = granules_of(bytes);
    bool is_zero;
    if (granules > block->granules && !back_end_grow(first, granules, &is_zero)) return false;
    if (granules < block->granules) back_end_shrink(first, granules);
    block->asked_bytes = bytes;
    return true;
}

bool large_object_move(struct block *from, struct block *to, size_t bytes)
{
    size_t whole = (bytes + SYSTEM_PAGE_BYTES - 1) & ~(size_t)(SYSTEM_PAGE_BYTES - 1);
    return system_move(block_start(from), block_start(to), whole);
}
