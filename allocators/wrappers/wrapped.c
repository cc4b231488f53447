/* The answers that a wrapper passes on. */
#include "wrapped.h"

#include <assert.h>

#include "../pages.h"

void *wrapped_open(const struct allocator *self, const struct heap *inner, size_t bytes,
                   struct error *error)
{
    assert(inner != NULL);
    struct wrapped *wrapped = pages_map(bytes);
    if (wrapped != NULL) wrapped->inner = inner;
    else error_set(error, "%s: the system refuses %zu bytes", self->name, bytes);
    return wrapped;
}

void wrapped_statistics(const void *heap, struct heap_statistics *out)
{
    heap_statistics(((const struct wrapped *)heap)->inner, out);
}
