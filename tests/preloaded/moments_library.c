/* Preloaded before or after libcorona.so, so that its constructor and destructor run after or
 * before corona's; the blocks that the loader makes for it are older than both. */
#include "preloaded.h"

#include <unistd.h>

static void *block;
static __thread char large_thread_local[3000];

__attribute__((constructor)) static void start(void)
{
    memset(large_thread_local, 1, sizeof large_thread_local);
    block = stamp(malloc(70000), 70000, 5);
    CHECK(setenv("MOMENTS", "set", 1) == 0);
}

__attribute__((destructor)) static void finish(void)
{
    check_stamp(block, 70000, 5);
    free(block);
}
