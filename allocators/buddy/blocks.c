/* Splitting, merging, and whole chunks of a buddy system.
 *
 * A block's buddy is found by one exclusive or of its unit's number. Chunks are cut into top blocks
 * only as these are wanted. A chunk without a used block stays for the next wave, or, when more
 * than KEPT_CHUNKS and an eighth of all do so, its pages go back to the system and its blocks leave
 * the lists, whose links were in those pages.
 * Invariant: a list holds the blocks of its order whose state is free, and orders_filled has a bit
 * for each that is not empty. Cost: at most one step an order; a chunk's top blocks when it goes.
 */
#include "blocks.h"

enum { KEPT_CHUNKS = 2, PAGE_BYTES = 4096 };

#define RESERVE_BYTES ((size_t)64 << 30) /* address space, not memory */

static size_t chunk_bytes(const struct blocks *blocks)
{
    return (size_t)1 << blocks->chunk_order;
}

static struct chunk *chunk_at(const struct blocks *blocks, size_t index)
{
    return (struct chunk *)blocks->tables[TABLE_CHUNKS].arena.start + index;
}

static char *chunk_start(const struct blocks *blocks, size_t index)
{
    return blocks->arena.start + (index << blocks->chunk_order);
}

static uint32_t chunk_of(const struct blocks *blocks, const void *block)
{
    return (uint32_t)(blocks_offset(blocks, block) >> blocks->chunk_order);
}

static void set_state(struct blocks *blocks, const void *block, unsigned state)
{
    *blocks_state(blocks, block) = (uint8_t)state;
}

static void push(struct blocks *blocks, struct block *block, unsigned order)
{
    struct order *list = &blocks->orders[order];
    block->next = list->free_list;
    block->previous = NULL;
    if (block->next != NULL) block->next->previous = block;
    list->free_list = block;
    list->free_blocks++;
    blocks->orders_filled |= (uint32_t)1 << order;
    set_state(blocks, block, STATE_FREE | order);
}

static void unlink_block(struct blocks *blocks, struct block *block, unsigned order)
{
    struct order *list = &blocks->orders[order];
    if (block->next != NULL) block->next->previous = block->previous;
    if (block->previous != NULL) block->previous->next = block->next;
    else list->free_list = block->next;
    list->free_blocks--;
    if (list->free_list == NULL) blocks->orders_filled &= ~((uint32_t)1 << order);
    set_state(blocks, block, STATE_INSIDE);
}

static void push_chunk(struct blocks *blocks, uint32_t *first, uint32_t index)
{
    struct chunk *chunk = chunk_at(blocks, index);
    chunk->next = *first;
    chunk->previous = NO_CHUNK;
    if (*first != NO_CHUNK) chunk_at(blocks, *first)->previous = index;
    *first = index;
}

static void unlink_chunk(struct blocks *blocks, uint32_t *first, uint32_t index)
{
    const struct chunk *chunk = chunk_at(blocks, index);
    if (chunk->next != NO_CHUNK) chunk_at(blocks, chunk->next)->previous = chunk->previous;
    if (chunk->previous != NO_CHUNK) chunk_at(blocks, chunk->previous)->next = chunk->next;
    else *first = chunk->next;
}

static void purge_chunk(struct blocks *blocks, uint32_t index)
{
    char *start = chunk_start(blocks, index), *end = start + chunk_bytes(blocks);
    unsigned top = blocks->top_order;
    for (char *block = start; block < end; block += blocks_order_bytes(top)) {
        unlink_block(blocks, (struct block *)block, top);
    }
    pages_purge(start, chunk_bytes(blocks));
    blocks->given_back_bytes += chunk_bytes(blocks);
    unlink_chunk(blocks, &blocks->first_empty, index);
    blocks->empty_chunks--;
    push_chunk(blocks, &blocks->first_purged, index);
    blocks->purged_chunks++;
}

/* The chunk that top blocks are still cut from is not one to give back. */
static bool is_fresh(const struct blocks *blocks, uint32_t index)
{
    return blocks->fresh != blocks->fresh_end && chunk_of(blocks, blocks->fresh) == index;
}

static void purge_surplus(struct blocks *blocks)
{
    for (;;) {
        size_t resident = blocks->chunk_count - blocks->purged_chunks;
        if (blocks->empty_chunks <= KEPT_CHUNKS + resident / 8) return;
        uint32_t index = blocks->first_empty;
        if (is_fresh(blocks, index)) index = chunk_at(blocks, index)->next;
        purge_chunk(blocks, index);
    }
}

