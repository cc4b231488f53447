/* Large blocks: segregated fit with two levels of lists, boundary tags, immediate coalescing.
 *
 *     live  | size, flags | payload ...                                              |
 *     free  | size, flags | next | previous | returned | ...                    size |
 *
 * From Masmano, Ripoll, Crespo and Real, "TLSF: a new dynamic memory allocator for real-time
 * systems" (2004): a free block is found by two bit searches, whatever their number. A block at the
 * end of what is used grows in place; one with a free neighbour grows into it. Where a block must
 * move to memory never used, and has MOVED_FROM bytes, its pages are moved and not its bytes.
 * Invariant: no two free blocks are neighbours, and the last block is not free: it is cut off.
 */
#ifndef LARGE_H
#define LARGE_H

#include <stdint.h>

#include "../pages.h"
#include "memory.h"

enum {
    FIRST_SHIFT = 6, /* the smallest block has 64 bytes */
    FIRST_COUNT = 34,
    SECOND_SHIFT = 5,
    SECOND_COUNT = 1 << SECOND_SHIFT,
};

struct large_block {
    size_t size; /* of all, header included, a multiple of 16; flags in the low bits */
    /* Of a free block alone: */
    struct large_block *next, *previous;           /* of like size */
    struct large_block *next_kept, *previous_kept; /* that hold much memory */
    size_t returned_bytes; /* of whole pages inside, whose memory went back to the system */
};

struct large {
    struct memory *memory;
    struct arena region;
    char *touched_end;   /* at or beyond region.used_end: no block was ever beyond it */
    char *populated_end; /* at or beyond touched_end: memory is there up to it */
    uint64_t first_map;
    uint32_t second_maps[FIRST_COUNT];
    struct large_block *lists[FIRST_COUNT][SECOND_COUNT];
    struct large_block *kept; /* free blocks with memory worth returning */
    size_t live_blocks, usable_bytes;
    size_t free_bytes, returned_bytes; /* of free blocks; the second is part of the first */
    size_t kept_bytes, held_bytes;     /* as told to `memory` */
};

bool large_open(struct large *large, struct memory *memory);
void large_close(struct large *large);

/* 8-byte aligned; NULL when the system refuses. */
void *large_new(struct large *large, size_t bytes);
void large_free(struct large *large, void *block);
size_t large_room(const void *block);

/* Larger or smaller where it stands; false leaves it as it was. */
bool large_resize(struct large *large, void *block, size_t bytes);

/* A block of so many bytes elsewhere, with the first `kept` of this one, which is freed. NULL when
 * the system refuses, and this one is as it was. */
void *large_regrow(struct large *large, void *block, size_t kept, size_t bytes);

/* Gives the memory of one free block back; false when none is worth it. */
bool large_return(struct large *large);

#endif
