/* Every 100th block begins in the last one's second half. */
#include "arena.h"

static unsigned blocks;

static void *cut_too_early(size_t bytes)
{
    static char *last;
    static size_t last_size;
    if (++blocks % 100 == 0 && last_size >= 32 && bytes + 16 < last_size) {
        return last + (last_size / 2 & ~(size_t)15);
    }
    last = arena_cut(bytes);
    last_size = last ? bytes : 0;
    return last;
}

/* Always moves, with as much as may be copied. */
static void *change(void *block, size_t bytes)
{
    void *moved = cut_too_early(bytes);
    if (moved && block) memmove(moved, block, bytes);
    return moved;
}
