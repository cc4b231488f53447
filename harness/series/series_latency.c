/* A pass of a workload whose calls are timed, as rows: histograms bucket by bucket, what they leave
 * out, and the slowest calls.
 *
 * A workload has one pass with random gaps, for quantiles up to 99.9 %, which disturbs the program
 * by about a tenth, and three in which every call is timed: the first for what is rarer, all for
 * the slowest calls, as one that is slow in two of them is slow by itself. The parts of a series
 * follow each other so that every allocator has had a pass before any has its next.
 */
#include "series_latency.h"

#include <string.h>

#include "../measure.h"

const char *const latency_record_names[] = {
    [RECORD_TSC] = "tsc",
    [RECORD_CLOCK] = "clock",
    [RECORD_FLOOR] = "floor",
    [RECORD_CALL] = "call",
    [RECORD_CALLS] = "calls",
    [RECORD_PREEMPTED] = "preempted",
    [RECORD_STEP] = "step",
    [RECORD_FRAME] = "frame",
    [RECORD_LONGEST_STEP] = "longest step",
    [RECORD_LONGEST_FRAME] = "longest frame",
    [RECORD_CLOSING] = "closing",
    [RECORD_SLOW] = "slow",
    [RECORD_COUNT] = NULL,
};

const char *const latency_kind_names[] = {
    [CALL_NEW] = "new",   [CALL_GROW] = "grow",  [CALL_SHRINK] = "shrink",
    [CALL_FREE] = "free", [LATENCY_ANY] = "any", NULL,
};

/* Of Lua a parser of text, tables that stay, a cache, and short-lived tables; of traces one whose
 * heap is beyond the processor's caches. The first two alone take some 20 s in a short run. */
static const char *const standard[] = {"json", "tables-kept", "cache", "table-churn",
                                       "lua-mix-large"};

enum { STANDARD_COUNT = sizeof standard / sizeof *standard, STANDARD_SHORT = 2 };

bool latency_takes(const struct task *task, bool is_short)
{
    size_t count = is_short ? STANDARD_SHORT : STANDARD_COUNT, i = 0;
    while (i < count && strcmp(standard[i], task->workload.name) != 0) i++;
    return i < count;
}

uint64_t latency_parameter(const struct series_task *of)
{
    if (of->variant > LATENCY_PASSES_BRIEF && !series_has_time(of)) return SERIES_SKIPPED;
    return latency_pack(of->variant, of->variant == 0 ? LATENCY_GAP : 1);
}

/* Where rows are made: what all rows of the pass begin with. */
struct writer {
    struct cell_result *result;
    uint64_t pass, gap;
    bool is_full;
};

static struct series_row begin_row(const struct writer *writer, enum latency_record record,
                                   uint64_t kind)
{
    struct series_row row;
    for (size_t i = 0; i < SERIES_VALUES; i++) row.values[i] = SERIES_UNKNOWN;
    row.values[LATENCY_COLUMN_PASS] = writer->pass;
    row.values[LATENCY_COLUMN_GAP] = writer->gap;
    row.values[LATENCY_COLUMN_RECORD] = record;
    row.values[LATENCY_COLUMN_KIND] = kind;
    return row;
}

static void add(struct writer *writer, enum latency_record record, uint64_t kind, uint64_t value_ns,
                uint64_t count)
{
    struct series_row row = begin_row(writer, record, kind);
    row.values[LATENCY_COLUMN_VALUE] = value_ns;
    row.values[LATENCY_COLUMN_COUNT] = count;
    writer->is_full |= !series_add(writer->result, &row);
}

static void add_histogram(struct writer *writer, enum latency_record record, uint64_t kind,
                          const struct histogram *histogram)
{
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint64_t count = histogram->buckets[i];
        if (count) add(writer, record, kind, histogram_middle(i), count);
    }
}

static void add_stretch(struct writer *writer, enum latency_record record,
                        const struct latency_stretch *stretch)
{
    struct series_row row = begin_row(writer, record, LATENCY_ANY);
    if (stretch->calls == 0) return;
    row.values[LATENCY_COLUMN_VALUE] = stretch->ns;
    row.values[LATENCY_COLUMN_COUNT] = stretch->calls;
    row.values[LATENCY_COLUMN_OPERATION] = stretch->first_operation;
    writer->is_full |= !series_add(writer->result, &row);
}

