/* How far a replay is from the run that it was recorded of: the same cells, once with the program
 * and once with its trace, on several allocators. What must be equal is held to be equal; what can
 * only be close is told side by side.
 *
 *     calls, bytes, peak live   by the `count` wrapper, exact
 *     footprint                 the peak of resident memory, less what was resident before, in 500
 *                               samples; every page of a block is written (series fragmentation)
 *     allocator time            number of calls times the mean service time of one call in 8, net
 *                               of the clock's own cost (series_latency.h); the program and its
 *                               trace take turns; the lower quartile of the rounds, as fast moments
 *                               of a machine are alike and slow ones are not
 */
#ifndef REPLAY_ERROR_H
#define REPLAY_ERROR_H

#include <stdio.h>

#include "../../allocators/allocator.h"

enum { REPLAY_ERROR_ROUNDS = 15, REPLAY_ERROR_ROUNDS_MAXIMUM = 99 };

/* program: a script's path or a Lua workload's name; trace: the file recorded of it. On the five
 * allocators that the documents tell of. False, with the reason, when a figure that must be equal
 * is not, or when nothing could be measured; a single allocator that is not there is a line. */
bool replay_error_print(const char *program, const char *trace, unsigned rounds, FILE *out,
                        struct error *error);

#endif
