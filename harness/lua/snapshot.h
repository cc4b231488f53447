/* What every layer of a heap says at one moment, kept until it is printed. */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "../../allocators/wrappers/count.h"

enum { SNAPSHOT_LAYERS = 16, SNAPSHOT_TIERS = 2048, SNAPSHOT_FIGURES = 256 };

struct layer_snapshot {
    struct heap_statistics totals;
    struct call_counts calls; /* of the `count` wrapper */
    size_t tier_count, figure_count;
    struct tier_statistics tiers[SNAPSHOT_TIERS];
    struct heap_figure figures[SNAPSHOT_FIGURES]; /* their names live as long as the heap */
};

struct snapshot {
    bool is_taken;
    struct layer_snapshot layers[SNAPSHOT_LAYERS]; /* outermost first */
};

/* Takes no memory, so that a heap in use can be asked. */
void snapshot_take(struct snapshot *snapshot, const struct heap *heap);

#endif
