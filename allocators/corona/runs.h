/* All runs of the arena, taken and free: cut, joined, and fetched from the part that was never
 * used. To be called under the back end's lock. */
#ifndef CORONA_RUNS_H
#define CORONA_RUNS_H

#include "free_runs.h"

struct runs {
    size_t top;               /* granules from here on were never used; 0 before the first run */
    size_t used;              /* granules of taken runs */
    uint32_t now_ms;          /* a coarse clock, kept by the caller: runs are freed at this time */
    struct free_runs sets[2]; /* dirty ones, clean ones */
};
extern struct runs corona_runs;

/* A taken run, low part of a free one, dirty ones first; 0: none is large enough. */
size_t runs_take_free(size_t granules, size_t alignment, bool *is_zero);

/* The same from the top, beginning with a dirty run just below it; 0 when the system refuses. */
size_t runs_take_fresh(size_t granules, size_t alignment, bool *is_zero);

/* Frees part of the arena, which is in no run; joined with neighbours of its kind. */
void runs_put(size_t first, size_t granules, bool is_zero);

/* As back_end_give, back_end_grow and back_end_shrink. */
void runs_give(size_t first);
bool runs_grow(size_t first, size_t granules, bool *is_zero);
void runs_shrink(size_t first, size_t granules);

struct run_piece {
    size_t first, granules;
};

/* Takes out the dirty run that was freed first, or so much of its beginning, to be put again: in no
 * run meanwhile. There must be one. */
struct run_piece runs_pull_oldest(size_t most_granules);

#endif
