/* What the programs share that test_corona_names.py compiles and runs under libcorona.so. */
#ifndef PRELOADED_H
#define PRELOADED_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program at the first promise that does not hold. */
#define CHECK(condition)                                                        \
    do {                                                                        \
        if (condition) break;                                                   \
        fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
        _Exit(1);                                                               \
    } while (0)

/* Keeps the compiler from leaving calls out, and from knowing what they return. Threads call it. */
static inline void *keep(void *block)
{
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

/* All bytes of a block tell which one it is. */
static inline void *stamp(void *block, size_t bytes, unsigned number)
{
    CHECK(block);
    return memset(block, (int)(number * 37 + 11) & 0xff, bytes);
}

static inline void check_stamp(const void *block, size_t bytes, unsigned number)
{
    const unsigned char *at = (const unsigned char *)block;
    for (size_t i = 0; i < bytes; i++) CHECK(at[i] == ((number * 37 + 11) & 0xff));
}

static inline int is_aligned(const void *block, size_t alignment)
{
    return (uintptr_t)block % alignment == 0;
}

#endif
