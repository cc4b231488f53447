/* Never returns from its 3000th call. */
#include "arena.h"

static volatile unsigned calls;

static void *change(void *block, size_t bytes)
{
    if (++calls >= 3000) {
        while (calls) continue;
    }
    return arena_resize(block, bytes);
}
