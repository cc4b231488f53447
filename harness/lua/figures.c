/* Fragmentation and metadata are of the layer's own blocks: what its backing holds is not counted.
 *
 *     internal fragmentation   1 - live / usable        room in blocks that nobody asked for
 *     external fragmentation   1 - largest free / free  free memory that one request cannot have
 *     utilisation              live / footprint         what the program gets of what is held
 */
#include "figures.h"

#include <math.h>
#include <stdio.h>

/* ---- a layer's totals */

static double known(size_t figure)
{
    return figure == UNKNOWN ? (double)NAN : (double)figure;
}

static size_t zero_if_unknown(size_t figure)
{
    return figure == UNKNOWN ? 0 : figure;
}

static double percent(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : (double)NAN;
}

static double own(size_t figure, size_t backing)
{
    return known(figure) - (double)zero_if_unknown(backing);
}

static double read_live_bytes(const struct heap_statistics *totals)
{
    return known(totals->live_bytes);
}

static double read_live_blocks(const struct heap_statistics *totals)
{
    return known(totals->live_blocks);
}

static double read_own_live(const struct heap_statistics *totals)
{
    return own(totals->live_bytes, totals->backing_live_bytes);
}

static double read_own_usable(const struct heap_statistics *totals)
{
    return own(totals->usable_bytes, totals->backing_live_bytes);
}

static double read_footprint(const struct heap_statistics *totals)
{
    return known(totals->footprint_bytes);
}

static double read_utilisation(const struct heap_statistics *totals)
{
    return percent(read_own_live(totals), read_footprint(totals));
}

static double read_internal(const struct heap_statistics *totals)
{
    double usable = read_own_usable(totals);
    return percent(usable - read_own_live(totals), usable);
}

static double read_free(const struct heap_statistics *totals)
{
    return known(totals->free_bytes);
}

static double read_largest_free(const struct heap_statistics *totals)
{
    return known(totals->largest_free_bytes);
}

static double read_external(const struct heap_statistics *totals)
{
    double free_bytes = read_free(totals);
    return percent(free_bytes - read_largest_free(totals), free_bytes);
}

static double read_metadata(const struct heap_statistics *totals)
{
    return known(totals->metadata_bytes);
}

static double read_metadata_a_block(const struct heap_statistics *totals)
{
    double blocks = own(totals->live_blocks, totals->backing_live_blocks);
    return blocks > 0 ? read_metadata(totals) / blocks : (double)NAN;
}

static double read_backing_calls(const struct heap_statistics *totals)
{
    return known(totals->backing_calls);
}

static double read_backing_bytes(const struct heap_statistics *totals)
{
    return known(totals->backing_live_bytes);
}

static double read_backing_blocks(const struct heap_statistics *totals)
{
    return known(totals->backing_live_blocks);
}

static double read_capacity(const struct heap_statistics *totals)
{
    return known(totals->capacity_bytes);
}

const struct total_figure total_figures[] = {
    {"live", "bytes", read_live_bytes},
    {"live", "blocks", read_live_blocks},
    {"held by the backing", "bytes", read_backing_bytes},
    {"held by the backing", "blocks", read_backing_blocks},
    {"own live", "bytes", read_own_live},
    {"own usable", "bytes", read_own_usable},
    {"internal fragmentation", "%", read_internal},
    {"footprint", "bytes", read_footprint},
    {"utilisation", "%", read_utilisation},
    {"free", "bytes", read_free},
    {"largest free", "bytes", read_largest_free},
    {"external fragmentation", "%", read_external},
    {"metadata", "bytes", read_metadata},
    {"metadata a live block", "bytes", read_metadata_a_block},
    {"passed to the backing", "requests", read_backing_calls},
    {"capacity", "bytes", read_capacity},
    {0},
};

/* ---- calls */

#define CALL_FIGURE(member)                                       \
    static double read_##member(const struct call_counts *counts) \
    {                                                             \
        return (double)counts->member;                            \
    }
CALL_FIGURE(new_calls)
CALL_FIGURE(free_calls)
CALL_FIGURE(grow_calls)
CALL_FIGURE(shrink_calls)
CALL_FIGURE(query_calls)
CALL_FIGURE(failed_calls)
CALL_FIGURE(peak_live_bytes)
CALL_FIGURE(allocated_bytes)

