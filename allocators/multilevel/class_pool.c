/* A pool cuts spans from chunks and blocks from spans; each span has a free list of its own.
 *
 *     chunk  | span, full | span: blocks, free list, blocks never used | rest, not yet spans |
 *
 * So neighbours stay together, and a span whose last block comes back is given to the span heap,
 * where any pool may have it. One empty span stays with the pool while others are in use. Blocks
 * above 16 KiB have a span of several to themselves, so that the span in which a block begins is
 * always the one that describes it. Cost: O(1) a block, a lock a batch.
 */
#include "class_pool.h"

#include <assert.h>
#include <string.h>

enum { FIRST_LARGE_BLOCKS = 100 };
#define FIRST_MIDDLE_BYTES ((size_t)64 << 10) /* address space: memory comes as it is touched */
#define FIRST_LARGE_BYTES ((size_t)512 << 10)

static size_t least(size_t one, size_t other)
{
    return one < other ? one : other;
}

/* The least order whose run holds so many bytes. */
static unsigned order_of(size_t bytes)
{
    unsigned order = 0;
    while (order + 1 < RUN_ORDERS && SPAN_BYTES << order < bytes) order++;
    return order;
}

static size_t first_chunk_bytes(const struct class_pool *pool, size_t blocks)
{
    size_t bytes = blocks * pool->block_bytes;
    if (pool->size_class < FIRST_MIDDLE) return bytes;
    if (pool->size_class < FIRST_LARGE) return least(bytes, FIRST_MIDDLE_BYTES);
    return least(FIRST_LARGE_BLOCKS * pool->block_bytes, FIRST_LARGE_BYTES);
}

void class_pool_open(struct class_pool *pools, unsigned size_class, struct span_heap *span_heap,
                     const struct pool_settings *settings)
{
    struct class_pool *pool = &pools[size_class];
    size_t block_bytes = size_class_bytes(size_class);
    *pool = (struct class_pool){.span_heap = span_heap,
                                .pools = pools,
                                .block_bytes = block_bytes,
                                .size_class = size_class,
                                .spans_order = order_of(block_bytes),
                                .tunes = settings->tunes};
    pool->blocks_per_span = (uint32_t)((SPAN_BYTES << pool->spans_order) / block_bytes);
    pool->chunk_order = order_of(first_chunk_bytes(pool, settings->chunk_blocks));
    pthread_mutex_init(&pool->lock, NULL);
}

void class_pool_close(struct class_pool *pool)
{
    pthread_mutex_destroy(&pool->lock);
}

static size_t rest_blocks(const struct class_pool *pool)
{
    return (pool->rest_count >> pool->spans_order) * pool->blocks_per_span;
}

static void link_span(struct class_pool *pool, struct span *span)
{
    span->previous = NULL;
    span->next = pool->with_room;
    if (span->next != NULL) span->next->previous = span;
    pool->with_room = span;
}

static void unlink_span(struct class_pool *pool, struct span *span)
{
    if (span->previous != NULL) span->previous->next = span->next;
    else pool->with_room = span->next;
    if (span->next != NULL) span->next->previous = span->previous;
}

static void tune_chunk(struct class_pool *pool)
{
    enum tuner_advice advice = tuner_miss(&pool->chunk_tuner, pool->counts.batches, 0);
    unsigned order = pool->chunk_order;
    if (!pool->tunes) return;
    if (advice == TUNER_DOUBLE && order + 1 < RUN_ORDERS) order++;
    if (advice == TUNER_HALVE && order > pool->spans_order) order--;
    if (order != pool->chunk_order) tuner_note(&pool->chunk_tuner, advice);
    pool->chunk_order = order;
}

/* A smaller one than chosen, when the system refuses that. */
static bool add_chunk(struct class_pool *pool)
{
    tune_chunk(pool);
    unsigned order = pool->chunk_order;
    while (!(pool->rest = span_heap_take(pool->span_heap, order, &pool->rest_is_dirty))) {
        if (order-- == pool->spans_order) return false;
    }
    pool->rest_count = (size_t)1 << order;
    pool->counts.total_blocks += rest_blocks(pool);
    pool->counts.chunks++;
    return true;
}

static struct span *add_span(struct class_pool *pool)
{
    if (pool->rest_count == 0 && !add_chunk(pool)) return NULL;
    struct span *span = pool->rest;
    pool->rest += (size_t)1 << pool->spans_order;
    pool->rest_count -= (size_t)1 << pool->spans_order;
    span->free_list = NULL;
    span->fresh = span_heap_start(pool->span_heap, span);
    span->fresh_blocks = pool->blocks_per_span;
    span->used_blocks = 0;
    span->size_class = (uint8_t)pool->size_class;
    pool->counts.spans++;
    link_span(pool, span);
    return span;
}

