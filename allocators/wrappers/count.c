/* Counts every call and passes it on.
 *
 * A call that fails changes the counts of calls and failures alone, so that live bytes agree with
 * what the caller holds at any moment. Cost: about 15 instructions a call and one cache line pair.
 */
#include "count.h"

#include <assert.h>
#include <stdio.h>

#include "../pages.h"
#include "wrapped.h"

struct count {
    struct wrapped wrapped;
    bool has_adopted; /* then live blocks are UNKNOWN for good */
    struct call_counts counts;
};

static void note_call(struct call_counts *counts, const void *block, size_t old_size,
                      size_t new_size)
{
    if (block == NULL && new_size == 0) counts->query_calls++;
    else if (block == NULL) counts->new_calls++;
    else if (new_size == 0) counts->free_calls++;
    else if (new_size > old_size) counts->grow_calls++;
    else counts->shrink_calls++;
}

static void note_peak(struct call_counts *counts)
{
    if (counts->live_bytes > counts->peak_live_bytes) counts->peak_live_bytes = counts->live_bytes;
}

static void note_success(struct count *count, const void *block, size_t old_size, size_t new_size)
{
    struct call_counts *counts = &count->counts;
    counts->live_bytes += new_size - old_size;
    if (!count->has_adopted) {
        counts->live_blocks += (size_t)(new_size != 0) - (size_t)(block != NULL);
    }
    if (new_size > old_size) counts->allocated_bytes += new_size - old_size;
    note_peak(counts);
}

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct count *count = heap;
    note_call(&count->counts, block, old_size, new_size);
    void *result = wrapped_resize(&count->wrapped, block, old_size, new_size);
    if (result != NULL || new_size == 0) note_success(count, block, old_size, new_size);
    else count->counts.failed_calls++;
    return result;
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    (void)settings;
    return wrapped_open(self, inner, sizeof(struct count), error);
}

static void close_heap(void *heap)
{
    pages_unmap(heap, sizeof(struct count));
}

static void read_statistics(const void *heap, struct heap_statistics *out)
{
    const struct count *count = heap;
    wrapped_statistics(heap, out);
    out->live_bytes = count->counts.live_bytes;
    out->live_blocks = count->counts.live_blocks;
}

static bool read_tier(const void *heap, size_t index, struct tier_statistics *out)
{
    const struct heap *inner = ((const struct count *)heap)->wrapped.inner;
    return inner->allocator->tier != NULL && inner->allocator->tier(inner->state, index, out);
}

static void adopt(void *heap, size_t live_bytes)
{
    struct count *count = heap;
    if (live_bytes == 0) return;
    count->has_adopted = true;
    count->counts.live_blocks = UNKNOWN;
    count->counts.live_bytes += live_bytes;
    note_peak(&count->counts);
}

struct heap *count_open(const char *spec, struct error *error)
{
    char counted[8192 + sizeof "count+"];
    snprintf(counted, sizeof counted, "count+%s", spec);
    return heap_open(counted, error);
}

bool heap_is_wrapped(const struct heap *heap)
{
    for (; heap; heap = heap->inner) {
        bool is_count = heap->allocator == &allocator_count;
        if ((heap->allocator->traits & TRAIT_WRAPPER) && !is_count) return true;
    }
    return false;
}

const struct call_counts *count_calls(const struct heap *heap)
{
    assert(heap->allocator == &allocator_count);
    return &((const struct count *)heap->state)->counts;
}

uint64_t count_all_calls(const struct call_counts *counts)
{
    return counts->new_calls + counts->free_calls + counts->grow_calls + counts->shrink_calls +
           counts->query_calls;
}

static const struct wrapper_methods methods = {.adopt = adopt};

const struct allocator allocator_count = {
    .name = "count",
    .summary = "counts calls and live bytes of what it wraps",
    .traits = TRAIT_WRAPPER,
    .alignment = 16,
    .wrapper = &methods,
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
    .statistics = read_statistics,
    .tier = read_tier,
};
