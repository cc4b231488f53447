/* Refuses its 5000th request, though it has room. */
#include "arena.h"

static unsigned calls;

static void *change(void *block, size_t bytes)
{
    if (++calls == 5000) return NULL;
    return arena_resize(block, bytes);
}
