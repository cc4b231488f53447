/* Where a trace's events come from: generated, read whole from its file, or decoded from a file a
 * part at a time where they would take too much memory. All of it takes pages, never malloc. */
#ifndef TRACE_SOURCE_H
#define TRACE_SOURCE_H

#include "../traces/reader.h"
#include "options.h"

struct trace_source {
    struct trace trace;          /* its events, where they are in memory */
    struct trace_reader *reader; /* of a file that is not; else NULL */
    bool has_given;              /* of events in memory: all, since the last rewind */
    bool touches_blocks;
    uint32_t outside_ns; /* that the program was busy between two calls, in the mean; 0: unknown */
    uint32_t slot_count;
    uint32_t thread_count;    /* by the file's head, or the most that the family has; at least 1 */
    uint64_t operation_count; /* events that are calls */
};

/* Generates with the seed of the options or this one, or opens the file. False says why not. */
bool trace_source_open(struct trace_source *source, const struct workload *workload,
                       const struct replay_options *options, uint64_t seed, struct error *error);

/* The next events, marks and all: valid until the next call. 0 at the end, and with an error's text
 * when the file is broken. */
size_t trace_source_next(struct trace_source *source, const struct trace_event **events,
                         struct error *error);

/* Begins again with the first event. */
void trace_source_rewind(struct trace_source *source);
void trace_source_close(struct trace_source *source);

#endif
