/* A family of synthetic traces: one generator with options, so that a workload is named as an
 * allocator is, `lifetimes:sizes=lua,deaths=queue,blocks=100000`. The registry of families is
 * families.h. */
#ifndef FAMILY_H
#define FAMILY_H

#include "../allocators/allocator.h"
#include "random.h"
#include "trace.h"

struct trace_family {
    const char *name, *summary;
    const struct option_row *options; /* ends with a row without a name; NULL for none */
    unsigned threads;                 /* that its marks tell apart; 0 as 1 */
    /* Appends a whole trace; blocks may be alive at its end. Settings are in the order of options.
     * False when memory ran out, or when settings do not go together: then error says why. */
    bool (*generate)(struct trace *trace, const struct settings *settings, struct random *random,
                     struct error *error);
};

/* In report order; NULL past the end. */
const struct trace_family *family_at(size_t index);

#endif
