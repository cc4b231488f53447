/* Reads a trace's file, a part at a time, and believes none of it: whatever bytes it holds, each
 * event that is handed out is one that a program could have asked for. Takes no memory from malloc,
 * and no more than its window and 8 bytes for each slot that has been seen. */
#ifndef TRACE_READER_H
#define TRACE_READER_H

#include "../../allocators/allocator.h"
#include "../trace.h"

/* What the file's head says of the whole; held against the events when the last has been read. */
struct trace_totals {
    uint64_t event_count, operation_count; /* with and without marks; queries are operations */
    uint64_t allocated_bytes;              /* sum of sizes asked for and of what growths added */
    uint64_t peak_live_bytes, final_live_bytes;
    uint64_t file_bytes;
    uint32_t slot_count, thread_count;
    bool touches_blocks;
};

struct trace_reader;

/* NULL says what is wrong, at which byte, and what to do. */
struct trace_reader *trace_reader_open(const char *path, struct error *error);

const struct trace_totals *trace_reader_totals(const struct trace_reader *reader);
const char *trace_reader_about(const struct trace_reader *reader); /* lines "name: value" */

/* The next events, valid until the next call. 0 at the end, and when the file is broken: then the
 * error names the byte and the event, else its text is empty. */
size_t trace_reader_next(struct trace_reader *reader, const struct trace_event **events,
                         struct error *error);

/* Begins again with the first event. */
void trace_reader_rewind(struct trace_reader *reader);

/* NULL is allowed. */
void trace_reader_close(struct trace_reader *reader);

#endif
