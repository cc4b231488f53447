/* What others set and read of a limit, found in whatever heap it is a layer of. */
#include "limit.h"

/* So that sums of a few limits cannot overflow. */
static const size_t BYTES_MAXIMUM = PTRDIFF_MAX / 4;

size_t limit_with_leniency(const struct limit *limit, size_t bytes)
{
    return limit->is_strict ? bytes : bytes + bytes / 10;
}

struct limit *limit_find(const struct heap *heap)
{
    while (heap && heap->allocator->close != limit_close) heap = heap->inner;
    return heap ? heap->state : NULL;
}

bool limit_set(struct heap *heap, size_t bytes, bool is_strict)
{
    struct limit *limit = limit_find(heap);
    if (!limit) return false;
    limit->nominal = bytes < BYTES_MAXIMUM ? bytes : BYTES_MAXIMUM;
    limit->is_strict = is_strict;
    limit->kind->set_bounds(limit);
    limit_refresh(limit);
    return true;
}

bool limit_lift(struct heap *heap, bool is_lifted)
{
    struct limit *limit;
    bool has_limit = false;
    for (struct heap *layer = heap; layer && (limit = limit_find(layer)); layer = layer->inner) {
        has_limit = true;
        limit->is_lifted = is_lifted;
        limit_refresh(limit);
    }
    return has_limit;
}

bool limit_read(const struct heap *heap, struct limit_state *out)
{
    const struct limit *limit = limit_find(heap);
    if (!limit) return false;
    *out = (struct limit_state){limit_with_leniency(limit, limit->hard), limit->used, limit->peak,
                                limit->refused};
    return true;
}

void limit_statistics(const void *heap, struct heap_statistics *out)
{
    const struct limit *limit = heap;
    wrapped_statistics(heap, out);
    out->live_bytes = limit->used;
    out->live_blocks = limit->is_adopted ? UNKNOWN : limit->new_calls - limit->free_calls;
    out->capacity_bytes = limit_with_leniency(limit, limit->hard);
}

bool limit_figure(const void *heap, size_t index, struct heap_figure *out)
{
    const struct limit *limit = heap;
    size_t most = limit_with_leniency(limit, limit->hard);
    const struct heap_figure rows[LIMIT_FIGURES] = {
        {"limit", "bytes", (double)most},
        {"peak use", "bytes", (double)limit->peak},
        {"use of the limit", "%", most ? 100.0 * (double)limit->used / (double)most : 0},
        {"refused", "count", (double)limit->refused},
        {"failed in the heap under it", "count", (double)limit->failed},
        {"collections asked for", "count", (double)limit->collections},
    };
    if (index < LIMIT_FIGURES) *out = rows[index];
    return index < LIMIT_FIGURES;
}
