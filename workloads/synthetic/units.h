/* Blocks as an allocator with boundary tags sees them: whole granules, header included. The
 * adversaries count in granules, so that their holes are what their plans say. */
#ifndef UNITS_H
#define UNITS_H

#include "../family.h"

/* Positions of the shared options, which come first in a family's own. */
enum { UNITS_LIVE, UNITS_LARGEST, UNITS_GRANULE, UNITS_HEADER, UNITS_OPTIONS };

#define UNITS_ROWS(live_standard, live_highest, largest_standard, largest_lowest)              \
    [UNITS_LIVE] = {"live",                                                                    \
                    OPTION_BYTES,                                                              \
                    live_standard,                                                             \
                    4096,                                                                      \
                    live_highest,                                                              \
                    NULL,                                                                      \
                    "alive at most, headers included"},                                        \
    [UNITS_LARGEST] = {"largest",                                                              \
                       OPTION_BYTES,                                                           \
                       largest_standard,                                                       \
                       largest_lowest,                                                         \
                       1 << 20,                                                                \
                       NULL,                                                                   \
                       "largest block, header included"},                                      \
    [UNITS_GRANULE] = {"granule",                                                              \
                       OPTION_BYTES,                                                           \
                       "32",                                                                   \
                       8,                                                                      \
                       4096,                                                                   \
                       NULL,                                                                   \
                       "the allocator's smallest block, which divides the size of all; 32 is " \
                       "free-list's"},                                                         \
    [UNITS_HEADER] = {"header",                                                                \
                      OPTION_BYTES,                                                            \
                      "8",                                                                     \
                      0,                                                                       \
                      4095,                                                                    \
                      NULL,                                                                    \
                      "of each block, what the allocator keeps for itself; 8 is free-list's"}

struct units {
    size_t live, largest;   /* in granules */
    size_t granule, header; /* bytes */
};

/* False, saying why, when there is no room for what an adversary needs. */
bool units_open(struct units *units, const struct settings *settings, size_t least_largest,
                struct error *error);

/* A new block that takes so many granules; its slot. */
static inline uint32_t units_new(const struct units *units, struct trace *trace, size_t granules)
{
    return trace_new(trace, granules * units->granule - units->header);
}

#endif
