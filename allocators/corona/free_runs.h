/* Free runs of one kind, by size; dirty ones also by the time when they were freed. To be called
 * under the back end's lock. Zeroed memory is an empty set. */
#ifndef CORONA_FREE_RUNS_H
#define CORONA_FREE_RUNS_H

#include "back_reference.h"

enum {
    EXACT_BINS = 64,             /* of 1 to 64 granules */
    RUN_BINS = EXACT_BINS + 100, /* then four a doubling, to 2^30 granules and more */
    BIN_WORDS = (RUN_BINS + 63) / 64,
};

struct free_runs {
    size_t granules;              /* of all */
    uint32_t oldest, newest;      /* of dirty runs; 0: none */
    uint64_t filled[BIN_WORDS];   /* a bit for each bin that has runs */
    uint32_t heads[RUN_BINS + 1]; /* the last stands for "no such bin" and is always 0 */
};

/* Where a dirty run stands in the order of time. */
struct run_age {
    uint32_t older, freed_ms; /* the run that was freed before it, 0: none */
};

/* The descriptors say what the run is; it must not be in a set. */
void free_runs_add(struct free_runs *set, size_t first, struct run_age age);
struct run_age free_runs_remove(struct free_runs *set, size_t first);

/* The first granule of a run that holds so many, beginning at a multiple of alignment; 0: none.
 * Among runs of nearly the same size the last that came is found, and of the smallest that are just
 * too small or badly aligned only some are looked at. */
size_t free_runs_find(const struct free_runs *set, size_t granules, size_t alignment);

#endif
