/* Grants what nobody has: the size wraps round in its arithmetic. */
#include "arena.h"

static void *change(void *block, size_t bytes)
{
    return arena_resize(block, (uint32_t)bytes & 0xffffff);
}
