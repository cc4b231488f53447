/* Writes a trace into a file as docs/trace-format.md says: compressed while it is made, so that it
 * may be longer than memory. */
#ifndef TRACE_WRITER_H
#define TRACE_WRITER_H

#include "../../allocators/allocator.h"
#include "../trace.h"

/* Of the text that says how a trace came about, with its end. */
enum { TRACE_ABOUT_MAXIMUM = 4096 };

/* Largest arguments of these marks, which is asserted: threads from 0, alignment as log2. */
enum { TRACE_THREAD_MAXIMUM = (1 << 16) - 1, TRACE_ALIGNMENT_MAXIMUM = 31 };

/* The line of that text which tells how long the program was busy between two calls: whole
 * nanoseconds, in the mean over all calls. */
#define TRACE_OUTSIDE "outside ns"

struct trace_writer;

/* Begins the file, or says why not. `about` is lines "name: value" that say what was recorded or
 * generated, and how: UTF-8; bytes that are none become '?', what is too long is cut off. A file
 * that is there is replaced when the new one is whole. */
struct trace_writer *trace_writer_open(const char *path, const char *about, struct error *error);

/* What to append to, by the functions of trace.h. Blocks may be alive at its end. */
struct trace *trace_writer_trace(struct trace_writer *writer);

/* Another text of the same length in bytes, for what is known last. */
void trace_writer_amend(struct trace_writer *writer, const char *about);

/* Completes the file. False says why it could not; then, as after discard, there is none. */
bool trace_writer_close(struct trace_writer *writer, struct error *error);
void trace_writer_discard(struct trace_writer *writer);

#endif
