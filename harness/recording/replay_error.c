/* Cells as `run` and `series` make them, so what is compared here is what heapbench measures
 * everywhere. The trace is replayed once a cell, as the program runs once. */
#include "replay_error.h"

#include <stdlib.h>
#include <string.h>

#include "../cell.h"
#include "../command.h"
#include "../series/series_latency.h"

enum { LIVE, REPLAY, SIDES };

enum { MOMENT = 1, RESIDENT_BYTES = 4, RUNNING = 0 }; /* columns of fragmentation.csv */

static const char *const specs[] = {"libc", "tiered", "mimalloc", "jemalloc", "tcmalloc"};

/* One allocator: [LIVE] of the program, [REPLAY] of its trace. */
struct comparison {
    const char *spec;
    struct call_counts counts[SIDES];
    double peak_resident_bytes[SIDES], inside_ns[SIDES][REPLAY_ERROR_ROUNDS_MAXIMUM];
    unsigned rounds;
};

struct sides {
    struct workload workload[SIDES];
};

static bool spawn(const struct workload *workload, const char *spec, enum cell_mode mode,
                  uint64_t parameter, struct cell_result *result)
{
    struct cell_request request = {.mode = mode,
                                   .spec = spec,
                                   .workload = workload->name,
                                   .path = workload->path,
                                   .seed = 1,
                                   .cpu = -1,
                                   .parameter = parameter,
                                   .timeout_seconds = TIMEOUT_STANDARD};
    struct error error = {""};
    memset(result, 0, sizeof *result);
    if (!cell_spawn(&request, result, &error)) result->outcome = OUTCOME_UNAVAILABLE;
    if (*error.text) result->error = error;
    return result->outcome == OUTCOME_OK;
}

/* Time inside the allocator by the rows of one pass. */
static double sum_inside(const struct cell_result *result)
{
    double sum = 0;
    for (size_t i = 0; i < result->row_count; i++) {
        const uint64_t *values = result->rows[i].values;
        if (values[LOCALITY_COLUMN_KIND] >= LATENCY_KINDS ||
            values[LOCALITY_COLUMN_TIMED_CALLS] == 0)
            continue;
        double mean =
            (double)values[LOCALITY_COLUMN_TIMED_NS] / (double)values[LOCALITY_COLUMN_TIMED_CALLS];
        sum += (double)values[LOCALITY_COLUMN_CALLS] *
               (mean - (double)values[LOCALITY_COLUMN_FLOOR_PS] / 1000);
    }
    return sum;
}

static double find_peak(const struct cell_result *result)
{
    uint64_t peak = 0;
    for (size_t i = 0; i < result->row_count; i++) {
        const uint64_t *values = result->rows[i].values;
        if (values[MOMENT] == RUNNING && values[RESIDENT_BYTES] > peak) {
            peak = values[RESIDENT_BYTES];
        }
    }
    return (double)peak;
}

static bool count_sides(const struct sides *sides, struct comparison *out,
                        struct cell_result *result)
{
    for (unsigned side = 0; side < SIDES; side++) {
        if (!spawn(&sides->workload[side], out->spec, CELL_PROVE, 0, result)) return false;
        out->counts[side] = result->counts;
    }
    return true;
}

static bool measure_memory(const struct sides *sides, struct comparison *out,
                           struct cell_result *result)
{
    for (unsigned side = 0; side < SIDES; side++) {
        uint64_t interval = count_all_calls(&out->counts[side]) / SERIES_SAMPLES + 1;
        if (!spawn(&sides->workload[side], out->spec, CELL_FRAGMENTATION,
                   interval << SERIES_FLAG_BITS, result)) {
            return false;
        }
        out->peak_resident_bytes[side] = find_peak(result);
    }
    return true;
}

static bool measure_round(const struct sides *sides, struct comparison *out, unsigned round,
                          struct cell_result *result)
{
    for (unsigned turn = 0; turn < SIDES; turn++) {
        unsigned side = (round + turn) % SIDES;
        const struct workload *workload = &sides->workload[side];
        uint64_t parameter = latency_pack(round + 1, LOCALITY_GAP);
        if (!spawn(workload, out->spec, CELL_LOCALITY, parameter, result)) return false;
        out->inside_ns[side][round] = sum_inside(result);
    }
    return true;
}

