/* From raw events, which know addresses, to a trace, which knows slots and old sizes. */
#ifndef CONVERT_H
#define CONVERT_H

#include "../allocators/wrappers/histogram.h"
#include "../workloads/trace.h"
#include "address_table.h"
#include "spool.h"

/* What could not be followed; a trace has none of it. */
struct conversion_losses {
    uint64_t unknown_blocks;  /* freed or resized, never seen born: such a resize becomes a new */
    uint64_t unseen_frees;    /* blocks whose address was handed out again: freed there */
    uint64_t oversized_calls; /* that make a block of 4 GiB or more: it is left out */
};

/* Of the times that were sampled between two calls: means of batches, whose median other work of
 * the machine does not move as it moves the mean of all. */
struct conversion_outside {
    uint64_t count, ns; /* of the batch that is not full */
    struct histogram batch_ns;
};

/* All zero but the trace: begun. */
struct conversion {
    struct trace *trace;
    struct address_table blocks; /* slot of each live block, plus one */
    uint32_t thread;             /* of the last event */
    uint64_t mark_count;
    struct conversion_losses losses;
    struct conversion_outside outside;
};

/* What the program took between two calls; 0 when that is not known. */
uint64_t conversion_outside_ns(const struct conversion *conversion);

/* Appends an event whose kind is set. False when memory ran out: the trace is not usable. */
bool conversion_add(struct conversion *conversion, const struct raw_event *event);

/* The trace stays. */
void conversion_close(struct conversion *conversion);

#endif
