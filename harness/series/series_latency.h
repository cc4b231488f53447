/* The series of service times, latency.csv, and of what lies inside and outside the allocator,
 * locality.csv: their columns' words, which workloads they take, and what their cells are told. */
#ifndef SERIES_LATENCY_H
#define SERIES_LATENCY_H

#include "../latency/latency.h"
#include "series_kinds.h"

/* In the column `record` of latency.csv. */
enum latency_record {
    RECORD_TSC,   /* count: ticks a second of the counter */
    RECORD_CLOCK, /* the same of the system's clock, where it had to do */
    RECORD_FLOOR, /* a bucket: value_ns its middle, count the readings in it */
    RECORD_CALL,  /* the same of calls */
    RECORD_CALLS, /* count: all calls of that kind, timed or not */
    RECORD_PREEMPTED,
    RECORD_STEP,  /* a bucket of steps of the collector */
    RECORD_FRAME, /* of frames */
    RECORD_LONGEST_STEP,
    RECORD_LONGEST_FRAME,
    RECORD_CLOSING, /* value_ns: the heap's share of lua_close; count: its calls */
    RECORD_SLOW,    /* a call, one of the slowest of its pass */
    RECORD_COUNT
};

extern const char *const latency_record_names[]; /* end with NULL */
extern const char *const latency_kind_names[];   /* of enum call_kind, then "any" */

enum { LATENCY_ANY = LATENCY_KINDS }; /* the kind of what is no call */

/* Of the rows; the names are in series_kinds.c, in this order. */
enum latency_column {
    LATENCY_COLUMN_PASS,
    LATENCY_COLUMN_GAP,
    LATENCY_COLUMN_RECORD,
    LATENCY_COLUMN_KIND,
    LATENCY_COLUMN_VALUE,
    LATENCY_COLUMN_COUNT,
    LATENCY_COLUMN_OLD_SIZE,
    LATENCY_COLUMN_NEW_SIZE,
    LATENCY_COLUMN_OPERATION,
    LATENCY_COLUMN_PREEMPTED
};

enum locality_column {
    LOCALITY_COLUMN_PASS,
    LOCALITY_COLUMN_GAP,
    LOCALITY_COLUMN_KIND,
    LOCALITY_COLUMN_CALLS,
    LOCALITY_COLUMN_TIMED_CALLS,
    LOCALITY_COLUMN_TIMED_NS,
    LOCALITY_COLUMN_TIMED_NS2,
    LOCALITY_COLUMN_FLOOR_PS,
    LOCALITY_COLUMN_CPU_NS,
    LOCALITY_COLUMN_CLOSE_NS
};

enum { LATENCY_GAP = 64, LATENCY_PASSES = 3, LOCALITY_GAP = 8, LOCALITY_PASSES = 5 };
enum { LATENCY_PASSES_BRIEF = 2, LOCALITY_PASSES_BRIEF = 3 }; /* of a run that is not full */
enum { LATENCY_VARIANTS = 1 + LATENCY_PASSES, LOCALITY_VARIANTS = 2 * LOCALITY_PASSES };

/* A cell's parameter. gap 0: nothing is timed but the whole and lua_close (series locality). */
static inline uint64_t latency_pack(unsigned pass, unsigned gap)
{
    return (uint64_t)pass << 32 | gap;
}

static inline unsigned latency_pass_of(uint64_t parameter)
{
    return (unsigned)(parameter >> 32);
}

static inline unsigned latency_gap_of(uint64_t parameter)
{
    return (unsigned)parameter;
}

bool latency_takes(const struct task *task, bool is_short);
uint64_t latency_parameter(const struct series_task *of);
bool locality_takes(const struct task *task, bool is_short);
uint64_t locality_parameter(const struct series_task *of);

/* Makes rows of what a pass has found; false when it cannot. */
typedef bool latency_writer(const struct latency *latency, const struct cell_request *request,
                            struct cell_result *result);

/* One pass over a heap that is open, its time in result->cpu_ns: one that ended well is written. */
enum outcome latency_run(const struct workload *workload, void *job, struct heap *heap,
                         const struct cell_request *request, struct cell_result *result,
                         latency_writer *write);

/* The child's parts, of a workload that is prepared. */
enum outcome series_latency(const struct workload *workload, void *job,
                            const struct cell_request *request, struct cell_result *result);
enum outcome series_locality(const struct workload *workload, void *job,
                             const struct cell_request *request, struct cell_result *result);

#endif
