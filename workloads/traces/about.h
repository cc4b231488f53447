/* The text of a trace's file that says how the trace came about: lines "name: value", UTF-8. */
#ifndef TRACE_ABOUT_H
#define TRACE_ABOUT_H

#include <stdint.h>

#include "../../allocators/allocator.h"
#include "writer.h"

/* False says which line is wrong. Without its end it has fewer than TRACE_ABOUT_MAXIMUM bytes. */
bool about_check(const char *about, size_t bytes, struct error *error);

/* Names of files may hold any bytes: those that are no text become '?', a missing end of the last
 * line is added, and what is too long is cut off. Returns the bytes, its end left out. */
size_t about_clean(char out[TRACE_ABOUT_MAXIMUM], const char *about);

/* What stands in the first line of that name, up to the line's end; empty when there is none. */
const char *about_value(const char *about, const char *name, size_t *length);

/* The whole number that it begins with; 0 for none. */
uint64_t about_number(const char *about, const char *name);

#endif