static void note_top_taken(struct blocks *blocks, const void *block)
{
    uint32_t index = chunk_of(blocks, block);
    if (chunk_at(blocks, index)->top_blocks++ != 0) return;
    unlink_chunk(blocks, &blocks->first_empty, index);
    blocks->empty_chunks--;
}

static void note_top_free(struct blocks *blocks, const void *block)
{
    uint32_t index = chunk_of(blocks, block);
    if (--chunk_at(blocks, index)->top_blocks != 0) return;
    push_chunk(blocks, &blocks->first_empty, index);
    blocks->empty_chunks++;
    purge_surplus(blocks);
}

static struct block *buddy_of(const struct blocks *blocks, const void *block, unsigned order)
{
    size_t offset = blocks_offset(blocks, block) ^ blocks_order_bytes(order);
    return (struct block *)(blocks->arena.start + offset);
}

/* A block whose state is `inside` becomes free, and one with its free buddies. */
static void merge(struct blocks *blocks, struct block *block, unsigned order)
{
    for (; order < blocks->top_order; order++) {
        struct block *buddy = buddy_of(blocks, block, order);
        if (*blocks_state(blocks, buddy) != (STATE_FREE | order)) break;
        unlink_block(blocks, buddy, order);
        if (buddy < block) block = buddy;
        blocks->merges++;
    }
    push(blocks, block, order);
    if (order == blocks->top_order) note_top_free(blocks, block);
}

void blocks_flush_order(struct blocks *blocks, unsigned order)
{
    struct order *list = &blocks->orders[order];
    struct block *block = list->delayed, *next;
    list->delayed = NULL;
    list->delayed_blocks = 0;
    for (; block != NULL; block = next) {
        next = block->next;
        set_state(blocks, block, STATE_INSIDE);
        merge(blocks, block, order);
    }
}

/* Each time that an order's use has halved, so that what is delayed does not hold its chunks. */
void blocks_flush(struct blocks *blocks)
{
    for (unsigned order = blocks->least_order; order <= blocks->top_order; order++) {
        struct order *list = &blocks->orders[order];
        blocks_flush_order(blocks, order);
        list->flush_below = (list->used_blocks + 1) / 2;
    }
}

/* So that the arena holds at least so many bytes. */
static bool reach(struct arena *arena, size_t bytes)
{
    size_t used = (size_t)(arena->used_end - arena->start);
    return used >= bytes || arena_take(arena, bytes - used) != NULL;
}

static bool add_chunk(struct blocks *blocks)
{
    size_t count = blocks->chunk_count + 1;
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        struct table *table = &blocks->tables[i];
        if (!reach(&table->arena, count * table->bytes_a_chunk)) return false;
    }
    if (!reach(&blocks->arena, count << blocks->chunk_order)) return false;
    blocks->chunk_count = count;
    blocks->fresh = chunk_start(blocks, count - 1);
    blocks->fresh_end = blocks->fresh + chunk_bytes(blocks);
    return true;
}

/* A chunk with nothing in its blocks, to be cut from its start. */
static bool refill(struct blocks *blocks)
{
    uint32_t index = blocks->first_purged;
    if (index != NO_CHUNK) {
        unlink_chunk(blocks, &blocks->first_purged, index);
        blocks->purged_chunks--;
        blocks->fresh = chunk_start(blocks, index);
        blocks->fresh_end = blocks->fresh + chunk_bytes(blocks);
    } else {
        if ((blocks->chunk_count > 0 && !blocks->grows) || !add_chunk(blocks)) return false;
        index = (uint32_t)blocks->chunk_count - 1;
    }
    push_chunk(blocks, &blocks->first_empty, index);
    blocks->empty_chunks++;
    return true;
}

/* The next top block of the fresh chunk. */
static struct block *cut_fresh(struct blocks *blocks)
{
    if (blocks->fresh == blocks->fresh_end) return NULL;
    struct block *block = (struct block *)blocks->fresh;
    blocks->fresh += blocks_order_bytes(blocks->top_order);
    note_top_taken(blocks, block);
    return block;
}

