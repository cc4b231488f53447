/* What a program spends inside its allocator and outside: the second is where the allocator's
 * choice of places shows, as misses of caches and of address translations in Lua's own work.
 *
 * Two kinds of passes alternate. In one nothing is timed but the whole, and lua_close: its calls go
 * straight to the heap. The other times one call in 8 at random gaps; mean time less mean floor,
 * times the number of calls, is the time inside. Outside is the rest of the first. With larger gaps
 * an interrupt of 100 us in a timed call would weigh as much as all that an allocator does.
 */
#include "../measure.h"
#include "series_latency.h"

/* A link below the heap's own layer, which the program's calls do not pass, but its marks do. */
struct closing {
    struct heap link;
    struct usage at;
    bool is_marked;
};

static void mark(void *heap, enum heap_mark mark, size_t number)
{
    struct closing *closing = heap;
    (void)number;
    if (mark != HEAP_CLOSING) return;
    measure_usage(&closing->at);
    closing->is_marked = true;
}

static const struct wrapper_methods methods = {.mark = mark};
static const struct allocator layer = {
    .name = "closing", .traits = TRAIT_THREAD_SAFE, .wrapper = &methods};

bool locality_takes(const struct task *task, bool is_short)
{
    return task->workload.kind->is_program && latency_takes(task, is_short);
}

uint64_t locality_parameter(const struct series_task *of)
{
    if (of->variant >= 2 * LOCALITY_PASSES_BRIEF && !series_has_time(of)) return SERIES_SKIPPED;
    return latency_pack(of->variant / 2 + 1, of->variant % 2 == 0 ? 0 : LOCALITY_GAP);
}

static struct series_row begin_row(const struct cell_request *request, uint64_t kind)
{
    struct series_row row;
    for (size_t i = 0; i < SERIES_VALUES; i++) row.values[i] = SERIES_UNKNOWN;
    row.values[LOCALITY_COLUMN_PASS] = latency_pass_of(request->parameter);
    row.values[LOCALITY_COLUMN_GAP] = latency_gap_of(request->parameter);
    row.values[LOCALITY_COLUMN_KIND] = kind;
    return row;
}

static bool write_sums(const struct latency *latency, const struct cell_request *request,
                       struct cell_result *result)
{
    double ns = latency->clock.ns_per_tick;
    for (uint64_t kind = 0; kind < LATENCY_KINDS; kind++) {
        const struct latency_sum *times = &latency->times[kind], *floors = &latency->floors[kind];
        struct series_row row = begin_row(request, kind);
        if (times->count == 0 || floors->count == 0) continue;
        row.values[LOCALITY_COLUMN_CALLS] = latency->calls[kind];
        row.values[LOCALITY_COLUMN_TIMED_CALLS] = times->count;
        row.values[LOCALITY_COLUMN_TIMED_NS] = (uint64_t)((double)times->ticks * ns);
        row.values[LOCALITY_COLUMN_TIMED_NS2] = (uint64_t)(times->squares * ns * ns);
        row.values[LOCALITY_COLUMN_FLOOR_PS] =
            (uint64_t)((double)floors->ticks * ns * 1000 / (double)floors->count);
        row.values[LOCALITY_COLUMN_CPU_NS] = result->cpu_ns;
        series_add(result, &row);
    }
    return true;
}

static enum outcome time_whole(const struct workload *workload, void *job, const struct heap *heap,
                               const struct cell_request *request, struct cell_result *result)
{
    struct usage before, after;
    struct series_row row = begin_row(request, LATENCY_ANY);
    struct heap watched = *heap;
    struct closing closing = {.link = {.allocator = &layer, .inner = heap->inner}};
    closing.link.state = &closing;
    closing.link.host = heap->host;
    watched.inner = &closing.link;
    measure_touch_code();
    measure_usage(&before);
    enum outcome outcome = workload->kind->run(job, &watched, &result->error);
    measure_usage(&after);
    row.values[LOCALITY_COLUMN_CPU_NS] = after.cpu_ns - before.cpu_ns;
    if (closing.is_marked) row.values[LOCALITY_COLUMN_CLOSE_NS] = after.cpu_ns - closing.at.cpu_ns;
    series_add(result, &row);
    return outcome;
}

enum outcome series_locality(const struct workload *workload, void *job,
                             const struct cell_request *request, struct cell_result *result)
{
    struct heap *heap = heap_open(request->spec, &result->error);
    if (!heap) return OUTCOME_UNAVAILABLE;
    enum outcome outcome = latency_gap_of(request->parameter)
                               ? latency_run(workload, job, heap, request, result, write_sums)
                               : time_whole(workload, job, heap, request, result);
    heap_close(heap);
    return outcome;
}
