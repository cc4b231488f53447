/* The figures of a report: what there is, in which order, in which unit. Both forms of the report,
 * the text and the CSV, are made from these tables. A figure that nobody knows is NAN. */
#ifndef FIGURES_H
#define FIGURES_H

#include "snapshot.h"

/* Of a layer at one moment. */
struct total_figure {
    const char *name, *unit;
    double (*read)(const struct heap_statistics *totals);
};

/* Of the `count` wrapper. */
struct call_figure {
    const char *name, *unit;
    double (*read)(const struct call_counts *counts);
};

/* One line of a heap's table: a tier, or the sum of all. */
struct tier_line {
    char label[24];              /* the tier's number from 0; "blocks" or "bytes" of the sums */
    struct tier_statistics tier; /* size 0: the line is a sum; of bytes, the counts are bytes */
    double peak_used;            /* blocks, or bytes, in use when most bytes were alive */
    bool has_pages;              /* counted in pages, too */
};

struct tier_figure {
    const char *name, *unit;
    double (*read)(const struct tier_line *line);
};

/* Each ends with a row without a name. */
extern const struct total_figure total_figures[];
extern const struct call_figure call_figures[];
extern const struct tier_figure tier_figures[];

/* "tier", "order", "slab": what the lines of this heap's table are. */
const char *figures_tier_name(const struct heap *heap);

/* Line `index` of a table: the tiers at the end, with what they held at the peak. */
void figures_tier_line(const struct layer_snapshot *end, const struct layer_snapshot *peak,
                       size_t index, struct tier_line *line);

/* The two sums, of blocks and of their bytes. */
void figures_sum_tiers(const struct layer_snapshot *end, const struct layer_snapshot *peak,
                       struct tier_line sums[2]);

/* Whether the tiers' sizes are those of their blocks, so that the sum of bytes means something: of
 * blocks "up to" a size it does not. */
bool figures_are_exact(const struct layer_snapshot *end, const struct tier_line *sum_of_bytes);

/* A tier that has a block, or had one in use at the peak. */
bool figures_was_used(const struct tier_line *line);

#endif
