/* The heap, and what its report reads of it.
 *
 *     thread caches      no lock, a bin for each size        thread_cache.h
 *     pools              a lock each, blocks of one size     class_pool.h
 *     span heap          one lock, runs of 16 KiB spans      span_heap.h
 *     direct mappings    one lock, above 512 KiB             direct_map.h
 *
 * Each layer calls those below it alone, and locks are taken in that order.
 */
#ifndef MULTILEVEL_H
#define MULTILEVEL_H

#include "../allocator.h"
#include "direct_map.h"
#include "thread_cache.h"

struct multilevel {
    struct cache_set caches;
    struct class_pool pools[CLASS_COUNT];
    struct span_heap span_heap;
    struct direct_map direct;
};

/* These may be called while other threads use the heap; what they say is then of no one moment. */
void multilevel_statistics(const void *heap, struct heap_statistics *out);
bool multilevel_tier(const void *heap, size_t index, struct tier_statistics *out);
bool multilevel_figure(const void *heap, size_t index, struct heap_figure *out);

#endif
