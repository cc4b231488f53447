/* A binary buddy system: blocks of 2^order bytes, and what is known of them outside of them.
 *
 *     chunk    | order 0 | order 0 | order 1 |       order 2       |        order 3 = top     | ...
 *     states   |   used  | delayed |  used   |        free         |           free           | ...
 *
 * A state is a byte for each `min` bytes of memory; it says of a block's first unit what the block
 * is, and is 0 inside of blocks. A free block lies in its order's list, with its buddy in use. A
 * delayed one was freed and not yet merged (Lee and Barkley 1989): the next request of its order
 * gets it back without splitting anything.
 */
#ifndef BUDDY_BLOCKS_H
#define BUDDY_BLOCKS_H

#include <assert.h>
#include <stdint.h>

#include "../backed.h"
#include "../pages.h"

enum { STATE_INSIDE = 0, STATE_USED = 0x40, STATE_FREE = 0x80, STATE_DELAYED = 0xc0 };

enum { ORDERS_LIMIT = 32 };

#define NO_CHUNK UINT32_MAX

/* Linked while free; delayed ones by `next` alone. */
struct block {
    struct block *next, *previous;
};

struct order {
    _Alignas(64) struct block *delayed;
    size_t delayed_blocks, used_blocks;
    size_t flush_below; /* used blocks: when fewer, the delayed blocks of all orders are merged */
    struct block *free_list;
    size_t free_blocks;
};

/* In one of two lists while none of its blocks is in use. */
struct chunk {
    uint32_t top_blocks; /* of the top order, in use or split */
    uint32_t next, previous;
};

/* What is known of the memory lies in tables that reach as far as it does. */
enum table_name { TABLE_STATES, TABLE_CHUNKS, TABLE_OWNER, TABLE_COUNT };

struct table {
    struct arena arena;
    size_t bytes_a_chunk; /* 0: no such table */
};

struct blocks {
    struct arena arena;
    size_t unit_mask; /* bytes of the least order, less 1 */
    unsigned least_order, top_order, chunk_order;
    size_t delayed_most; /* blocks of an order */
    uint8_t *states;
    struct order orders[ORDERS_LIMIT];
    uint32_t orders_filled;  /* a bit for each free list that is not empty */
    char *fresh, *fresh_end; /* of one chunk: top blocks not yet handed out */
    struct table tables[TABLE_COUNT];
    size_t chunk_count, empty_chunks, purged_chunks;
    uint32_t first_empty, first_purged;
    size_t splits, merges, given_back_bytes;
    bool grows;
};

/* Orders, `delayed_most` and `grows` are set; owner_bytes are for each top block, in TABLE_OWNER.
 * False, with nothing kept, when the system refuses. */
bool blocks_open(struct blocks *blocks, size_t owner_bytes);
void blocks_close(struct blocks *blocks);

/* A block of the order from the free lists or a new chunk; NULL when there is no memory. */
void *blocks_cut(struct blocks *blocks, unsigned order);

/* Merges all delayed blocks of one order, or of all. */
void blocks_flush_order(struct blocks *blocks, unsigned order);
void blocks_flush(struct blocks *blocks);

/* A block of the order becomes one of another order without moving. Growing is refused, false,
 * where a buddy on the way is not free or lies before the block. */
bool blocks_resize(struct blocks *blocks, void *block, unsigned old_order, unsigned order);

size_t blocks_footprint(const struct blocks *blocks);
size_t blocks_metadata(const struct blocks *blocks);

static inline size_t blocks_order_bytes(unsigned order)
{
    return (size_t)1 << order;
}

/* The smallest order that holds so many bytes, which are not 0. */
static inline unsigned blocks_order_of(const struct blocks *blocks, size_t bytes)
{
    return (63 ^ (unsigned)__builtin_clzll((bytes - 1) | blocks->unit_mask)) + 1;
}

static inline size_t blocks_offset(const struct blocks *blocks, const void *block)
{
    return (size_t)((const char *)block - blocks->arena.start);
}

static inline uint8_t *blocks_state(const struct blocks *blocks, const void *block)
{
    return &blocks->states[blocks_offset(blocks, block) >> blocks->least_order];
}

/* The order of a block in use, by the map; what is no such block is the caller's mistake. */
static inline unsigned blocks_used_order(const struct blocks *blocks, const void *block)
{
    unsigned order = *blocks_state(blocks, block) ^ STATE_USED;
    assert(order < ORDERS_LIMIT);
    return order;
}

static inline void *blocks_take(struct blocks *blocks, unsigned order)
{
    struct order *list = &blocks->orders[order];
    struct block *block = list->delayed;
    if (block != NULL) {
        list->delayed = block->next;
        list->delayed_blocks--;
        *blocks_state(blocks, block) = (uint8_t)(STATE_USED | order);
    } else {
        block = blocks_cut(blocks, order);
        if (block == NULL) return NULL;
    }
    list->used_blocks++;
    return block;
}

static inline void blocks_give(struct blocks *blocks, void *freed, unsigned order)
{
    struct order *list = &blocks->orders[order];
    struct block *block = freed;
    *blocks_state(blocks, block) = (uint8_t)(STATE_DELAYED | order);
    block->next = list->delayed;
    list->delayed = block;
    if (++list->delayed_blocks > blocks->delayed_most) blocks_flush_order(blocks, order);
    if (--list->used_blocks < list->flush_below) blocks_flush(blocks);
}

#endif
