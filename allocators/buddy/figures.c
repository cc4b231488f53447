/* What a buddy heap says of itself, from the counts of its orders and runs.
 *
 * A run is a used block of the top order to the buddy system, and so many small blocks to the user:
 * it is shown as the latter, in the row of its size.
 */
#include "buddy.h"

static size_t count_runs(const struct buddy *buddy)
{
    size_t count = 0;
    for (size_t i = 0; i < buddy->front_bytes / 8; i++) count += buddy->runs.sizes[i].run_count;
    return count;
}

/* Blocks in use and bytes in them; a run counts as what is in it. */
static void count_used(const struct buddy *buddy, size_t *used_blocks, size_t *used_bytes)
{
    const struct blocks *blocks = &buddy->blocks;
    *used_blocks = *used_bytes = 0;
    for (size_t i = 0; i < buddy->front_bytes / 8; i++) {
        *used_blocks += buddy->runs.sizes[i].used_blocks;
        *used_bytes += buddy->runs.sizes[i].used_blocks * runs_block_bytes(i);
    }
    for (unsigned order = blocks->least_order; order <= blocks->top_order; order++) {
        size_t used = blocks->orders[order].used_blocks;
        if (order == blocks->top_order) used -= count_runs(buddy);
        *used_blocks += used;
        *used_bytes += used * blocks_order_bytes(order);
    }
}

static size_t largest_free(const struct blocks *blocks)
{
    if (blocks->fresh != blocks->fresh_end) return blocks_order_bytes(blocks->top_order);
    for (unsigned order = blocks->top_order; order >= blocks->least_order; order--) {
        const struct order *list = &blocks->orders[order];
        if (list->free_blocks + list->delayed_blocks > 0) return blocks_order_bytes(order);
    }
    return 0;
}

void buddy_statistics(const void *heap, struct heap_statistics *out)
{
    const struct buddy *buddy = heap;
    size_t used_blocks, used_bytes;
    count_used(buddy, &used_blocks, &used_bytes);
    backed_statistics(&buddy->backed, used_blocks, used_bytes, out);
    out->footprint_bytes = blocks_footprint(&buddy->blocks) + sizeof *buddy;
    out->metadata_bytes = blocks_metadata(&buddy->blocks) + sizeof *buddy;
    out->free_bytes = out->footprint_bytes - out->metadata_bytes - used_bytes;
    out->largest_free_bytes = largest_free(&buddy->blocks);
}

/* The runs of one size, as pages. */
static void read_front_row(const struct buddy *buddy, size_t index, struct tier_statistics *out)
{
    const struct front_size *size = &buddy->runs.sizes[index];
    size_t bytes = runs_block_bytes(index), partial = 0;
    for (const struct run *run = size->with_room; run != NULL; run = run->next) partial++;
    *out = (struct tier_statistics){.block_bytes = bytes,
                                    .total_blocks = size->run_count * (buddy->maximum / bytes),
                                    .used_blocks = size->used_blocks,
                                    .full_pages = size->run_count - partial,
                                    .partial_pages = partial};
    out->free_blocks = out->total_blocks - out->used_blocks;
}

static void read_order_row(const struct buddy *buddy, unsigned order, struct tier_statistics *out)
{
    const struct order *list = &buddy->blocks.orders[order];
    size_t runs = order == buddy->blocks.top_order ? count_runs(buddy) : 0;
    size_t free_blocks = list->free_blocks + list->delayed_blocks;
    *out = (struct tier_statistics){.block_bytes = blocks_order_bytes(order),
                                    .total_blocks = list->used_blocks - runs + free_blocks,
                                    .used_blocks = list->used_blocks - runs,
                                    .free_blocks = free_blocks};
}

/* The orders, then the sizes of the front. */
bool buddy_tier(const void *heap, size_t index, struct tier_statistics *out)
{
    const struct buddy *buddy = heap;
    const struct blocks *blocks = &buddy->blocks;
    size_t orders = blocks->top_order - blocks->least_order + 1;
    if (index >= orders + buddy->front_bytes / 8) return false;
    if (index < orders) read_order_row(buddy, blocks->least_order + (unsigned)index, out);
    else read_front_row(buddy, index - orders, out);
    return true;
}

static size_t count_delayed(const struct blocks *blocks)
{
    size_t count = 0;
    for (unsigned order = blocks->least_order; order <= blocks->top_order; order++) {
        count += blocks->orders[order].delayed_blocks;
    }
    return count;
}

bool buddy_figure(const void *heap, size_t index, struct heap_figure *out)
{
    const struct buddy *buddy = heap;
    const struct blocks *blocks = &buddy->blocks;
    const struct heap_figure figures[] = {
        {"blocks split", "count", (double)blocks->splits},
        {"buddies merged", "count", (double)blocks->merges},
        {"freed but not merged yet", "count", (double)count_delayed(blocks)},
        {"grown in place", "count", (double)buddy->grown_in_place},
        {"shrunk in place", "count", (double)buddy->shrunk_in_place},
        {"fallbacks", "count", (double)buddy->fallbacks},
        {"chunks", "count", (double)blocks->chunk_count},
        {"chunks without a block", "count", (double)blocks->empty_chunks},
        {"chunks not resident", "count", (double)blocks->purged_chunks},
        {"given back to the system", "bytes", (double)blocks->given_back_bytes},
        {"runs of the front", "count", (double)count_runs(buddy)},
    };
    size_t count = sizeof figures / sizeof *figures - (buddy->front_bytes == 0);
    if (index >= count) return false;
    *out = figures[index];
    return true;
}
