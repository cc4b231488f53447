/* A layer's count holds what its backing got at the size asked for; what the backing rounded up is
 * added layer by layer.
 *
 * A wrapper may keep the function of what it wraps, so a malloc right under one is not watched, and
 * its usable bytes stay unknown. */
#include "usable.h"

static void *resize(void *state, void *block, size_t old_size, size_t new_size)
{
    struct usable_watch *watch = state;
    const struct allocator *allocator = watch->bottom->allocator;
    uint64_t before = block ? allocator->usable(watch->state, block) : 0;
    void *moved = watch->resize(watch->state, block, old_size, new_size);
    if (!moved && new_size) return NULL;
    uint64_t after = moved ? allocator->usable(watch->state, moved) : 0;
    watch->is_known &= before != UNKNOWN && after != UNKNOWN;
    watch->usable_bytes += after - before;
    watch->asked_bytes += new_size - old_size;
    return moved;
}

void usable_open(struct usable_watch *watch, struct heap *heap)
{
    *watch = (struct usable_watch){0};
    while (heap->inner) heap = heap->inner;
    bool is_wrapped = heap->outer && (heap->outer->allocator->traits & TRAIT_WRAPPER);
    if (!heap->allocator->usable || is_wrapped) return;
    *watch = (struct usable_watch){heap, heap->resize, heap->state, 0, 0, true};
    heap->resize = resize;
    heap->state = watch;
}

/* Of one layer: what its blocks could hold beyond what was asked for them. */
static uint64_t read_rounding(const struct usable_watch *watch, const struct heap *heap)
{
    struct heap_statistics statistics;
    if (heap == watch->bottom) {
        return watch->is_known ? watch->usable_bytes - watch->asked_bytes : UINT64_MAX;
    }
    heap_statistics(heap, &statistics);
    bool is_known = statistics.usable_bytes != UNKNOWN && statistics.live_bytes != UNKNOWN;
    return is_known ? statistics.usable_bytes - statistics.live_bytes : UINT64_MAX;
}

uint64_t usable_read(const struct usable_watch *watch, const struct heap *heap, uint64_t live_bytes)
{
    uint64_t bytes = live_bytes;
    while (heap->allocator->traits & TRAIT_WRAPPER) heap = heap->inner;
    for (; heap; heap = heap->inner) {
        uint64_t rounding = read_rounding(watch, heap);
        if (rounding == UINT64_MAX) return UINT64_MAX;
        bytes += rounding;
    }
    return bytes;
}

void usable_close(struct usable_watch *watch)
{
    if (!watch->bottom) return;
    watch->bottom->resize = watch->resize;
    watch->bottom->state = watch->state;
}
