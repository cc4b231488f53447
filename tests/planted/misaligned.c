/* Blocks begin 4 bytes beyond where they should. */
#include "arena.h"

static void *change(void *block, size_t bytes)
{
    char *moved = arena_resize(block ? (char *)block - 4 : NULL, bytes + 4);
    return moved ? moved + 4 : NULL;
}
