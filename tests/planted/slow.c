/* The C library's malloc, but every so many frees one waits. Asleep, so that a test can tell it by
 * its time alone; -DSPINS keeps the processor busy instead, as an allocator would. */
#include <stddef.h>
#include <time.h>

#ifndef EVERY
#define EVERY 5000
#define WAIT_NS 2000000
#endif

void *__libc_malloc(size_t bytes);
void *__libc_realloc(void *block, size_t bytes);
void __libc_free(void *block);

void *malloc(size_t bytes);
void *realloc(void *block, size_t bytes);
void free(void *block);

static void pass_time(void)
{
#ifdef SPINS
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - start.tv_sec) * 1000000000 + now.tv_nsec - start.tv_nsec < WAIT_NS);
#else
    nanosleep(&(struct timespec){.tv_nsec = WAIT_NS}, NULL);
#endif
}

void *malloc(size_t bytes)
{
    return __libc_malloc(bytes);
}

void *realloc(void *block, size_t bytes)
{
    return __libc_realloc(block, bytes);
}

void free(void *block)
{
    static unsigned long count;
    if (block && ++count % EVERY == 0) pass_time();
    __libc_free(block);
}
