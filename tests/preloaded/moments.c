/* Blocks made and freed at odd moments: before main, in constructors of each priority, by handlers
 * of exit, and in destructors, each freeing what another moment made. */
#include "preloaded.h"

#include <unistd.h>

enum { BYTES = 5000 };

static void *of_first, *of_constructor, *of_main, *of_handler;

__attribute__((constructor(101))) static void start_first(void)
{
    of_first = stamp(malloc(BYTES), BYTES, 1);
    for (int i = 1; i < 3000; i++) free(keep(malloc((size_t)i)));
}

__attribute__((constructor)) static void start(void)
{
    of_constructor = stamp(calloc(1, BYTES), BYTES, 2);
    check_stamp(of_first, BYTES, 1);
    free(of_first);
}

static void handle_exit(void)
{
    check_stamp(of_main, BYTES, 3);
    free(of_main);
    of_handler = stamp(malloc(BYTES), BYTES, 4);
}

__attribute__((destructor)) static void finish(void)
{
    check_stamp(of_handler, BYTES, 4);
    free(of_handler);
    for (int i = 1; i < 3000; i++) free(keep(malloc((size_t)i * 10)));
    CHECK(write(STDOUT_FILENO, "finished\n", 9) == 9);
}

/* The last of all. */
__attribute__((destructor(101))) static void finish_last(void)
{
    free(keep(malloc(100)));
    CHECK(write(STDOUT_FILENO, "finished last\n", 14) == 14);
}

int main(void)
{
    CHECK(atexit(handle_exit) == 0);
    check_stamp(of_constructor, BYTES, 2);
    of_main = stamp(realloc(of_constructor, BYTES * 2), BYTES, 3);
    return 0;
}
