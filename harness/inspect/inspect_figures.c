/* Which figures there are, in report order. Shares are of what their names say: of new blocks, of
 * frees, of growths; a share of nothing is no figure.
 */
#include "inspect_figures.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

void inspect_begin(struct inspect_figures *figures, const char *table)
{
    figures->table = table;
    figures->row[0] = '\0';
}

void inspect_row(struct inspect_figures *figures, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(figures->row, sizeof figures->row, format, arguments);
    va_end(arguments);
}

static bool make_room(struct inspect_figures *figures)
{
    if (figures->count < figures->capacity) return true;
    size_t capacity = figures->capacity ? 2 * figures->capacity : 256;
    struct inspect_figure *grown = realloc(figures->items, capacity * sizeof *grown);
    if (!grown) return false;
    figures->items = grown;
    figures->capacity = capacity;
    return true;
}

void inspect_add(struct inspect_figures *figures, const char *name, double value, const char *unit)
{
    if (!make_room(figures)) {
        figures->is_full = true;
        return;
    }
    struct inspect_figure *figure = &figures->items[figures->count++];
    *figure = (struct inspect_figure){figures->table, name, unit, "", value};
    snprintf(figure->row, sizeof figure->row, "%s", figures->row);
}

void inspect_add_share(struct inspect_figures *figures, const char *name, uint64_t part,
                       uint64_t whole)
{
    inspect_add(figures, name, whole ? 100.0 * (double)part / (double)whole : (double)NAN, "%");
}

void inspect_close(struct inspect_figures *figures)
{
    free(figures->items);
    *figures = (struct inspect_figures){0};
}

/* ---- the tables */

static double ratio(double upper, double lower)
{
    return lower > 0 ? upper / lower : (double)NAN;
}

static void add_totals(struct inspect_figures *figures, const struct survey *survey)
{
    inspect_begin(figures, "totals");
    inspect_add(figures, "events", (double)survey->events, "events");
    inspect_add(figures, "calls", (double)survey->operations, "calls");
    inspect_add(figures, "allocated", (double)survey->allocated_bytes, "bytes");
    inspect_add(figures, "threads", (double)survey->threads, "threads");
    inspect_begin(figures, "marks");
    inspect_add(figures, "Lua states opened", (double)survey->states, "states");
    inspect_add(figures, "phases", (double)survey->phases.count, "phases");
    inspect_add(figures, "frames", (double)survey->marks[MARK_FRAME], "frames");
    inspect_add(figures, "collections", (double)survey->collections.count, "collections");
    inspect_add(figures, "aligned requests", (double)survey->marks[MARK_ALIGNMENT], "calls");
    inspect_add(figures, "greatest alignment", survey->alignment ? exp2(survey->alignment) : 0,
                "bytes");
    inspect_add(figures, "visits of blocks", (double)survey->marks[MARK_VISIT], "visits");
}

static void add_live(struct inspect_figures *figures, const struct survey *survey)
{
    inspect_begin(figures, "live");
    inspect_add(figures, "peak", (double)survey->peak_bytes, "bytes");
    inspect_add(figures, "peak at call", (double)survey->peak_bytes_operation, "");
    inspect_add(figures, "most blocks", (double)survey->peak_blocks, "blocks");
    inspect_add(figures, "most blocks at call", (double)survey->peak_blocks_operation, "");
    inspect_add(figures, "at the end", (double)survey->live_bytes, "bytes");
    inspect_add(figures, "blocks at the end", (double)survey->live_blocks, "blocks");
    inspect_add(figures, "waves", (double)survey->waves.count, "waves");
    inspect_add(figures, "median peak over trough",
                ratio((double)histogram_quantile(&survey->waves, 0.5),
                      survey->waves.count ? FACTOR_UNIT : 0),
                "times");
}

static void add_calls(struct inspect_figures *figures, const struct survey *survey)
{
    static const char *const names[] = {"new", "free", "grow", "shrink", "same size", "query"};
    inspect_begin(figures, "calls");
    for (int i = 0; i < SURVEY_CALLS; i++) {
        inspect_row(figures, "%s", names[i]);
        inspect_add(figures, "number", (double)survey->calls[i], "calls");
        inspect_add_share(figures, "share", survey->calls[i], survey->operations);
    }
}

