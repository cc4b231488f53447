/* How the tests of replays make a workload of a generator here and run it. To be included after
 * cmocka.h. */
#ifndef REPLAY_TEST_H
#define REPLAY_TEST_H

#include <stdio.h>
#include <stdlib.h>

#include "../workloads/family.h"
#include "../workloads/workload.h"
#include "workload_test.h"

typedef bool generate_fn(struct trace *trace, struct random *random);

/* The C library's, nothing checked: blocks stay where they are where they can. */
static inline void *plain_resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    (void)heap, (void)old_size;
    if (new_size != 0) return realloc(block, new_size);
    free(block);
    return NULL;
}

static inline struct workload planted_workload(generate_fn *generate, const char *options)
{
    struct workload workload = {
        .kind = &workload_kind_replay,
        .name = "planted",
        .generate = generate,
        .threads = 1,
    };
    snprintf(workload.options, sizeof workload.options, "%s", options);
    return workload;
}

#endif
