/* A workload as a cell runs it: prepared, run, verified, finished. */
#ifndef WORKLOAD_TEST_H
#define WORKLOAD_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../workloads/workload.h"

/* Prepared for one run on this heap, which must end like this. */
static inline void run_workload(const struct workload *workload, const struct heap *heap,
                                enum outcome expected, char answer[ANSWER_LENGTH],
                                struct error *error)
{
    void *job = workload->kind->prepare(workload, 3, error);
    assert_non_null(job);
    assert_int_equal(workload->kind->run(job, heap, error), expected);
    workload->kind->verify(job, answer);
    workload->kind->finish(job);
}

#endif
