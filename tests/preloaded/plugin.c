/* What plugins.c loads. */
#include "preloaded.h"

static __thread char large_thread_local[20000];
static void *of_library;

char *plugin_touch(void);

__attribute__((constructor)) static void start(void)
{
    of_library = stamp(malloc(50000), 50000, 8);
}

__attribute__((destructor)) static void finish(void)
{
    check_stamp(of_library, 50000, 8);
    free(of_library);
}

/* The block outlives the library. */
char *plugin_touch(void)
{
    memset(large_thread_local, 7, sizeof large_thread_local);
    return stamp(malloc(3000), 3000, 9);
}
