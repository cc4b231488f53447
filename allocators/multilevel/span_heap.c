/* A binary buddy system over spans (Knowlton 1965): runs of 2^k spans, aligned to their size.
 *
 * A free run is dirty while its pages may hold memory and clean when they do not: never touched, or
 * purged. Dirty runs are given out first. When those kept exceed a quarter of what is in use, and
 * 512 KiB, the largest are purged. Invariant: free runs of like state whose union would be a run
 * are one; a span's is_free_run is set in the first span of free runs alone.
 * Cost: O(orders) a run, plus the system calls.
 */
#include "span_heap.h"

#define RESERVE_BYTES ((size_t)64 << 30) /* address space, not memory */
#define KEPT_BYTES ((size_t)512 << 10)

static size_t run_bytes(unsigned order)
{
    return SPAN_BYTES << order;
}

static size_t *free_bytes(struct span_heap *heap, bool is_dirty)
{
    return is_dirty ? &heap->dirty_bytes : &heap->clean_bytes;
}

static void link_run(struct span_heap *heap, struct span *run, unsigned order, bool is_dirty)
{
    struct span **list = &heap->free_runs[is_dirty][order];
    run->order = (uint8_t)order;
    run->is_dirty = is_dirty;
    run->is_free_run = true;
    run->previous = NULL;
    run->next = *list;
    if (run->next != NULL) run->next->previous = run;
    *list = run;
    *free_bytes(heap, is_dirty) += run_bytes(order);
}

static void unlink_run(struct span_heap *heap, struct span *run)
{
    struct span **list = &heap->free_runs[run->is_dirty][run->order];
    if (run->previous != NULL) run->previous->next = run->next;
    else *list = run->next;
    if (run->next != NULL) run->next->previous = run->previous;
    run->is_free_run = false;
    *free_bytes(heap, run->is_dirty) -= run_bytes(run->order);
}

static void add_run(struct span_heap *heap, size_t index, unsigned order, bool is_dirty)
{
    for (; order + 1 < RUN_ORDERS; order++) {
        size_t buddy = index ^ (size_t)1 << order;
        if (buddy >= heap->span_count) break;
        struct span *other = &heap->spans[buddy];
        if (!other->is_free_run || other->order != order || other->is_dirty != is_dirty) break;
        unlink_run(heap, other);
        index &= ~((size_t)1 << order);
    }
    link_run(heap, &heap->spans[index], order, is_dirty);
}

/* Any spans in a row, as the fewest aligned runs. */
static void add_range(struct span_heap *heap, size_t index, size_t count, bool is_dirty)
{
    while (count > 0) {
        unsigned order = 0;
        while (order + 1 < RUN_ORDERS && (size_t)2 << order <= count &&
               (index & (((size_t)2 << order) - 1)) == 0) {
            order++;
        }
        add_run(heap, index, order, is_dirty);
        index += (size_t)1 << order;
        count -= (size_t)1 << order;
    }
}

/* The smallest that is large enough, among the dirty ones if any is. */
static struct span *find_run(const struct span_heap *heap, unsigned order)
{
    for (int is_dirty = 1; is_dirty >= 0; is_dirty--) {
        for (unsigned i = order; i < RUN_ORDERS; i++) {
            if (heap->free_runs[is_dirty][i] != NULL) return heap->free_runs[is_dirty][i];
        }
    }
    return NULL;
}

static struct span *take_run(struct span_heap *heap, unsigned order)
{
    struct span *run = find_run(heap, order);
    if (run == NULL) return NULL;
    unlink_run(heap, run);
    for (unsigned i = run->order; i > order; i--) {
        link_run(heap, run + ((size_t)1 << (i - 1)), i - 1, run->is_dirty);
    }
    return run;
}

static void purge_run(struct span_heap *heap, struct span *run)
{
    unlink_run(heap, run);
    pages_purge(span_heap_start(heap, run), run_bytes(run->order));
    heap->purged_bytes += run_bytes(run->order);
    add_run(heap, (size_t)(run - heap->spans), run->order, false);
}

