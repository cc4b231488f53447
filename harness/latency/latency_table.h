/* What `heapbench latency` prints of the passes of one workload on one allocator. Quantiles up to
 * 99.9 % are those of the pass with gaps where it has ten calls beyond them, else those of the
 * first pass that times all; where that has fewer than ten, there is none. */
#ifndef LATENCY_TABLE_H
#define LATENCY_TABLE_H

#include "../series/series_latency.h"

enum { LATENCY_SHOWN = 20 }; /* slowest calls */

/* All kinds of calls together, behind those of each. */
enum { LATENCY_ALL = LATENCY_KINDS, LATENCY_TABLE_KINDS };

/* A call by its operation, and what it took in those passes in which it was one of the slowest. */
struct latency_seen {
    struct latency_call call;
    uint64_t ns[LATENCY_PASSES];
    unsigned passes;
};

struct latency_table {
    struct histogram calls[2][LATENCY_TABLE_KINDS]; /* with gaps, and of all calls */
    struct histogram floors[2][LATENCY_TABLE_KINDS];
    struct histogram steps, frames;
    uint64_t call_count[LATENCY_TABLE_KINDS], preempted, close_ns;
    bool is_counter;
    struct latency_seen slowest[LATENCY_PASSES * LATENCY_SLOWEST];
    size_t slowest_count;
};

/* Empty. */
void latency_table_open(struct latency_table *table);

/* Adds the rows of a pass, which was a cell of that mode: at most one for each number of a pass. */
void latency_table_add(struct latency_table *table, enum cell_mode mode,
                       const struct cell_result *result);

/* As text on standard output. */
void latency_table_print(struct latency_table *table, const char *workload, const char *spec);

#endif
