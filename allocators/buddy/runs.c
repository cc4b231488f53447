/* Runs come from the buddy system and go back to it; see runs.h.
 *
 * Invariant: a size's list holds exactly its runs with room, and a run's most_blocks is 0 exactly
 * while its top block is none. Cost: constant, and that of a top block once a run.
 */
#include "runs.h"

void runs_list(struct runs *runs, struct run *run)
{
    struct front_size *size = &runs->sizes[run->size_index];
    run->next = size->with_room;
    run->previous = NULL;
    if (run->next != NULL) run->next->previous = run;
    size->with_room = run;
}

void runs_unlist(struct runs *runs, struct run *run)
{
    if (run->next != NULL) run->next->previous = run->previous;
    if (run->previous != NULL) run->previous->next = run->next;
    else runs->sizes[run->size_index].with_room = run->next;
}

struct run *runs_add(struct runs *runs, struct blocks *blocks, size_t size_index)
{
    unsigned top = blocks->top_order;
    void *block = blocks_take(blocks, top);
    if (block == NULL) return NULL;
    struct run *run = runs_of(blocks, block);
    size_t most = blocks_order_bytes(top) / runs_block_bytes(size_index);
    *run = (struct run){.most_blocks = (uint32_t)most, .size_index = (uint32_t)size_index};
    runs_list(runs, run);
    runs->sizes[size_index].run_count++;
    return run;
}

void runs_drop(struct runs *runs, struct blocks *blocks, struct run *run)
{
    runs_unlist(runs, run);
    runs->sizes[run->size_index].run_count--;
    run->most_blocks = 0;
    blocks_give(blocks, runs_start(blocks, run), blocks->top_order);
}
