/* Decides from a hit rate whether something is too small or too large.
 *
 * A miss is told to it; operations are all those so far, hits and misses. It looks at the hit rate
 * once TUNER_MISSES misses and least_operations have passed since the last look: one below
 * TUNER_LOW asks for the double, one above TUNER_HIGH in TUNER_CALM looks in a row for the half.
 * The gap between the two, the patience downwards, and a look long enough to see a burst beside the
 * quiet about it keep it from swinging to and fro.
 */
#ifndef TUNER_H
#define TUNER_H

#include <stddef.h>

#include "counter.h"

enum { TUNER_MISSES = 8, TUNER_CALM = 4 };
enum { TUNER_LOW = 100, TUNER_HIGH = 1000 }; /* operations a miss: 99.0 % and 99.9 % */

struct tuner {
    size_t misses, calm_looks; /* since the last look; looks above TUNER_HIGH in a row */
    size_t first_operation;    /* of those since the last look */
    size_t doublings, halvings;
};

enum tuner_advice { TUNER_STAY, TUNER_DOUBLE, TUNER_HALVE };

static inline enum tuner_advice tuner_miss(struct tuner *tuner, size_t operations,
                                           size_t least_operations)
{
    size_t misses = ++tuner->misses, seen = operations - tuner->first_operation;
    if (misses < TUNER_MISSES || seen < least_operations) return TUNER_STAY;
    tuner->misses = 0;
    tuner->first_operation = operations;
    if (seen > misses * TUNER_HIGH) tuner->calm_looks++;
    else tuner->calm_looks = 0;
    if (seen < misses * TUNER_LOW) return TUNER_DOUBLE;
    if (tuner->calm_looks < TUNER_CALM) return TUNER_STAY;
    tuner->calm_looks = 0;
    return TUNER_HALVE;
}

/* The advice was followed. */
static inline void tuner_note(struct tuner *tuner, enum tuner_advice advice)
{
    counter_add(advice == TUNER_DOUBLE ? &tuner->doublings : &tuner->halvings, 1);
}

#endif
