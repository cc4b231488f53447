/* How far two traces are from each other, as numbers from 0 (the same) to 1 (nothing in common), so
 * that a generated mix can be judged against a recorded one. Traces that match in sizes alone are
 * known to mislead about fragmentation (Zorn and Grunwald 1994; Wilson and others 1995): what makes
 * holes is which neighbours die together, and when.
 *
 *     sizes by count   Kolmogorov and Smirnov's distance: the largest difference between the shares
 *                      of new blocks up to a size, over all sizes that are multiples of 8
 *     sizes by bytes   the same of the shares of new blocks' bytes
 *     lifetimes        the same of the shares of new blocks freed within a life of x peaks of the
 *                      live bytes, in bytes allocated, for x from 1/1024 to 1024 in steps of
 *                      an eighth of an octave; blocks never freed live longer than any
 *     live curve       both scaled to one length and one peak: mean difference of their heights at
 *                      200 points, where a height is halfway between a stretch's least and most;
 *                      waves that are out of step count
 *     kinds of calls   total variation: half the sum of the differences of the kinds' shares
 *     order of frees   the larger difference of two shares: of frees in runs of 32 or more, and of
 *                      frees in a run that take an older block than the one before
 *
 * Where one trace has none of what is compared, the distance is 1; where neither has, 0. */
#ifndef INSPECT_DISTANCE_H
#define INSPECT_DISTANCE_H

#include <stdio.h>

#include "inspect_figures.h"
#include "inspect_survey.h"

enum distance {
    DISTANCE_SIZES,
    DISTANCE_SIZE_BYTES,
    DISTANCE_LIVES,
    DISTANCE_CURVE,
    DISTANCE_CALLS,
    DISTANCE_FREES,
    DISTANCES
};

struct distances {
    double values[DISTANCES];
};

extern const char *const distance_names[DISTANCES];

/* Both are finished. */
void distances_measure(const struct survey *one, const struct survey *other, struct distances *out);

/* One sentence: whether results on the one say something about the other. */
void distances_judge(const struct distances *distances, char *text, size_t length);

/* As a table of its own. */
void distances_add(const struct distances *distances, struct inspect_figures *figures);
void distances_print(const struct distances *distances, const char *other, FILE *out);

#endif
