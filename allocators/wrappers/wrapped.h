/* What wrappers have in common: each one's state begins with the heap it wraps, and what it has
 * nothing to say about is answered from there. */
#ifndef WRAPPED_H
#define WRAPPED_H

#include "../spec.h"

/* The first member of every wrapper's state. inner->host is the host of all layers. */
struct wrapped {
    const struct heap *inner;
};

static inline void *wrapped_resize(const struct wrapped *wrapped, void *block, size_t old_size,
                                   size_t new_size)
{
    return wrapped->inner->resize(wrapped->inner->state, block, old_size, new_size);
}

/* A wrapper's state of so many zeroed bytes from the system, or NULL with the reason. */
void *wrapped_open(const struct allocator *self, const struct heap *inner, size_t bytes,
                   struct error *error);

/* The row of that number; false past the last. */
static inline bool wrapped_figure(const struct heap_figure *rows, size_t count, size_t index,
                                  struct heap_figure *out)
{
    if (index < count) *out = rows[index];
    return index < count;
}

/* The inner heap's. */
void wrapped_statistics(const void *heap, struct heap_statistics *out);

/* Where the figure is known. */
static inline void wrapped_add(size_t *figure, size_t bytes)
{
    if (*figure != UNKNOWN) *figure += bytes;
}

static inline void wrapped_clamp(size_t *figure, size_t most)
{
    if (*figure != UNKNOWN && *figure > most) *figure = most;
}

#endif
