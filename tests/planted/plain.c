/* A malloc that keeps its promises: what the other planted ones spoil. */
#include "arena.h"

static void *change(void *block, size_t bytes)
{
    return arena_resize(block, bytes);
}
