/* The report for scripts: one figure a row, in the long form. Tables are calls, peak, end, closed,
 * the name of the heap's tiers, figures, closing; row is the tier's number, or the sum's name. */
#include <math.h>

#include "figures.h"
#include "../record.h"
#include "report_forms.h"

static const char *const moment_tables[] = {"peak", "end", "closed"};

/* Where the next rows belong. */
struct row_place {
    FILE *out;
    size_t layer;
    const char *allocator, *table, *row;
};

static void print_row(const struct row_place *place, const char *name, double value,
                      const char *unit)
{
    char line[RECORD_LINE], number[32];
    const char *const fields[] = {place->allocator, place->table, place->row, name, number, unit};
    char *at = line;
    if (isnan(value)) return;
    snprintf(number, sizeof number, "%.15g", value);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        *at++ = ',';
        at = record_format_text(at, fields[i]);
    }
    *at = '\0';
    fprintf(place->out, "%zu%s\n", place->layer, line);
}

static void print_totals(struct row_place place, const struct report *report)
{
    for (int i = 0; i < MOMENT_COUNT; i++) {
        if (!report->moments[i]->is_taken) continue;
        const struct heap_statistics *totals = &report->moments[i]->layers[place.layer].totals;
        place.table = moment_tables[i];
        for (const struct total_figure *figure = total_figures; figure->name; figure++) {
            print_row(&place, figure->name, figure->read(totals), figure->unit);
        }
    }
}

/* In the sum of bytes what are blocks elsewhere are bytes. */
static void print_tier(struct row_place place, const struct tier_line *line, bool is_bytes)
{
    place.row = line->label;
    for (const struct tier_figure *figure = tier_figures; figure->name; figure++) {
        bool is_counted = figure->unit[0] == 'b';
        print_row(&place, figure->name, figure->read(line),
                  is_bytes && is_counted ? "bytes" : figure->unit);
    }
}

static void print_tiers(struct row_place place, const struct report *report,
                        const struct heap *heap)
{
    const struct layer_snapshot *end = &report->moments[MOMENT_END]->layers[place.layer];
    const struct layer_snapshot *peak = &report->moments[MOMENT_PEAK]->layers[place.layer];
    struct tier_line line, sums[2];
    if (end->tier_count == 0) return;
    place.table = figures_tier_name(heap);
    for (size_t i = 0; i < end->tier_count; i++) {
        figures_tier_line(end, peak, i, &line);
        print_tier(place, &line, false);
    }
    figures_sum_tiers(end, peak, sums);
    print_tier(place, &sums[0], false);
    if (figures_are_exact(end, &sums[1])) print_tier(place, &sums[1], true);
}

static void print_figures(struct row_place place, const struct report *report)
{
    const struct layer_snapshot *end = &report->moments[MOMENT_END]->layers[place.layer];
    place.table = "figures";
    for (size_t i = 0; i < end->figure_count; i++) {
        print_row(&place, end->figures[i].name, end->figures[i].value, end->figures[i].unit);
    }
}

static void print_calls(struct row_place place, const struct report *report)
{
    const struct call_counts *calls = &report->moments[MOMENT_END]->layers[place.layer].calls;
    place.table = "calls";
    for (const struct call_figure *figure = call_figures; figure->name; figure++) {
        print_row(&place, figure->name, figure->read(calls), figure->unit);
    }
}

void report_print_csv(const struct report *report)
{
    struct row_place place = {.out = report->out, .row = ""};
    fprintf(report->out, "layer,allocator,table,row,name,value,unit\n");
    for (const struct heap *heap = report->heap; heap && place.layer < SNAPSHOT_LAYERS;
         heap = heap->inner, place.layer++) {
        place.allocator = heap->allocator->name;
        if (heap->allocator == &allocator_count) {
            print_calls(place, report);
            continue;
        }
        print_totals(place, report);
        print_tiers(place, report, heap);
        print_figures(place, report);
    }
}

void report_close_csv(const struct report *report, const struct closing *closing)
{
    const struct row_place place = {report->out, 0, report->watched.allocator->name, "closing", ""};
    bool is_dropped = isnan(closing->close_ms);
    print_row(&place, "lua_close", closing->close_ms, "ms");
    print_row(&place, is_dropped ? "dropped whole" : "heap dropped", closing->drop_ms, "ms");
    if (is_dropped) print_row(&place, "left in the backing", (double)closing->left_bytes, "bytes");
}
