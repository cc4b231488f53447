/* The generators of the synthetic workloads and the families, declared by their lists. Each of the
 * first appends a whole trace, at whose end nothing is alive. False when memory for it ran out. */
#ifndef GENERATORS_H
#define GENERATORS_H

#include "../family.h"

#define SYNTHETIC(name, passes, summary) \
    bool generate_##name(struct trace *trace, struct random *random);
#include "../list.h"
#undef SYNTHETIC

#define FAMILY(name) extern const struct trace_family family_##name;
#include "../families.h"
#undef FAMILY

#endif
