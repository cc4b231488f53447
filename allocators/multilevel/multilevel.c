/* Levels of pools behind thread caches: small blocks by 8 bytes, middle ones four a doubling, large
 * ones by doubling to 512 KiB, and mappings of their own above that.
 *
 * Blocks carry no header: old_size names the pool, and the address tells a pool's block from a
 * mapping. Blocks go to the cache of the thread that frees them, whoever took them, so new and free
 * take no lock but once in half a cache. Each thread counts its own live bytes; the sum is the
 * heap's. Invariant: a block in a bin of a size has at least that size.
 * Cost: about 25 instructions for new and for free out of a cache.
 */
#include "multilevel.h"

#include <assert.h>
#include <string.h>

enum { CACHE, TUNE, CHUNK };

#define NOT_INLINE static __attribute__((noinline)) /* new and free then keep few registers */

NOT_INLINE void *take_slowly(struct multilevel *heap, struct thread_cache *cache, size_t size)
{
    void *block = NULL;
    if (size - 1 < POOLED_BYTES) block = thread_cache_refill(cache, size_class_of(size));
    else if (size != 0) block = direct_map_new(&heap->direct, size);
    if (block != NULL) counter_add(&cache->live_bytes, size);
    return block;
}

/* NULL when the system refuses memory, and for a size of 0. */
static inline void *take(struct multilevel *heap, struct thread_cache *cache, size_t size)
{
    if (size - 1 < POOLED_BYTES) {
        void *block = thread_cache_take(cache, size_class_of(size));
        if (block != NULL) {
            counter_add(&cache->live_bytes, size);
            return block;
        }
    }
    return take_slowly(heap, cache, size);
}

NOT_INLINE void *drain(struct thread_cache *cache)
{
    thread_cache_empty(cache);
    return NULL;
}

/* A thread that holds nothing empties its cache, if much has passed through it: what it keeps may
 * pin a span for each block. Returns NULL, so that resize can end with it. */
static inline void *count_free(struct thread_cache *cache, size_t old_size)
{
    size_t live_bytes = counter_read(&cache->live_bytes) - old_size;
    counter_write(&cache->live_bytes, live_bytes);
    return live_bytes == 0 && cache->flushes_to_drain == 0 ? drain(cache) : NULL;
}

NOT_INLINE void *give_slowly(struct thread_cache *cache, void *block, size_t old_size)
{
    /* Otherwise old_size is wrong: no pool has such blocks. */
    assert(old_size - 1 < POOLED_BYTES);
    thread_cache_flush(cache, size_class_of(old_size), block);
    return count_free(cache, old_size);
}

static inline void *give(struct thread_cache *cache, void *block, size_t old_size)
{
    if (old_size - 1 >= POOLED_BYTES || !thread_cache_give(cache, size_class_of(old_size), block)) {
        return give_slowly(cache, block, old_size);
    }
    return count_free(cache, old_size);
}

static void *shrink_where_it_is(struct multilevel *heap, void *block, unsigned old_class,
                                unsigned new_class)
{
    class_pool_adopt(&heap->pools[old_class], &heap->pools[new_class], block);
    return block;
}

static void *resize_pooled(struct multilevel *heap, struct thread_cache *cache, void *block,
                           size_t old_size, size_t new_size)
{
    assert(old_size - 1 < POOLED_BYTES);
    unsigned old_class = size_class_of(old_size);
    unsigned new_class = new_size <= POOLED_BYTES ? size_class_of(new_size) : CLASS_COUNT;
    void *moved = old_class != new_class ? take(heap, cache, new_size) : NULL;
    if (moved != NULL) {
        memcpy(moved, block, old_size < new_size ? old_size : new_size);
        give(cache, block, old_size);
        return moved;
    }
    if (new_class > old_class) return NULL;
    counter_add(&cache->live_bytes, new_size - old_size);
    if (new_class == old_class) return block;
    return shrink_where_it_is(heap, block, old_class, new_class);
}

static void free_direct(struct multilevel *heap, struct thread_cache *cache, void *block)
{
    counter_add(&cache->live_bytes, -direct_map_size(&heap->direct, block));
    direct_map_free(&heap->direct, block);
}

/* A block that fits a pool again moves there if it can. */
static void *resize_direct(struct multilevel *heap, struct thread_cache *cache, void *block,
                           size_t new_size)
{
    size_t old_size = direct_map_size(&heap->direct, block);
    if (new_size > POOLED_BYTES && direct_map_resize(&heap->direct, block, new_size)) {
        counter_add(&cache->live_bytes, new_size - old_size);
        return block;
    }
    void *moved = take(heap, cache, new_size);
    if (moved != NULL) {
        memcpy(moved, block, old_size < new_size ? old_size : new_size);
        free_direct(heap, cache, block);
        return moved;
    }
    if (!direct_map_resize(&heap->direct, block, new_size)) return NULL;
    counter_add(&cache->live_bytes, new_size - old_size);
    return block;
}

