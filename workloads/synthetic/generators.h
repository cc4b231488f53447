/* The generators of the synthetic workloads, declared by the list itself. Each appends a whole
 * trace, at whose end nothing is alive. False when memory for it ran out. */
#ifndef GENERATORS_H
#define GENERATORS_H

#include "../random.h"
#include "../trace.h"

#define SYNTHETIC(name, passes, summary) \
    bool generate_##name(struct trace *trace, struct random *random);
#include "../list.h"
#undef SYNTHETIC

#endif
