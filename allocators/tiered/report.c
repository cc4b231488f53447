/* What a heap of three tiers says of itself. All of it passes over the pages, and none of it is on
 * the way of a call. */
#include "fit.h"
#include "tiered.h"

struct use {
    size_t blocks, bytes;
};

/* Adds a tier's blocks in use: not those that are free in a mask. */
static void add_use(const struct tier *tier, struct use *use)
{
    for (uint32_t i = 1; i < tier->page_count; i++) {
        const struct page *page = &tier->pages[i];
        use->blocks += (size_t)page->used;
        use->bytes += (size_t)page->used * tier->classes[page->class_index].block_bytes;
    }
    for (size_t i = tier->first_class; i <= tier->last_class; i++) {
        const struct size_class *size_class = &tier->classes[i];
        size_t count = (size_t)__builtin_popcountll(size_class->mask);
        use->blocks -= count;
        use->bytes -= count * size_class->block_bytes;
    }
}

static size_t largest_in(const struct tier *tier)
{
    for (size_t i = tier->last_class; i >= tier->first_class; i--) {
        const struct size_class *size_class = &tier->classes[i];
        bool has_current = size_class->current && tier->pages[size_class->current].words;
        if (tier->empty || size_class->mask || size_class->listed || has_current) {
            return size_class->block_bytes;
        }
    }
    return 0;
}

static size_t largest(const struct tiered *tiered)
{
    size_t large = fit_largest(&tiered->large);
    for (size_t i = 0; i < MEMORY_TIERS; i++) {
        size_t in_tier = largest_in(tiered->memory.tiers[i]);
        if (in_tier > large) large = in_tier;
    }
    return large;
}

void tiered_statistics(const void *heap, struct heap_statistics *out)
{
    const struct tiered *tiered = heap;
    const struct memory *memory = &tiered->memory;
    size_t headers = tiered->large.live_blocks * sizeof(size_t), own = sizeof *tiered;
    struct use use = {tiered->large.live_blocks, tiered->large.usable_bytes};
    for (size_t i = 0; i < MEMORY_TIERS; i++) {
        own += memory->tiers[i]->page_count * sizeof(struct page);
        add_use(memory->tiers[i], &use);
    }
    out->live_bytes = memory->live_bytes;
    out->live_blocks = use.blocks;
    out->usable_bytes = use.bytes;
    out->footprint_bytes = memory->held_bytes + own;
    out->metadata_bytes = own + headers;
    out->free_bytes = memory->held_bytes - use.bytes - headers;
    out->largest_free_bytes = largest(tiered);
}

bool tiered_tier(const void *heap, size_t index, struct tier_statistics *out)
{
    const struct tiered *tiered = heap;
    struct class_census census;
    if (++index > CLASS_COUNT) return false;
    const struct tier *tier = index < FIRST_SMALL ? &tiered->tiny : &tiered->small;
    tier_count(tier, index, &census);
    *out = (struct tier_statistics){
        .block_bytes = tier->classes[index].block_bytes,
        .total_blocks = census.total_blocks,
        .used_blocks = census.used_blocks,
        .free_blocks = census.total_blocks - census.used_blocks,
        .full_pages = census.full_pages,
        .partial_pages = census.partial_pages,
    };
    return true;
}

bool tiered_figure(const void *heap, size_t index, struct heap_figure *out)
{
    const struct tiered *tiered = heap;
    const struct memory *memory = &tiered->memory;
    const struct large *large = &tiered->large;
    const struct heap_figure figures[] = {
        {"large blocks", "count", (double)large->live_blocks},
        {"large blocks", "bytes", (double)large->usable_bytes},
        {"large blocks free", "bytes", (double)large->free_bytes},
        {"tiny empty pages", "count", tiered->tiny.empty_count},
        {"small empty pages", "count", tiered->small.empty_count},
        {"kept for reuse", "bytes", (double)memory->kept_bytes},
        {"returned in all", "bytes", (double)memory->returned_bytes},
        {"of these taken again", "bytes", (double)memory->regretted_bytes},
        {"trims", "count", (double)memory->trims},
        {"moved page by page", "blocks", (double)memory->moved_blocks},
        {"could not shrink", "blocks", (double)memory->stayed_blocks},
    };
    if (index >= sizeof figures / sizeof *figures) return false;
    *out = figures[index];
    return true;
}
