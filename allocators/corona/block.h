/* Blocks: runs that hold small objects of one bin, for one thread.
 *
 * A block is *current* (its bin allocates from it), *usable* (has free objects; in its thread's
 * list for the bin), *full* (in the other list), or an *orphan*, whose thread has ended. All of it
 * but its `thread` and `use` belongs to its owner, or for orphans to who holds their lock, for
 * common bins (commons.h) to who holds the bin's. */
#ifndef CORONA_BLOCK_H
#define CORONA_BLOCK_H

#include "back_reference.h"
#include "bins.h"

enum {
    BLOCK_FULL = 1,     /* in owner: a free object makes the block usable again */
    BLOCK_WATCHED = 2,  /* in owner: no fast path, as every call is counted or checked */
    BLOCK_ORPHAN = 4,   /* in owner, alone: in the orphans' lists */
    BLOCK_FLAGS = 7,    /* all of these, and none of a thread pointer's bits */
    BLOCK_PINNED = 1,   /* in live: current */
    BLOCK_UNCOUNTED = 2 /* in live: objects of it were lost in a fork, so it is never empty */
};

struct block_list {
    uint32_t first, last; /* granules; 0: none */
};

void block_list_append(struct block_list *list, struct block *block);
void block_list_remove(struct block_list *list, struct block *block);
struct block *block_list_first(const struct block_list *list);

/* A new block for a bin, of no thread; NULL when the system refuses memory. One that will soon be
 * used to its end gets its pages at once. */
struct block *block_make(unsigned bin, bool is_wanted_whole);

/* Gives an empty block of no thread back. */
void block_release(struct block *block);

/* Makes a taken run, of as many granules as block_granules says, a block without carved objects. */
void block_shape(struct block *block, unsigned bin);
unsigned block_granules(uint32_t object_bytes);

/* Adds more objects to a free list that is empty. False when all have been there. */
bool block_carve(struct block *block);

/* The end of a block's free list tells which block it is: so a list is checked by one comparison
 * with what comes before, to the end. */
static inline uintptr_t block_end(const struct block *block)
{
    return block_offset(block) | 1;
}

static inline bool block_has_free(const struct block *block)
{
    return (block->free & (OBJECT_ALIGNMENT - 1)) == 0;
}

static inline bool block_has_room(const struct block *block)
{
    return block_has_free(block) || block->carved < block->capacity;
}

static inline uintptr_t *object_at(uintptr_t offset)
{
    return (uintptr_t *)(corona_arena.base + offset);
}

/* Whether a free list of this block may lead there. */
static inline bool block_links_to(const struct block *block, uintptr_t link)
{
    return link - block_offset(block) < (uintptr_t)block->granules << GRANULE_SHIFT;
}

/* A free list led out of its block. */
_Noreturn void *block_complain_of_list(uintptr_t offset);

/* Takes the first object of a free list that has one. Its link is wiped out: should the object
 * stand in the list twice, its second turn is noticed. */
static inline void *block_pop(struct block *block)
{
    uintptr_t offset = block->free, *object = object_at(offset), next = *object;
    if (!block_links_to(block, next)) return block_complain_of_list(offset);
    block->free = next;
    block->live += offset;
    *object = 0;
    return object;
}

/* relaxed: only the owner itself ever finds its own number there. */
static inline uintptr_t block_owner(const struct block *block)
{
    return atomic_load_explicit(owner_of_granule(granule_of_block(block)), memory_order_relaxed);
}

static inline void block_set_owner(const struct block *block, uintptr_t owner)
{
    atomic_store_explicit(owner_of_granule(granule_of_block(block)), owner, memory_order_relaxed);
}

/* Puts an object into the free list. */
static inline void block_push(struct block *block, uintptr_t offset)
{
    *object_at(offset) = block->free;
    block->free = offset;
    block->live -= offset;
}

/* The descriptor of the block that an address lies in, NULL if it lies in none. */
struct block *block_holding(uintptr_t offset);

/* Whether an object of the block begins there. */
static inline bool block_has_object_at(const struct block *block, uintptr_t offset)
{
    uintptr_t inside = offset - block_offset(block);
    return inside % block->object_bytes == 0 && inside / block->object_bytes < block->carved;
}

#endif
