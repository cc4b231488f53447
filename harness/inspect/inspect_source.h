/* Where `heapbench inspect` finds a trace: a file, or a workload that is generated for it. */
#ifndef INSPECT_SOURCE_H
#define INSPECT_SOURCE_H

#include "../../workloads/traces/writer.h"
#include "inspect_survey.h"

struct inspected {
    struct survey *survey;
    char about[TRACE_ABOUT_MAXIMUM]; /* lines "name: value" */
};

/* Walks over all of it. The seed draws what a workload draws; a file does not ask for one. False
 * says why not; *is_mistake, whether the name is to blame. */
bool inspect_read(const char *name, uint64_t seed, struct inspected *out, bool *is_mistake,
                  struct error *error);

void inspect_free(struct inspected *inspected);

#endif
