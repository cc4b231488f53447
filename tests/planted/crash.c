/* Dies by a signal after 3000 calls. */
#include "arena.h"

static unsigned calls;

static void *change(void *block, size_t bytes)
{
    if (++calls > 3000) *(volatile char *)16 = 1;
    return arena_resize(block, bytes);
}
