/* The series of threads: how an allocator scales, scaling.csv, and what it keeps when threads have
 * ended, after-exit.csv: their parts, and their columns' words. */
#ifndef SERIES_THREADS_H
#define SERIES_THREADS_H

#include "series_kinds.h"

/* A cell's parameter: a program of workloads/threads/programs.h, its threads, and the round. */
uint64_t scaling_pack(size_t program, unsigned threads, unsigned round);

/* A part a round, program and number of threads, so that all allocators are measured in one before
 * the next, and all parts before the next round. */
bool scaling_part(size_t index, struct series_part *out);

/* Whether threads free all they have borne before they end, or leave it to the one that waits. */
enum exit_way { EXIT_FREED, EXIT_LEFT, EXIT_WAYS };
extern const char *const exit_moment_names[]; /* end with NULL */

bool exit_part(size_t index, struct series_part *out);

/* The child's parts; request->parameter is the part's. */
enum outcome series_scaling(const struct cell_request *request, struct cell_result *result);
enum outcome series_after_exit(const struct cell_request *request, struct cell_result *result);

#endif
