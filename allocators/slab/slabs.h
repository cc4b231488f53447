/* Slabs and their lists: what the hot path in slab.c reads, and what it calls for.
 *
 *     arena         | slab of 40 B | slab of 64 B | empty | slab of 40 B | purged | room for more
 *     descriptors   | 0            | 1            | 2     | 3            | 4      |
 *
 * A slab holds objects of one cache. Its number is its place in the arena, so a subtraction and a
 * shift lead from an object to the descriptor. Descriptors stand apart: at one offset in every slab
 * they would compete for the same few sets of the processor's cache.
 */
#ifndef SLABS_H
#define SLABS_H

#include <stdint.h>

#include "../backed.h"
#include "../pages.h"

enum { CACHE_LIMIT = 32, OBJECT_MAXIMUM = 1024, WORDS_MAXIMUM = OBJECT_MAXIMUM / 8 };

struct free_object {
    struct free_object *next;
};

/* Current: the one that its cache takes from. The others are in the list that the state names, but
 * for full ones, which are in none. */
enum slab_state { SLAB_CURRENT, SLAB_PARTIAL, SLAB_FULL, SLAB_EMPTY, SLAB_PURGED };

struct slab {
    struct free_object *free_list;
    struct slab *next, *previous;
    uint16_t frees_left; /* until the state changes: objects in use, but 1 in a full slab, and one
                            more in a current slab, which so never gets there */
    uint16_t carved;     /* objects that have been on the free list */
    uint8_t cache, state;
};

struct slab_list {
    struct slab *first, *last;
    size_t count;
};

struct cache {
    uint16_t object_bytes, slab_objects;
    uint8_t first_word, last_word; /* the sizes it serves, in words of 8 bytes */
    struct slab_list partial;
};

struct slab_heap {
    struct backed backed;
    unsigned slab_shift; /* a slab takes 1 << slab_shift bytes */
    size_t object_maximum;
    struct arena arena, descriptors;
    /* By size in words: its cache's current slab, `none` where there is none, and its cache. */
    struct slab *current[WORDS_MAXIMUM + 1];
    uint8_t cache_of[WORDS_MAXIMUM + 1];
    struct cache caches[CACHE_LIMIT];
    size_t cache_count;
    struct slab none; /* no object is free or left to carve */
    size_t slab_count;
    struct slab_list empty, purged;
    size_t keep, keep_share; /* empty slabs, and those for every 100 in use */
    size_t returned_count, reused_count, fallback_count;
};

/* Of a size that a cache serves. */
static inline size_t slab_words(size_t size)
{
    return (size + 7) / 8;
}

static inline size_t slab_bytes(const struct slab_heap *heap)
{
    return (size_t)1 << heap->slab_shift;
}

static inline struct slab *slab_at(const struct slab_heap *heap, size_t index)
{
    return (struct slab *)heap->descriptors.start + index;
}

static inline struct slab *slab_of(const struct slab_heap *heap, const void *object)
{
    return slab_at(heap, (size_t)((const char *)object - heap->arena.start) >> heap->slab_shift);
}

/* Reserves address space for slabs and descriptors. */
bool slabs_open(struct slab_heap *heap);
void slabs_close(struct slab_heap *heap);

/* An object for this size when the current slab has none on its free list; NULL: no memory. */
void *slabs_take(struct slab_heap *heap, size_t size);

/* The last of frees_left is used up. */
void slabs_change_state(struct slab_heap *heap, struct slab *slab);

size_t slabs_used_objects(const struct slab_heap *heap, const struct slab *slab);

#endif
