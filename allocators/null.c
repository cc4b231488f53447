/* No allocator at all: every block lies at one address, so what a replay takes is the harness's own
 * cost.
 *
 * The heap is the region itself, large enough for any request that is granted. All blocks overlap,
 * so no program can live in it. Cost: a comparison.
 */
#include "allocator.h"

#include "pages.h"

#define REGION_BYTES ((size_t)64 << 20)

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    (void)block, (void)old_size;
    /* 0 wraps round and fails the same comparison as a request beyond the region. */
    return new_size - 1 < REGION_BYTES ? heap : NULL;
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    (void)self, (void)settings, (void)inner;
    void *region = pages_map(REGION_BYTES);
    if (region == NULL) error_set(error, "null: the system refuses %zu bytes", REGION_BYTES);
    return region;
}

static void close_heap(void *heap)
{
    pages_unmap(heap, REGION_BYTES);
}

const struct allocator allocator_null = {
    .name = "null",
    .summary = "one address for every block: what the harness itself costs",
    .traits = TRAIT_REPLAY_ONLY | TRAIT_THREAD_SAFE,
    .alignment = 16,
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
};
