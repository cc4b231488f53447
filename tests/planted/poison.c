/* A growth that it refuses destroys the old block. */
#include "arena.h"

static void *change(void *block, size_t bytes)
{
    void *moved = arena_resize(block, bytes);
    if (!moved && block) memset(block, 0, *arena_size(block));
    return moved;
}
