/* growth_monitor: to be written. */
#include "wrapped.h"

#include "../pages.h"

struct growth_monitor {
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
    return wrapped_open(self, inner, sizeof(struct growth_monitor), error);
}

static void close_heap(void *heap)
{
    pages_unmap(heap, sizeof(struct growth_monitor));
}

const struct allocator allocator_growth_monitor = {
    .name = "growth-monitor",
    .summary = "warns when live bytes grow too fast",
    .traits = TRAIT_WRAPPER,
    .alignment = 16,
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
    .statistics = wrapped_statistics,
};