const struct call_figure call_figures[] = {
    {"new", "calls", read_new_calls},
    {"free", "calls", read_free_calls},
    {"grow", "calls", read_grow_calls},
    {"shrink", "calls", read_shrink_calls},
    {"query", "calls", read_query_calls},
    {"failed", "calls", read_failed_calls},
    {"peak live", "bytes", read_peak_live_bytes},
    {"allocated in all", "bytes", read_allocated_bytes},
    {0},
};

/* ---- tiers */

static double read_size(const struct tier_line *line)
{
    return line->tier.block_bytes ? (double)line->tier.block_bytes : (double)NAN;
}

static double read_total(const struct tier_line *line)
{
    return (double)line->tier.total_blocks;
}

static double read_used(const struct tier_line *line)
{
    return (double)line->tier.used_blocks;
}

static double read_free_blocks(const struct tier_line *line)
{
    return (double)line->tier.free_blocks;
}

static double read_usage(const struct tier_line *line)
{
    return percent(read_used(line), read_total(line));
}

static double read_peak_used(const struct tier_line *line)
{
    return line->peak_used;
}

static double read_full(const struct tier_line *line)
{
    return line->has_pages ? (double)line->tier.full_pages : (double)NAN;
}

static double read_partial(const struct tier_line *line)
{
    return line->has_pages ? (double)line->tier.partial_pages : (double)NAN;
}

static double read_empty(const struct tier_line *line)
{
    return line->has_pages ? (double)line->tier.empty_pages : (double)NAN;
}

const struct tier_figure tier_figures[] = {
    {"size", "bytes", read_size},   {"total", "blocks", read_total},
    {"used", "blocks", read_used},  {"free", "blocks", read_free_blocks},
    {"usage", "%", read_usage},     {"at peak", "blocks", read_peak_used},
    {"full", "pages", read_full},   {"partial", "pages", read_partial},
    {"empty", "pages", read_empty}, {0},
};

const char *figures_tier_name(const struct heap *heap)
{
    return heap->allocator->tier_name ? heap->allocator->tier_name : "tier";
}

static bool counts_pages(const struct layer_snapshot *end)
{
    for (size_t i = 0; i < end->tier_count; i++) {
        const struct tier_statistics *tier = &end->tiers[i];
        if (tier->full_pages || tier->partial_pages || tier->empty_pages) return true;
    }
    return false;
}

void figures_tier_line(const struct layer_snapshot *end, const struct layer_snapshot *peak,
                       size_t index, struct tier_line *line)
{
    *line = (struct tier_line){.tier = end->tiers[index], .has_pages = counts_pages(end)};
    if (index < peak->tier_count) line->peak_used = (double)peak->tiers[index].used_blocks;
    snprintf(line->label, sizeof line->label, "%zu", index);
}

static void add_tier(struct tier_line *sum, const struct tier_line *line, size_t unit)
{
    sum->tier.total_blocks += line->tier.total_blocks * unit;
    sum->tier.used_blocks += line->tier.used_blocks * unit;
    sum->tier.free_blocks += line->tier.free_blocks * unit;
    sum->peak_used += line->peak_used * (double)unit;
    sum->tier.full_pages += line->tier.full_pages;
    sum->tier.partial_pages += line->tier.partial_pages;
    sum->tier.empty_pages += line->tier.empty_pages;
}

void figures_sum_tiers(const struct layer_snapshot *end, const struct layer_snapshot *peak,
                       struct tier_line sums[2])
{
    sums[0] = (struct tier_line){.label = "blocks", .has_pages = counts_pages(end)};
    sums[1] = (struct tier_line){.label = "bytes"};
    for (size_t i = 0; i < end->tier_count; i++) {
        struct tier_line line;
        figures_tier_line(end, peak, i, &line);
        add_tier(&sums[0], &line, 1);
        add_tier(&sums[1], &line, line.tier.block_bytes);
    }
}

bool figures_are_exact(const struct layer_snapshot *end, const struct tier_line *sum_of_bytes)
{
    return (double)sum_of_bytes->tier.used_blocks == read_own_usable(&end->totals);
}

bool figures_was_used(const struct tier_line *line)
{
    return line->tier.total_blocks || line->peak_used > 0;
}
