/* Small blocks in front of a buddy system: runs of equal blocks, of sizes 8, 16, 24 ...
 *
 *     run      | block | block | ... | block | never used ...     | rest |     one top block
 *
 * Powers of two fit Lua's hash parts of 40 x 2^k badly; a run is a top block of the buddy system,
 * cut into blocks of a multiple of 8 bytes. What is known of a run lies outside of it, in a table
 * by the number of the top block, so that a block's run is found by a shift.
 * Runs with room are listed for each size; a run without used blocks goes back to the buddy system,
 * among whose delayed blocks the next run of any size finds it.
 */
#ifndef BUDDY_RUNS_H
#define BUDDY_RUNS_H

#include "blocks.h"

enum { FRONT_MOST = 1024, FRONT_SIZES = FRONT_MOST / 8 };

struct small_block {
    struct small_block *next;
};

struct run {
    struct run *next, *previous; /* of runs with room */
    struct small_block *free_list;
    uint32_t used_blocks, fresh_blocks; /* fresh: were used at least once */
    uint32_t most_blocks, size_index;
};

/* The runs of one size. */
struct front_size {
    struct run *with_room;
    size_t used_blocks, run_count;
};

struct runs {
    struct front_size sizes[FRONT_SIZES];
};

/* The first run with room of a size, after making one where there is none; NULL: no memory. */
struct run *runs_add(struct runs *runs, struct blocks *blocks, size_t size_index);

/* Puts a run that was full among those with room. */
void runs_list(struct runs *runs, struct run *run);
void runs_unlist(struct runs *runs, struct run *run);

/* Gives a run without used blocks back. */
void runs_drop(struct runs *runs, struct blocks *blocks, struct run *run);

static inline size_t runs_size_index(size_t size)
{
    return (size - 1) / 8;
}

static inline size_t runs_block_bytes(size_t size_index)
{
    return (size_index + 1) * 8;
}

/* Of a block from wherever in the arena; a top block that is no run has most_blocks 0. */
static inline struct run *runs_of(const struct blocks *blocks, const void *block)
{
    size_t top = blocks_offset(blocks, block) >> blocks->top_order;
    return (struct run *)blocks->tables[TABLE_OWNER].arena.start + top;
}

static inline char *runs_start(const struct blocks *blocks, const struct run *run)
{
    size_t top = (size_t)(run - (const struct run *)blocks->tables[TABLE_OWNER].arena.start);
    return blocks->arena.start + (top << blocks->top_order);
}

static inline void *runs_take(struct runs *runs, struct blocks *blocks, size_t size)
{
    size_t index = runs_size_index(size);
    struct run *run = runs->sizes[index].with_room;
    if (run == NULL && (run = runs_add(runs, blocks, index)) == NULL) return NULL;
    struct small_block *block = run->free_list;
    if (block != NULL) {
        run->free_list = block->next;
    } else {
        block = (struct small_block *)(runs_start(blocks, run) +
                                       run->fresh_blocks * runs_block_bytes(index));
        run->fresh_blocks++;
    }
    runs->sizes[index].used_blocks++;
    if (++run->used_blocks == run->most_blocks) runs_unlist(runs, run);
    return block;
}

static inline void runs_give(struct runs *runs, struct blocks *blocks, struct run *run, void *freed)
{
    struct small_block *block = freed;
    assert(run->used_blocks > 0);
    block->next = run->free_list;
    run->free_list = block;
    runs->sizes[run->size_index].used_blocks--;
    if (run->used_blocks-- == run->most_blocks) runs_list(runs, run);
    if (run->used_blocks == 0) runs_drop(runs, blocks, run);
}

#endif
