/* Rows of passes become histograms again, whose buckets are those that they came from.
 *
 * A call that is among the slowest of several passes stands once, with the middle one of its three
 * times or the lesser of two: what comes in between does not come again, what the allocator does
 * at this operation does.
 */
#include "latency_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUANTILES = 5, BEYOND = 10 };

static const struct {
    const char *name;
    double share;
} quantiles[QUANTILES] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999},
};

void latency_table_open(struct latency_table *table)
{
    memset(table, 0, sizeof *table);
}

/* ---- reading rows */

static void note(struct histogram *histogram, const uint64_t *row)
{
    uint64_t value = row[LATENCY_COLUMN_VALUE], count = row[LATENCY_COLUMN_COUNT];
    histogram->count += count;
    histogram->sum += value * count;
    if (value > histogram->maximum) histogram->maximum = value;
    if (~value > histogram->minimum_inverted) histogram->minimum_inverted = ~value;
    histogram->buckets[histogram_bucket(value)] += count;
}

static void note_kind(struct histogram *of_kinds, const uint64_t *row)
{
    note(&of_kinds[row[LATENCY_COLUMN_KIND]], row);
    note(&of_kinds[LATENCY_ALL], row);
}

static void note_slow(struct latency_table *table, const uint64_t *row)
{
    struct latency_seen *seen = table->slowest, *end = seen + table->slowest_count;
    while (seen != end && seen->call.operation != row[LATENCY_COLUMN_OPERATION]) seen++;
    if (seen == end) {
        table->slowest_count++;
        seen->call = (struct latency_call){
            .operation = row[LATENCY_COLUMN_OPERATION],
            .old_size = row[LATENCY_COLUMN_OLD_SIZE],
            .new_size = row[LATENCY_COLUMN_NEW_SIZE],
            .kind = (enum call_kind)row[LATENCY_COLUMN_KIND],
        };
    }
    /* Its other times are the allocator's. */
    bool is_preempted = row[LATENCY_COLUMN_PREEMPTED] != 0;
    if (is_preempted && seen->passes > 0) return;
    if (!is_preempted && seen->call.is_preempted) seen->passes = 0;
    seen->call.is_preempted = is_preempted;
    seen->ns[seen->passes++] = row[LATENCY_COLUMN_VALUE];
}

static void note_calls(struct latency_table *table, const uint64_t *row)
{
    if (row[LATENCY_COLUMN_PASS] != 0) return;
    table->call_count[row[LATENCY_COLUMN_KIND]] = row[LATENCY_COLUMN_COUNT];
    table->call_count[LATENCY_ALL] += row[LATENCY_COLUMN_COUNT];
}

static void note_row(struct latency_table *table, const uint64_t *row)
{
    size_t all = row[LATENCY_COLUMN_GAP] == 1;
    switch (row[LATENCY_COLUMN_RECORD]) {
    case RECORD_TSC: table->is_counter = true; break;
    case RECORD_FLOOR: note_kind(table->floors[all], row); break;
    case RECORD_CALL: note_kind(table->calls[all], row); break;
    case RECORD_CALLS: note_calls(table, row); break;
    case RECORD_PREEMPTED: table->preempted += row[LATENCY_COLUMN_COUNT]; break;
    case RECORD_STEP: note(&table->steps, row); break;
    case RECORD_FRAME: note(&table->frames, row); break;
    case RECORD_SLOW: note_slow(table, row); break;
    default: break;
    }
}

void latency_table_add(struct latency_table *table, enum cell_mode mode,
                       const struct cell_result *result)
{
    for (size_t i = 0; i < result->row_count; i++) {
        const uint64_t *row = result->rows[i].values;
        if (mode == CELL_LATENCY) note_row(table, row);
        else table->close_ns = row[LOCALITY_COLUMN_CLOSE_NS];
    }
}

/* ---- printing */

static bool has_beyond(const struct histogram *histogram, double share)
{
    return (1 - share) * (double)histogram->count >= BEYOND;
}