NOT_INLINE void *resize_slowly(struct multilevel *heap, struct thread_cache *cache, void *block,
                               size_t old_size, size_t new_size)
{
    if (span_heap_owns(&heap->span_heap, block)) {
        return resize_pooled(heap, cache, block, old_size, new_size);
    }
    if (new_size != 0) return resize_direct(heap, cache, block, new_size);
    free_direct(heap, cache, block);
    return NULL;
}

static inline __attribute__((always_inline)) void *resize_with(struct multilevel *heap,
                                                               struct thread_cache *cache,
                                                               void *block, size_t old_size,
                                                               size_t new_size)
{
    if (block == NULL) return take(heap, cache, new_size);
    if (new_size != 0 || !span_heap_owns(&heap->span_heap, block)) {
        return resize_slowly(heap, cache, block, old_size, new_size);
    }
    return give(cache, block, old_size);
}

/* A free must not fail, not even where a thread cannot have a cache of its own. */
NOT_INLINE void *resize_first(struct multilevel *heap, void *block, size_t old_size,
                              size_t new_size)
{
    struct thread_cache *cache = thread_cache_look_up(&heap->caches);
    if (cache != NULL) return resize_with(heap, cache, block, old_size, new_size);
    pthread_mutex_lock(&heap->caches.shared_lock);
    void *result = resize_with(heap, &heap->caches.shared, block, old_size, new_size);
    pthread_mutex_unlock(&heap->caches.shared_lock);
    return result;
}

static void *resize(void *multilevel, void *block, size_t old_size, size_t new_size)
{
    struct multilevel *heap = multilevel;
    struct thread_cache *cache = thread_cache_find(&heap->caches);
    if (cache == NULL) return resize_first(heap, block, old_size, new_size);
    return resize_with(heap, cache, block, old_size, new_size);
}

static void open_pools(struct multilevel *heap, const struct settings *settings)
{
    struct pool_settings pool_settings = {.chunk_blocks = settings->values[CHUNK].number,
                                          .tunes = settings->values[TUNE].number};
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        class_pool_open(heap->pools, i, &heap->span_heap, &pool_settings);
    }
    direct_map_open(&heap->direct);
}

static bool open_levels(struct multilevel *heap, const struct settings *settings,
                        struct error *error)
{
    struct cache_settings cache_settings = {.capacity = settings->values[CACHE].number,
                                            .tunes = settings->values[TUNE].number};
    if (!span_heap_open(&heap->span_heap)) {
        return error_set(error, "multilevel: the system refuses address space for the pools");
    }
    if (!cache_set_open(&heap->caches, heap->pools, &cache_settings)) {
        span_heap_close(&heap->span_heap);
        return error_set(error, "multilevel: the process has no thread-specific key left; close "
                                "other heaps first (about 1000 may be open at once)");
    }
    open_pools(heap, settings);
    return true;
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    (void)self, (void)inner;
    struct multilevel *heap = pages_map(sizeof *heap);
    if (heap == NULL) {
        error_set(error, "multilevel: the system refuses %zu bytes for the heap", sizeof *heap);
        return NULL;
    }
    if (open_levels(heap, settings, error)) return heap;
    pages_unmap(heap, sizeof *heap);
    return NULL;
}

static void close_heap(void *multilevel)
{
    struct multilevel *heap = multilevel;
    cache_set_close(&heap->caches);
    for (unsigned i = 0; i < CLASS_COUNT; i++) class_pool_close(&heap->pools[i]);
    direct_map_close(&heap->direct);
    span_heap_close(&heap->span_heap);
    pages_unmap(heap, sizeof *heap);
}

static const struct option_row options[] = {
    [CACHE] = {"cache", OPTION_COUNT, "64", 0, CACHE_MAXIMUM, NULL,
               "blocks of each size that a thread keeps at first; 0: none"},
    [TUNE] = {"tune", OPTION_BOOLEAN, "yes", 0, 1, NULL,
              "caches and chunks double and halve by their hit rates; no: they stay as they are"},
    [CHUNK] = {"chunk", OPTION_COUNT, "1000", 1, RUN_BYTES_MAXIMUM / SMALL_BYTES, NULL,
               "blocks of a small pool's first chunk, rounded up to 16 KiB doubled so often"},
    {0},
};

const struct allocator allocator_multilevel = {
    .name = "multilevel",
    .summary = "pools of 43 sizes behind thread caches that tune themselves, then mappings",
    .traits = TRAIT_THREAD_SAFE | TRAIT_BY_NAME,
    .alignment = 8,
    .tier_name = "pool",
    .options = options,
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
    .statistics = multilevel_statistics,
    .tier = multilevel_tier,
    .figure = multilevel_figure,
};