/* Of the order or the next larger that there is; `found` says which. */
static struct block *find(struct blocks *blocks, unsigned order, unsigned *found)
{
    uint32_t filled = blocks->orders_filled & ~(uint32_t)0 << order;
    *found = blocks->top_order;
    if (filled == 0) return cut_fresh(blocks);
    *found = (unsigned)__builtin_ctz(filled);
    struct block *block = blocks->orders[*found].free_list;
    unlink_block(blocks, block, *found);
    if (*found == blocks->top_order) note_top_taken(blocks, block);
    return block;
}

/* Frees the upper halves until the block is of the order. */
static void split(struct blocks *blocks, struct block *block, unsigned found, unsigned order)
{
    while (found-- > order) {
        push(blocks, buddy_of(blocks, block, found), found);
        blocks->splits++;
    }
    set_state(blocks, block, STATE_USED | order);
}

void *blocks_cut(struct blocks *blocks, unsigned order)
{
    unsigned found;
    struct block *block = find(blocks, order, &found);
    if (block == NULL) {
        blocks_flush(blocks);
        block = find(blocks, order, &found);
    }
    if (block == NULL && refill(blocks)) block = find(blocks, order, &found);
    if (block != NULL) split(blocks, block, found, order);
    return block;
}

static bool grow(struct blocks *blocks, struct block *block, unsigned old_order, unsigned order)
{
    for (unsigned i = old_order; i < order; i++) {
        const struct block *buddy = buddy_of(blocks, block, i);
        if (buddy < block || *blocks_state(blocks, buddy) != (STATE_FREE | i)) return false;
    }
    for (unsigned i = old_order; i < order; i++) {
        unlink_block(blocks, buddy_of(blocks, block, i), i);
        blocks->merges++;
    }
    set_state(blocks, block, STATE_USED | order);
    return true;
}

bool blocks_resize(struct blocks *blocks, void *block, unsigned old_order, unsigned order)
{
    if (order > old_order && !grow(blocks, block, old_order, order)) return false;
    if (order < old_order) split(blocks, block, old_order, order);
    blocks->orders[old_order].used_blocks--;
    blocks->orders[order].used_blocks++;
    return true;
}

static bool reserve(struct blocks *blocks)
{
    size_t least = chunk_bytes(blocks);
    bool is_reserved = blocks->grows ? arena_reserve_up_to(&blocks->arena, RESERVE_BYTES, least)
                                     : arena_reserve(&blocks->arena, least);
    size_t chunks = (size_t)(blocks->arena.reserved_end - blocks->arena.start) / least;
    for (size_t i = 0; is_reserved && i < TABLE_COUNT; i++) {
        struct table *table = &blocks->tables[i];
        if (table->bytes_a_chunk == 0) continue;
        is_reserved = arena_reserve(&table->arena, chunks * table->bytes_a_chunk);
    }
    return is_reserved;
}

bool blocks_open(struct blocks *blocks, size_t owner_bytes)
{
    blocks->unit_mask = blocks_order_bytes(blocks->least_order) - 1;
    blocks->first_empty = blocks->first_purged = NO_CHUNK;
    blocks->tables[TABLE_STATES].bytes_a_chunk = (size_t)1
                                                 << (blocks->chunk_order - blocks->least_order);
    blocks->tables[TABLE_CHUNKS].bytes_a_chunk = sizeof(struct chunk);
    blocks->tables[TABLE_OWNER].bytes_a_chunk = owner_bytes
                                                << (blocks->chunk_order - blocks->top_order);
    if (reserve(blocks)) {
        blocks->states = (uint8_t *)blocks->tables[TABLE_STATES].arena.start;
        if (refill(blocks)) return true;
    }
    blocks_close(blocks);
    return false;
}

void blocks_close(struct blocks *blocks)
{
    if (blocks->arena.start != NULL) arena_release(&blocks->arena);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (blocks->tables[i].arena.start != NULL) arena_release(&blocks->tables[i].arena);
    }
}

/* By the pages that tables have reached: what is usable beyond them is never touched. */
size_t blocks_metadata(const struct blocks *blocks)
{
    size_t bytes = 0;
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        const struct arena *arena = &blocks->tables[i].arena;
        bytes +=
            ((size_t)(arena->used_end - arena->start) + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    }
    return bytes;
}

size_t blocks_footprint(const struct blocks *blocks)
{
    return arena_footprint(&blocks->arena) - (blocks->purged_chunks << blocks->chunk_order) +
           blocks_metadata(blocks);
}
