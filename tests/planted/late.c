/* From its 300,000th call on, every 100th block begins in the last one's second half. */
#include "arena.h"

static unsigned calls;

static void *cut_too_early(size_t bytes)
{
    static char *last;
    static size_t last_size;
    if (++calls > 300000 && calls % 100 == 0 && last_size >= 32 && bytes + 16 < last_size) {
        return last + (last_size / 2 & ~(size_t)15);
    }
    last = arena_cut(bytes);
    last_size = last ? bytes : 0;
    return last;
}

/* Shrinks in place, else moves. */
static void *change(void *block, size_t bytes)
{
    if (block && bytes <= *arena_size(block)) return block;
    void *moved = cut_too_early(bytes);
    if (moved && block) memmove(moved, block, *arena_size(block));
    return moved;
}