static const struct {
    const char *name;
    double share;
} quantiles[] = {{"p10", 0.1}, {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}};

enum { QUANTILES = sizeof quantiles / sizeof *quantiles };

static double quantile(const struct histogram *histogram, int which)
{
    if (histogram->count == 0) return (double)NAN;
    return (double)histogram_quantile(histogram, quantiles[which].share);
}

static void add_lifetimes(struct inspect_figures *figures, const struct survey *survey)
{
    inspect_begin(figures, "lifetimes");
    inspect_add_share(figures, "freed within 64 new blocks", survey->early_frees,
                      survey->calls[SURVEY_FREE]);
    inspect_add_share(figures, "never freed", survey->live_blocks, survey->calls[SURVEY_NEW]);
    inspect_begin(figures, "life of freed blocks");
    for (int i = 0; i < QUANTILES; i++) {
        double bytes = quantile(&survey->life_bytes, i);
        inspect_row(figures, "%s", quantiles[i].name);
        inspect_add(figures, "in bytes", bytes, "bytes");
        inspect_add(figures, "in peaks", ratio(bytes, (double)survey->peak_bytes), "times");
        inspect_add(figures, "in calls", quantile(&survey->life_operations, i), "calls");
    }
}

static void add_resizes(struct inspect_figures *figures, const struct survey *survey)
{
    inspect_begin(figures, "resizes");
    inspect_add(figures, "blocks resized", (double)survey->chains.count, "blocks");
    inspect_add_share(figures, "of new blocks", survey->chains.count, survey->calls[SURVEY_NEW]);
    inspect_add_share(figures, "growths exactly double", survey->doublings,
                      survey->calls[SURVEY_GROW]);
    inspect_begin(figures, "chains of resizes");
    for (int i = 0; i < QUANTILES; i++) {
        inspect_row(figures, "%s", quantiles[i].name);
        inspect_add(figures, "length", quantile(&survey->chains, i), "calls");
        inspect_add(figures, "growth", quantile(&survey->factors, i) / FACTOR_UNIT, "times");
    }
}

/* The length of the run that half of all frees lie in runs no longer than. */
static double run_of_median_free(const struct histogram *runs)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += runs->buckets[i] * histogram_middle(i);
        if (2 * seen >= runs->sum && seen) return (double)histogram_middle(i);
    }
    return runs->count ? (double)runs->maximum : (double)NAN;
}

static void add_frees(struct inspect_figures *figures, const struct survey *survey)
{
    uint64_t frees = survey->calls[SURVEY_FREE];
    inspect_begin(figures, "frees");
    inspect_add_share(figures, "in runs of 32 or more", survey->frees_in_long_runs, frees);
    inspect_add(figures, "median run", quantile(&survey->runs, 1), "frees");
    inspect_add(figures, "run of the median free", run_of_median_free(&survey->runs), "frees");
    inspect_add_share(figures, "next in a run is older", survey->neighbours_backwards,
                      survey->neighbours);
    inspect_add_share(figures, "by another thread", survey->foreign_frees, frees);
}

static void add_reuse(struct inspect_figures *figures, const struct survey *survey)
{
    inspect_begin(figures, "reuse in classes of 16 bytes");
    inspect_add_share(figures, "new blocks that fit a freed one", survey->reusable,
                      survey->calls[SURVEY_NEW]);
    inspect_add(figures, "sum of class peaks over peak",
                ratio((double)survey_class_peaks(survey), (double)survey->peak_bytes), "times");
}

void inspect_summarise(struct inspect_figures *figures, const struct survey *survey)
{
    add_totals(figures, survey);
    add_live(figures, survey);
    add_calls(figures, survey);
    inspect_summarise_sizes(figures, survey);
    add_lifetimes(figures, survey);
    add_resizes(figures, survey);
    add_frees(figures, survey);
    add_reuse(figures, survey);
}