static bool measure(const struct sides *sides, struct comparison *out, struct cell_result *result)
{
    if (!measure_memory(sides, out, result)) return false;
    for (unsigned round = 0; round < out->rounds; round++) {
        if (!measure_round(sides, out, round, result)) return false;
    }
    return true;
}

static int compare(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

/* The lower quartile: a machine has fast and slow moments, and the fast ones are alike. */
static double low_of(const double *values, unsigned rounds)
{
    double sorted[REPLAY_ERROR_ROUNDS_MAXIMUM];
    memcpy(sorted, values, rounds * sizeof *sorted);
    qsort(sorted, rounds, sizeof *sorted, compare);
    return sorted[rounds / 4];
}

static bool hold_equal(const struct comparison *of, struct error *error)
{
    const struct call_counts *live = &of->counts[LIVE], *replay = &of->counts[REPLAY];
    bool is_same = count_all_calls(live) == count_all_calls(replay) &&
                   live->allocated_bytes == replay->allocated_bytes &&
                   live->peak_live_bytes == replay->peak_live_bytes;
    return is_same ||
           error_set(error,
                     "%s: the program made %llu calls for %llu bytes, %llu alive at most; its "
                     "trace %llu, %llu, %llu: is it this program's trace, and does the program ask "
                     "for the same each time?",
                     of->spec, (unsigned long long)count_all_calls(live),
                     (unsigned long long)live->allocated_bytes,
                     (unsigned long long)live->peak_live_bytes,
                     (unsigned long long)count_all_calls(replay),
                     (unsigned long long)replay->allocated_bytes,
                     (unsigned long long)replay->peak_live_bytes);
}

static void print(FILE *out, const struct comparison *of)
{
    const double *resident = of->peak_resident_bytes;
    double live_ns = low_of(of->inside_ns[LIVE], of->rounds);
    double replay_ns = low_of(of->inside_ns[REPLAY], of->rounds);
    double calls = (double)count_all_calls(&of->counts[LIVE]);
    fprintf(out, "%-12s %10.2f %10.2f %+7.1f %% %9.1f %9.1f %+7.1f %%\n", of->spec,
            resident[LIVE] / 1048576, resident[REPLAY] / 1048576,
            100 * (resident[REPLAY] / resident[LIVE] - 1), live_ns / calls, replay_ns / calls,
            100 * (replay_ns / live_ns - 1));
    fflush(out);
}

static void print_head(FILE *out, const struct comparison *first)
{
    const struct call_counts *counts = &first->counts[LIVE];
    fprintf(out,
            "calls %llu, bytes %llu, peak live %llu: the same of program and trace\n"
            "%-12s %33s %31s\n%-12s %10s %10s %9s %9s %9s %9s\n",
            (unsigned long long)count_all_calls(counts),
            (unsigned long long)counts->allocated_bytes,
            (unsigned long long)counts->peak_live_bytes, "", "peak footprint, MiB",
            "inside the allocator, ns/call", "allocator", "program", "trace", "error", "program",
            "trace", "error");
}

static bool find_sides(const char *program, const char *trace, struct sides *out,
                       struct error *error)
{
    char name[sizeof out->workload[REPLAY].name];
    snprintf(name, sizeof name, "%s:passes=1", trace);
    return workload_find(program, &out->workload[LIVE], error) &&
           workload_find(name, &out->workload[REPLAY], error);
}

bool replay_error_print(const char *program, const char *trace, unsigned rounds, FILE *out,
                        struct error *error)
{
    static struct cell_result result;
    struct sides sides;
    size_t printed = 0;
    if (!find_sides(program, trace, &sides, error)) return false;
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        struct comparison comparison = {.spec = specs[i], .rounds = rounds};
        bool is_counted = count_sides(&sides, &comparison, &result);
        if (is_counted && !hold_equal(&comparison, error)) return false;
        if (!is_counted || !measure(&sides, &comparison, &result)) {
            fprintf(out, "%-12s %s: %s\n", comparison.spec, outcome_name(result.outcome),
                    result.error.text);
            continue;
        }
        if (printed++ == 0) print_head(out, &comparison);
        print(out, &comparison);
    }
    return printed || error_set(error, "nothing could be measured");
}