/* The largest first: the fewest system calls. */
static void purge_to(struct span_heap *heap, size_t kept_bytes)
{
    for (unsigned order = RUN_ORDERS; order-- > 0;) {
        while (heap->free_runs[true][order] != NULL) {
            if (heap->dirty_bytes <= kept_bytes) return;
            purge_run(heap, heap->free_runs[true][order]);
        }
    }
}

static bool describe(struct span_heap *heap, size_t count)
{
    if (count <= heap->described_spans) return true;
    size_t bytes = (count - heap->described_spans) * sizeof(struct span);
    if (arena_take(&heap->descriptors, bytes) == NULL) return false;
    heap->described_spans = count;
    return true;
}

/* One run more at the arena's end, and what lies before it for the sake of alignment. */
static bool grow(struct span_heap *heap, unsigned order)
{
    size_t count = (size_t)1 << order;
    size_t first = heap->span_count, end = ((first + count - 1) & ~(count - 1)) + count;
    if (!describe(heap, end)) return false;
    if (arena_take(&heap->memory, (end - first) << SPAN_BITS) == NULL) return false;
    heap->span_count = end;
    add_range(heap, first, end - first, false);
    return true;
}

/* As a last resort dirty runs are purged, so that they unite with clean neighbours. */
static struct span *take_or_grow(struct span_heap *heap, unsigned order)
{
    struct span *run = take_run(heap, order);
    if (run == NULL && grow(heap, order)) run = take_run(heap, order);
    if (run != NULL) return run;
    purge_to(heap, 0);
    return take_run(heap, order);
}

struct span *span_heap_take(struct span_heap *heap, unsigned order, bool *is_dirty)
{
    pthread_mutex_lock(&heap->lock);
    struct span *run = take_or_grow(heap, order);
    if (run != NULL) {
        *is_dirty = run->is_dirty;
        heap->in_use_bytes += run_bytes(order);
    }
    pthread_mutex_unlock(&heap->lock);
    return run;
}

void span_heap_give(struct span_heap *heap, struct span *first, size_t count, bool is_dirty)
{
    if (count == 0) return;
    pthread_mutex_lock(&heap->lock);
    heap->in_use_bytes -= count << SPAN_BITS;
    add_range(heap, (size_t)(first - heap->spans), count, is_dirty);
    size_t quarter = heap->in_use_bytes / 4;
    purge_to(heap, quarter > KEPT_BYTES ? quarter : KEPT_BYTES);
    pthread_mutex_unlock(&heap->lock);
}

bool span_heap_open(struct span_heap *heap)
{
    if (!arena_reserve_up_to(&heap->memory, RESERVE_BYTES, RUN_BYTES_MAXIMUM)) return false;
    size_t spans = (size_t)(heap->memory.reserved_end - heap->memory.start) >> SPAN_BITS;
    if (!arena_reserve(&heap->descriptors, spans * sizeof(struct span))) {
        arena_release(&heap->memory);
        return false;
    }
    heap->spans = (struct span *)(void *)heap->descriptors.start;
    pthread_mutex_init(&heap->lock, NULL);
    return true;
}

void span_heap_close(struct span_heap *heap)
{
    arena_release(&heap->memory);
    arena_release(&heap->descriptors);
    pthread_mutex_destroy(&heap->lock);
}

static size_t largest_dirty_bytes(const struct span_heap *heap)
{
    for (unsigned order = RUN_ORDERS; order-- > 0;) {
        if (heap->free_runs[true][order] != NULL) return run_bytes(order);
    }
    return 0;
}

void span_heap_read(struct span_heap *heap, struct span_heap_statistics *out)
{
    pthread_mutex_lock(&heap->lock);
    out->metadata_bytes = arena_footprint(&heap->descriptors);
    out->footprint_bytes = heap->in_use_bytes + heap->dirty_bytes + out->metadata_bytes;
    out->retained_bytes = heap->dirty_bytes;
    out->purged_bytes = heap->purged_bytes;
    out->largest_run_bytes = largest_dirty_bytes(heap);
    pthread_mutex_unlock(&heap->lock);
}