static void add_slow(struct writer *writer, const struct latency_call *call)
{
    struct series_row row = begin_row(writer, RECORD_SLOW, call->kind);
    row.values[LATENCY_COLUMN_VALUE] = call->ns;
    row.values[LATENCY_COLUMN_COUNT] = 1;
    row.values[LATENCY_COLUMN_OLD_SIZE] = call->old_size;
    row.values[LATENCY_COLUMN_NEW_SIZE] = call->new_size;
    row.values[LATENCY_COLUMN_OPERATION] = call->operation;
    row.values[LATENCY_COLUMN_PREEMPTED] = call->is_preempted;
    writer->is_full |= !series_add(writer->result, &row);
}

static void add_kinds(struct writer *writer, const struct latency *latency)
{
    for (uint64_t kind = 0; kind < LATENCY_KINDS; kind++) {
        if (latency->calls[kind] == 0) continue;
        add(writer, RECORD_CALLS, kind, SERIES_UNKNOWN, latency->calls[kind]);
        add(writer, RECORD_PREEMPTED, kind, SERIES_UNKNOWN, latency->preempted[kind]);
        add_histogram(writer, RECORD_FLOOR, kind, &latency->floor_ns[kind]);
        add_histogram(writer, RECORD_CALL, kind, &latency->call_ns[kind]);
    }
}

static void add_stretches(struct writer *writer, const struct latency *latency)
{
    add_histogram(writer, RECORD_STEP, LATENCY_ANY, &latency->step_ns);
    add_histogram(writer, RECORD_FRAME, LATENCY_ANY, &latency->frame_ns);
    add_stretch(writer, RECORD_LONGEST_STEP, &latency->longest_step);
    add_stretch(writer, RECORD_LONGEST_FRAME, &latency->longest_frame);
    add_stretch(writer, RECORD_CLOSING, &latency->closing);
}

static bool write_pass(const struct latency *latency, const struct cell_request *request,
                       struct cell_result *result)
{
    struct writer writer = {.result = result,
                            .pass = latency_pass_of(request->parameter),
                            .gap = latency_gap_of(request->parameter)};
    bool is_counter = latency_clock_is_counter(&latency->clock);
    add(&writer, is_counter ? RECORD_TSC : RECORD_CLOCK, LATENCY_ANY, SERIES_UNKNOWN,
        (uint64_t)(1e9 / latency->clock.ns_per_tick + 0.5));
    /* Of three passes over all calls one is enough, but for what is to be slow again. */
    if (writer.pass <= 1) add_kinds(&writer, latency);
    if (writer.pass == 1) add_stretches(&writer, latency);
    for (size_t i = 0; writer.gap == 1 && i < latency->slowest_count; i++) {
        add_slow(&writer, &latency->slowest[i]);
    }
    return !writer.is_full || error_set(&result->error,
                                        "its times differ so much that %d rows do "
                                        "not hold them",
                                        SERIES_ROWS);
}

enum outcome latency_run(const struct workload *workload, void *job, struct heap *heap,
                         const struct cell_request *request, struct cell_result *result,
                         latency_writer *write)
{
    struct latency_clock clock;
    struct usage before, after;
    latency_clock_open(&clock);
    struct latency *latency =
        latency_open(heap, &clock, latency_gap_of(request->parameter),
                     request->seed + latency_pass_of(request->parameter), &result->error);
    if (!latency) return OUTCOME_OUT_OF_MEMORY;
    measure_touch_code();
    measure_usage(&before);
    enum outcome outcome = workload->kind->run(job, &latency->heap, &result->error);
    measure_usage(&after);
    result->cpu_ns = after.cpu_ns - before.cpu_ns;
    latency_end(latency);
    bool is_written = outcome != OUTCOME_OK || write(latency, request, result);
    latency_close(latency);
    return is_written ? outcome : OUTCOME_WRONG_ANSWER;
}

enum outcome series_latency(const struct workload *workload, void *job,
                            const struct cell_request *request, struct cell_result *result)
{
    struct heap *heap = heap_open(request->spec, &result->error);
    if (!heap) return OUTCOME_UNAVAILABLE;
    enum outcome outcome = latency_run(workload, job, heap, request, result, write_pass);
    heap_close(heap);
    return outcome;
}