/* Of the first source that has enough calls beyond it. */
static void print_quantile(const struct latency_table *table, size_t kind, double share)
{
    for (size_t all = share > 0.999; all < 2; all++) {
        const struct histogram *calls = &table->calls[all][kind];
        uint64_t value = histogram_quantile(calls, share);
        if (!has_beyond(calls, share)) continue;
        bool is_known = value >= 2 * histogram_quantile(&table->floors[all][kind], share);
        if (is_known) printf(" %8" PRIu64, value);
        else printf(" %8s", "floor");
        return;
    }
    printf(" %8s", "-");
}

static void print_kind(const struct latency_table *table, size_t kind)
{
    if (table->call_count[kind] == 0) return;
    printf("  %-13s %11" PRIu64, kind == LATENCY_ALL ? "all" : latency_kind_names[kind],
           table->call_count[kind]);
    for (size_t i = 0; i < QUANTILES; i++) print_quantile(table, kind, quantiles[i].share);
    printf(" %9" PRIu64 "\n", table->calls[1][kind].maximum);
}

static void print_stretch(const char *name, const struct histogram *stretches)
{
    if (stretches->count == 0) return;
    printf("  %-13s %11" PRIu64, name, stretches->count);
    for (size_t i = 0; i < QUANTILES; i++) {
        if (!has_beyond(stretches, quantiles[i].share)) printf(" %8s", "-");
        else printf(" %8" PRIu64, histogram_quantile(stretches, quantiles[i].share));
    }
    printf(" %9" PRIu64 "\n", stretches->maximum);
}

static uint64_t middle(const struct latency_seen *seen)
{
    const uint64_t *ns = seen->ns;
    uint64_t low = ns[0] < ns[1] ? ns[0] : ns[1], high = ns[0] < ns[1] ? ns[1] : ns[0];
    if (seen->passes == 1) return ns[0];
    if (seen->passes == 2 || ns[2] <= low) return low;
    return ns[2] < high ? ns[2] : high;
}

/* What was slow again, then what was slow once, then what was preempted whenever it was slow. */
static int rank(const struct latency_seen *seen)
{
    return seen->call.is_preempted ? 2 : seen->passes == 1;
}

static int by_rank(const void *a, const void *b)
{
    uint64_t first = middle(a), second = middle(b);
    if (rank(a) != rank(b)) return rank(a) - rank(b);
    return (first < second) - (first > second);
}

static void print_slow(const struct latency_seen *seen)
{
    const struct latency_call *call = &seen->call;
    printf("  %10" PRIu64 "  %-6s %10zu %10zu %11" PRIu64 "  %s\n", middle(seen),
           latency_kind_names[call->kind], call->old_size, call->new_size, call->operation,
           call->is_preempted ? "preempted"
           : seen->passes > 1 ? "again"
                              : "");
}

void latency_table_print(struct latency_table *table, const char *workload, const char *spec)
{
    printf("%s on %s: ns by the %s; a call of nothing takes %" PRIu64 "; %" PRIu64
           " timed calls were preempted\n  %-13s %11s",
           workload, spec, table->is_counter ? "time stamp counter" : "system's clock",
           histogram_quantile(&table->floors[0][LATENCY_ALL], 0.5), table->preempted, "", "count");
    for (size_t i = 0; i < QUANTILES; i++) printf(" %8s", quantiles[i].name);
    printf(" %9s\n", "max");
    for (size_t kind = 0; kind < LATENCY_TABLE_KINDS; kind++) print_kind(table, kind);
    print_stretch("runs of frees", &table->steps);
    print_stretch("frames", &table->frames);
    if (table->close_ns != 0 && table->close_ns != SERIES_UNKNOWN) {
        printf("  %-13s %11d %*" PRIu64 "\n", "lua_close", 1, QUANTILES * 9 + 10, table->close_ns);
    }
    qsort(table->slowest, table->slowest_count, sizeof *table->slowest, by_rank);
    printf("  %10s  %-6s %10s %10s %11s\n", "slowest", "", "old size", "new size", "operation");
    for (size_t i = 0; i < table->slowest_count && i < LATENCY_SHOWN; i++) {
        print_slow(&table->slowest[i]);
    }
    putchar('\n');
}
