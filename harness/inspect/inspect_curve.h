/* What was alive over the operation clock, in stretches of equal length, whose number stays within
 * bounds however long the trace is. */
#ifndef INSPECT_CURVE_H
#define INSPECT_CURVE_H

#include <stddef.h>
#include <stdint.h>

enum { CURVE_STRETCHES = 1000 }; /* at most; from 500 calls on, at least half as many */

struct stretch {
    uint64_t operation;               /* its last, counted from 1 */
    uint64_t bytes, blocks;           /* alive after that */
    uint64_t least_bytes, most_bytes; /* alive after any of its operations */
};

/* Zeros are an empty curve. */
struct live_curve {
    struct stretch stretches[CURVE_STRETCHES];
    size_t count;
    uint64_t length;     /* operations of each, a power of two; the last may be shorter */
    struct stretch open; /* what belongs to none yet */
    uint64_t open_length;
};

/* After each operation, the first of which is 1. */
void curve_note(struct live_curve *curve, uint64_t operation, uint64_t bytes, uint64_t blocks);

/* After the last: all belongs to a stretch. */
void curve_finish(struct live_curve *curve);

#endif
