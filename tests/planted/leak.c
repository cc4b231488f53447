/* Its realloc makes a new block and forgets the old one's contents; its free frees nothing. */
#include "arena.h"

static void *change(void *block, size_t bytes)
{
    (void)block;
    void *made = arena_cut(bytes);
    if (made) memset(made, 0, bytes);
    return made;
}