/* Fills slots from their end downwards, and returns how many are left. */
static size_t take_from(struct class_pool *pool, struct span *span, void **slots, size_t left)
{
    size_t wanted = left;
    if (span == pool->empty) pool->empty = NULL;
    for (; left > 0 && span->free_list != NULL; span->free_list = span->free_list->next) {
        slots[--left] = span->free_list;
    }
    for (; left > 0 && span->fresh_blocks > 0; span->fresh_blocks--) {
        slots[--left] = span->fresh;
        span->fresh += pool->block_bytes;
    }
    span->used_blocks += (uint32_t)(wanted - left);
    if (span->used_blocks == pool->blocks_per_span) {
        unlink_span(pool, span);
        pool->counts.full_spans++;
    }
    return left;
}

size_t class_pool_take(struct class_pool *pool, void **slots, size_t want)
{
    size_t left = want;
    pthread_mutex_lock(&pool->lock);
    pool->counts.batches++;
    while (left > 0) {
        struct span *span = pool->with_room != NULL ? pool->with_room : add_span(pool);
        if (span == NULL) break;
        left = take_from(pool, span, slots, left);
    }
    pool->counts.out_blocks += want - left;
    pthread_mutex_unlock(&pool->lock);
    if (left > 0) memmove(slots, slots + left, (want - left) * sizeof *slots);
    return want - left;
}

static void release_span(struct class_pool *pool, struct span *span)
{
    unlink_span(pool, span);
    pool->counts.spans--;
    pool->counts.total_blocks -= pool->blocks_per_span;
    span_heap_give(pool->span_heap, span, (size_t)1 << pool->spans_order, true);
}

static void release_rest(struct class_pool *pool)
{
    pool->counts.total_blocks -= rest_blocks(pool);
    span_heap_give(pool->span_heap, pool->rest, pool->rest_count, pool->rest_is_dirty);
    pool->rest_count = 0;
}

/* The pool keeps one empty span, and when nothing of it is in use, nothing. */
static void retire_span(struct class_pool *pool, struct span *span)
{
    if (pool->empty == NULL && pool->counts.out_blocks > 0) {
        pool->empty = span;
        return;
    }
    release_span(pool, span);
    if (pool->counts.out_blocks > 0) return;
    if (pool->empty != NULL) release_span(pool, pool->empty);
    pool->empty = NULL;
    release_rest(pool);
}

static void give_block(struct class_pool *pool, struct span *span, void *freed)
{
    struct free_block *block = freed;
    block->next = span->free_list;
    span->free_list = block;
    if (span->used_blocks-- == pool->blocks_per_span) {
        pool->counts.full_spans--;
        link_span(pool, span);
    }
    pool->counts.out_blocks--;
    if (span->used_blocks == 0) retire_span(pool, span);
}

/* Called and left with the pool's lock held; never two locks at once. */
static __attribute__((noinline)) void give_home(struct class_pool *pool, struct span *span,
                                                void *block)
{
    struct class_pool *home = &pool->pools[span->size_class];
    /* Otherwise an old_size was wrong, and the block could be of any size. */
    assert(span->size_class > pool->size_class && pool->counts.adopted_blocks > 0);
    pool->counts.adopted_blocks--, pool->counts.out_blocks--, pool->counts.total_blocks--;
    pthread_mutex_unlock(&pool->lock);
    pthread_mutex_lock(&home->lock);
    home->counts.out_blocks++, home->counts.total_blocks++;
    give_block(home, span, block);
    pthread_mutex_unlock(&home->lock);
    pthread_mutex_lock(&pool->lock);
}

void class_pool_give(struct class_pool *pool, void *const *slots, size_t count)
{
    pthread_mutex_lock(&pool->lock);
    for (size_t i = 0; i < count; i++) {
        struct span *span = span_heap_find(pool->span_heap, slots[i]);
        if (span->size_class == pool->size_class) give_block(pool, span, slots[i]);
        else give_home(pool, span, slots[i]);
    }
    pthread_mutex_unlock(&pool->lock);
}

void class_pool_adopt(struct class_pool *from, struct class_pool *to, const void *block)
{
    bool is_at_home = span_heap_find(from->span_heap, block)->size_class == from->size_class;
    pthread_mutex_lock(&from->lock);
    from->counts.out_blocks--, from->counts.total_blocks--;
    if (!is_at_home) from->counts.adopted_blocks--;
    pthread_mutex_unlock(&from->lock);
    pthread_mutex_lock(&to->lock);
    to->counts.adopted_blocks++, to->counts.out_blocks++, to->counts.total_blocks++;
    pthread_mutex_unlock(&to->lock);
}

void class_pool_read(struct class_pool *pool, struct pool_report *out)
{
    pthread_mutex_lock(&pool->lock);
    bool is_touched = pool->rest_is_dirty;
    size_t spans_of_chunk = (size_t)1 << (pool->chunk_order - pool->spans_order);
    *out = (struct pool_report){.counts = pool->counts,
                                .empty_spans = pool->empty != NULL,
                                .chunk_blocks = spans_of_chunk * pool->blocks_per_span,
                                .untouched_bytes = is_touched ? 0 : pool->rest_count << SPAN_BITS,
                                .untouched_blocks = is_touched ? 0 : rest_blocks(pool),
                                .chunk_doublings = pool->chunk_tuner.doublings,
                                .chunk_halvings = pool->chunk_tuner.halvings};
    pthread_mutex_unlock(&pool->lock);
}
