/* Blocks are cut into objects bit by bit: a page's worth whenever the free list runs out, so that a
 * block that is never filled never touches its end. The links of a free list are offsets from the
 * arena's base and stay within one block up to the end mark: what a program writes into a freed
 * object is hardly ever such a number. */
#include "block.h"

#include "back_end.h"
#include "complaint.h"
#include "debug.h"
#include "settings.h"
#include "system.h"

enum {
    CARVE_BYTES = 4096,
    OBJECTS_AT_LEAST = 4, /* in a block of several granules */
    GRANULES_MOST = 16,
};

struct block *block_list_first(const struct block_list *list)
{
    return list->first == 0 ? NULL : block_of_granule(list->first);
}

void block_list_append(struct block_list *list, struct block *block)
{
    uint32_t granule = (uint32_t)granule_of_block(block);
    block->next = 0;
    block->previous = list->last;
    if (list->last != 0) block_of_granule(list->last)->next = granule;
    else list->first = granule;
    list->last = granule;
}

void block_list_remove(struct block_list *list, struct block *block)
{
    if (block->next != 0) block_of_granule(block->next)->previous = block->previous;
    else list->last = block->previous;
    if (block->previous != 0) block_of_granule(block->previous)->next = block->next;
    else list->first = block->next;
}

/* One granule while that holds enough objects; else so many that no more than a sixteenth is left
 * over, or least. */
unsigned block_granules(uint32_t object_bytes)
{
    if (object_bytes <= DIRECT_BYTES) return 1;
    unsigned least = (object_bytes * OBJECTS_AT_LEAST + GRANULE_BYTES - 1) / GRANULE_BYTES;
    unsigned best = least;
    for (unsigned count = least; count <= GRANULES_MOST; count++) {
        uint32_t bytes = count * GRANULE_BYTES, best_bytes = best * GRANULE_BYTES;
        if (bytes % object_bytes * 16 <= bytes) return count;
        if (bytes % object_bytes * best < best_bytes % object_bytes * count) best = count;
    }
    return best;
}

static void mark_inner(struct block *block, enum run_use use)
{
    uint32_t head = (uint32_t)granule_of_block(block);
    for (uint32_t i = 1; i < block->granules; i++) {
        block[i].head = head;
        /* release: who finds the use finds the head. */
        atomic_store_explicit(&block[i].use, (uint8_t)use, memory_order_release);
    }
}

void block_shape(struct block *block, unsigned bin)
{
    block->bin = (uint8_t)bin;
    block->object_bytes = bin_bytes(bin);
    block->capacity = (uint16_t)(block->granules * GRANULE_BYTES / block->object_bytes);
    block->carved = 0;
    block->live = 0;
    block->free = block_end(block);
    mark_inner(block, USE_BLOCK_INNER);
    atomic_store_explicit(&block->use, USE_BLOCK, memory_order_release);
}

struct block *block_make(unsigned bin, bool is_wanted_whole)
{
    bool is_zero;
    size_t first = back_end_take(block_granules(bin_bytes(bin)), 1, &is_zero);
    if (first == 0) return NULL;
    struct block *block = block_of_granule(first);
    block_shape(block, bin);
    /* Not for objects of pages, which their program may leave untouched. */
    if (is_wanted_whole && is_zero && block->object_bytes < SYSTEM_PAGE_BYTES)
        system_populate(block_start(block), (size_t)block->granules << GRANULE_SHIFT);
    return block;
}

/* Where objects were freed twice, the sum of the live ones may be 0 by chance: then the list goes
 * round. Blocks of the smallest objects do not come here but seldom: they would pay for it. */
static void expect_all_free(const struct block *block)
{
    uintptr_t offset = block->free;
    for (uint32_t i = 0; i < block->carved && block_links_to(block, offset); i++)
        offset = *object_at(offset);
    if (offset != block_end(block))
        complain_of_call("free", block_start(block), "in the run from here on, freed twice");
}

void block_release(struct block *block)
{
    expect_all_free(block);
    atomic_store_explicit(&block->use, USE_NONE, memory_order_relaxed);
    mark_inner(block, USE_NONE);
    back_end_give(granule_of_block(block));
}

void *block_complain_of_list(uintptr_t offset)
{
    complain_of_call(
        "malloc", object_at(offset),
        "this free block's link is no link: it was freed twice, or written after its free");
}

bool block_carve(struct block *block)
{
    uint32_t count = CARVE_BYTES / block->object_bytes;
    if (count == 0) count = 1;
    if (count > (uint32_t)block->capacity - block->carved) count = block->capacity - block->carved;
    if (count == 0) return false;
    uintptr_t first = block_offset(block) + (uintptr_t)block->carved * block->object_bytes;
    uintptr_t offset = first;
    for (uint32_t i = 1; i < count; i++, offset += block->object_bytes)
        *object_at(offset) = offset + block->object_bytes;
    *object_at(offset) = block_end(block);
    if (corona_settings.is_debugging) debug_carved(block, first, count);
    block->carved += (uint16_t)count;
    block->free = first;
    return true;
}

struct block *block_holding(uintptr_t offset)
{
    size_t granule = offset >> GRANULE_SHIFT;
    if (granule >= arena_granules()) return NULL;
    struct block *block = block_of_granule(granule);
    /* acquire: a use that is seen comes with what it says. */
    uint8_t use = atomic_load_explicit(&block->use, memory_order_acquire);
    if (use == USE_BLOCK_INNER) return block_of_granule(block->head);
    return use == USE_NONE ? NULL : block;
}
