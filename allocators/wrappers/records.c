/* records: to be written. */
#include "wrapped.h"

#include "../pages.h"

struct records {
    struct wrapped wrapped;
};

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    return wrapped_resize(heap, block, old_size, new_size);
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    (void)settings;
    return wrapped_open(self, inner, sizeof(struct records), error);
}

static void close_heap(void *heap)
{
    pages_unmap(heap, sizeof(struct records));
}

const struct allocator allocator_records = {
    .name = "records",
    .summary = "notes size, age and call stack of each live block",
    .traits = TRAIT_WRAPPER,
    .alignment = 16,
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
    .statistics = wrapped_statistics,
};
