/* Draws from distributions in whole numbers alone, so that a seed means the same trace on every
 * machine, whatever its mathematical library. */
#ifndef DRAWS_H
#define DRAWS_H

#include <stdbool.h>

#include "../random.h"

/* True in so many of 100 draws. */
bool draw_percent(struct random *random, uint64_t percent);

/* From low to high, both allowed. */
uint64_t draw_between(struct random *random, uint64_t low, uint64_t high);

/* Exponentially distributed with that mean, at least 1; mean below 2^40. */
uint64_t draw_exponential(struct random *random, uint64_t mean);

/* Log-normally distributed: half of the draws are below the median, and one standard deviation is a
 * factor of two. At least 1; median below 2^32. */
uint64_t draw_log_normal(struct random *random, uint64_t median);

#endif
