/* Where a family takes its block sizes from: options that several families share. */
#ifndef SIZES_H
#define SIZES_H

#include "../family.h"

/* Positions of the shared options, which come first in a family's own. */
enum { SIZES_KIND, SIZES_TYPICAL, SIZES_LEAST, SIZES_MOST, SIZES_OPTIONS };

/* The rows, with the standard kind, typical size and bounds of the family. */
#define SIZES_ROWS(kind_standard, typical_standard, least_standard, most_standard)               \
    [SIZES_KIND] = {"sizes",                                                                     \
                    OPTION_CHOICE,                                                               \
                    kind_standard,                                                               \
                    0,                                                                           \
                    0,                                                                           \
                    SIZES_CHOICES,                                                               \
                    "all alike; equally likely; log-normal around size; as Lua programs ask; a " \
                    "power of two, one less or one more"},                                       \
    [SIZES_TYPICAL] = {"size",                                                                   \
                       OPTION_BYTES,                                                             \
                       typical_standard,                                                         \
                       1,                                                                        \
                       SIZES_HIGHEST,                                                            \
                       NULL,                                                                     \
                       "of fixed; the median of log-normal"},                                    \
    [SIZES_LEAST] = {"least",       OPTION_BYTES, least_standard,       1,                       \
                     SIZES_HIGHEST, NULL,         "no block is smaller"},                        \
    [SIZES_MOST] = {"most",        OPTION_BYTES, most_standard,       1,                         \
                    SIZES_HIGHEST, NULL,         "no block is larger"}

#define SIZES_CHOICES "fixed uniform log-normal lua powers"
#define SIZES_HIGHEST ((size_t)1 << 30)

struct size_source {
    size_t kind, typical, least, most; /* bytes */
};

/* False, saying why, when the bounds leave no size. */
bool sizes_open(struct size_source *source, const struct settings *settings, struct error *error);

/* The next size in bytes, within the bounds. */
size_t sizes_draw(const struct size_source *source, struct random *random);

#endif
