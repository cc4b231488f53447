/* quarantine: to be written. */
#include "wrapped.h"

#include "../pages.h"

struct quarantine {
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
    return wrapped_open(self, inner, sizeof(struct quarantine), error);
}

static void close_heap(void *heap)
{
    pages_unmap(heap, sizeof(struct quarantine));
}

const struct allocator allocator_quarantine = {
    .name = "quarantine",
    .summary = "finds uses of freed blocks",
    .traits = TRAIT_WRAPPER,
    .alignment = 16,
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
    .statistics = wrapped_statistics,
};
