/* A malloc in a few lines, for the planted libraries to spoil: blocks are cut from one static array
 * and carry their size in the 16 bytes before them. A free block is never used again. A library
 * defines `change`, behind malloc (block NULL) and realloc. */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { ARENA_BYTES = 1 << 29 };

void *malloc(size_t bytes);
void *realloc(void *block, size_t bytes);
void free(void *block);

static void *change(void *block, size_t bytes);

/* malloc must not call realloc: the compiler knows that as malloc, and would make it endless. */
void *malloc(size_t bytes)
{
    return change(NULL, bytes);
}

void *realloc(void *block, size_t bytes)
{
    return change(block, bytes);
}

void free(void *block)
{
    (void)block;
}

static _Alignas(16) char arena[ARENA_BYTES];
static size_t arena_used;

static inline size_t *arena_size(void *block)
{
    return (size_t *)((char *)block - 16);
}

static inline void *arena_cut(size_t bytes)
{
    size_t needed = ((bytes + 15) & ~(size_t)15) + 16;
    if (bytes > ARENA_BYTES || needed > ARENA_BYTES - arena_used) return NULL;
    char *block = arena + arena_used + 16;
    arena_used += needed;
    *arena_size(block) = bytes;
    return block;
}

static inline void *arena_resize(void *block, size_t bytes)
{
    size_t old_size = block ? *arena_size(block) : 0;
    if (block && bytes <= old_size) return block;
    void *moved = arena_cut(bytes);
    if (moved && block) memcpy(moved, block, old_size);
    return moved;
}

#endif
