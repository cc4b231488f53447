/* What has come to live since a moment of the program, by line and stack, from the records of a
 * heap. */
#ifndef GROWTH_H
#define GROWTH_H

#include "../allocators/debugging/records.h"

/* Moments are counted in calls of the heap since its oldest living block was made, which is the
 * Lua state itself. The heap's allocator is `records`. */
uint64_t growth_moment(const struct heap *records);

/* Tells the groups that hold most bytes made or resized since, at most so many. Returns how many
 * blocks all groups have. Memory for the work comes from the system: a line says so if it is
 * refused. */
size_t growth_report(const struct heap *records, uint64_t since, size_t most_groups,
                     records_line *line, void *out);

#endif
