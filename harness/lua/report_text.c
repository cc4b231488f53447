/* The report for people: a column for each moment, a line for each tier. A figure that the
 * allocator does not keep is left out, as are tiers without a block where there are many. */
#include <math.h>
#include <string.h>

#include "figures.h"
#include "report_forms.h"

enum { NAME_WIDTH = 24, LABEL_WIDTH = 9, COLUMN_WIDTH = 15, TIER_WIDTH = 10, TIERS_SHOWN = 16 };

static const char *const moment_names[] = {"at the peak", "at the end", "closed"};

/* Bytes and counts are whole; a dash where nobody knows. */
static void print_number(FILE *out, int width, double value)
{
    if (isnan(value)) fprintf(out, " %*s", width, "-");
    else fprintf(out, " %*.*f", width, value == floor(value) ? 0 : 2, value);
}

static void print_percent(FILE *out, int width, double value)
{
    if (isnan(value)) fprintf(out, " %*s ", width, "-");
    else fprintf(out, " %*.1f%%", width, value);
}

static void print_value(FILE *out, int width, double value, const char *unit)
{
    if (!strcmp(unit, "%")) print_percent(out, width - 1, value);
    else print_number(out, width, value);
}

/* At a line's end; a percentage has shown its own. */
static void print_unit(FILE *out, const char *unit)
{
    bool is_shown = !strcmp(unit, "%");
    fprintf(out, "%s%s\n", is_shown ? "" : " ", is_shown ? "" : unit);
}

static const struct heap_statistics *totals_at(const struct report *report, int moment,
                                               size_t layer)
{
    return &report->moments[moment]->layers[layer].totals;
}

static void print_moments(const struct report *report)
{
    fprintf(report->out, "  %-*s", NAME_WIDTH, "");
    for (int i = 0; i < MOMENT_COUNT; i++) {
        if (report->moments[i]->is_taken) {
            fprintf(report->out, " %*s", COLUMN_WIDTH, moment_names[i]);
        }
    }
    fputc('\n', report->out);
}

static bool is_known(const struct report *report, size_t layer, const struct total_figure *figure)
{
    for (int i = 0; i < MOMENT_COUNT; i++) {
        if (!report->moments[i]->is_taken) continue;
        if (!isnan(figure->read(totals_at(report, i, layer)))) return true;
    }
    return false;
}

static void print_total(const struct report *report, size_t layer,
                        const struct total_figure *figure)
{
    fprintf(report->out, "  %-*s", NAME_WIDTH, figure->name);
    for (int i = 0; i < MOMENT_COUNT; i++) {
        if (!report->moments[i]->is_taken) continue;
        print_value(report->out, COLUMN_WIDTH, figure->read(totals_at(report, i, layer)),
                    figure->unit);
    }
    print_unit(report->out, figure->unit);
}

static void print_totals(const struct report *report, size_t layer)
{
    bool has_begun = false;
    for (const struct total_figure *figure = total_figures; figure->name; figure++) {
        if (!is_known(report, layer, figure)) continue;
        if (!has_begun) print_moments(report);
        has_begun = true;
        print_total(report, layer, figure);
    }
}

static void print_tier(FILE *out, const struct tier_line *line, bool has_pages)
{
    fprintf(out, "  %*s", LABEL_WIDTH, line->label);
    for (const struct tier_figure *figure = tier_figures; figure->name; figure++) {
        if (!has_pages && !strcmp(figure->unit, "pages")) continue;
        print_value(out, TIER_WIDTH, figure->read(line), figure->unit);
    }
    fputc('\n', out);
}

static void print_tier_names(FILE *out, const char *tier_name, bool has_pages)
{
    fprintf(out, "  %*s", LABEL_WIDTH, tier_name);
    for (const struct tier_figure *figure = tier_figures; figure->name; figure++) {
        bool is_pages = !strcmp(figure->unit, "pages");
        if (is_pages && has_pages) fprintf(out, " %*s", TIER_WIDTH, figure->name);
        if (!is_pages) fprintf(out, " %*s", TIER_WIDTH, figure->name);
    }
    fprintf(out, "%s\n", has_pages ? " (pages)" : "");
}

static void print_tiers(const struct report *report, size_t layer, const struct heap *heap)
{
    const struct layer_snapshot *end = &report->moments[MOMENT_END]->layers[layer];
    const struct layer_snapshot *peak = &report->moments[MOMENT_PEAK]->layers[layer];
    struct tier_line line, sums[2];
    size_t left_out = 0;
    if (end->tier_count == 0) return;
    figures_sum_tiers(end, peak, sums);
    bool has_pages = sums[0].has_pages;
    print_tier_names(report->out, figures_tier_name(heap), has_pages);
    for (size_t i = 0; i < end->tier_count; i++) {
        figures_tier_line(end, peak, i, &line);
        bool is_shown = end->tier_count <= TIERS_SHOWN || figures_was_used(&line);
        if (is_shown) print_tier(report->out, &line, has_pages);
        left_out += !is_shown;
    }
    print_tier(report->out, &sums[0], has_pages);
    if (figures_are_exact(end, &sums[1])) print_tier(report->out, &sums[1], has_pages);
    if (left_out) {
        fprintf(report->out, "  (%zu of %zu without a block are left out)\n", left_out,
                end->tier_count);
    }
}

/* Of the longest name. */
static int name_width(const struct layer_snapshot *end)
{
    size_t width = NAME_WIDTH;
    for (size_t i = 0; i < end->figure_count; i++) {
        size_t length = strlen(end->figures[i].name);
        if (length > width) width = length;
    }
    return (int)width;
}

static void print_figures(const struct report *report, size_t layer)
{
    const struct layer_snapshot *end = &report->moments[MOMENT_END]->layers[layer];
    for (size_t i = 0; i < end->figure_count; i++) {
        const struct heap_figure *figure = &end->figures[i];
        fprintf(report->out, "  %-*s", name_width(end), figure->name);
        print_value(report->out, COLUMN_WIDTH, figure->value, figure->unit);
        print_unit(report->out, figure->unit);
    }
}

static void print_calls(const struct report *report, size_t layer)
{
    const struct call_counts *calls = &report->moments[MOMENT_END]->layers[layer].calls;
    for (const struct call_figure *figure = call_figures; figure->name; figure++) {
        fprintf(report->out, "  %-*s %*.0f %s\n", NAME_WIDTH, figure->name, COLUMN_WIDTH,
                figure->read(calls), figure->unit);
    }
}

void report_print_text(const struct report *report)
{
    size_t layer = 0;
    for (const struct heap *heap = report->heap; heap && layer < SNAPSHOT_LAYERS; layer++) {
        fprintf(report->out, "%s\n", heap->allocator->name);
        if (heap->allocator == &allocator_count) {
            print_calls(report, layer); /* its other figures are the inner heap's */
        } else if (!heap->allocator->statistics) {
            fprintf(report->out, "  keeps no figures\n");
        } else {
            print_totals(report, layer);
            print_tiers(report, layer, heap);
            print_figures(report, layer);
        }
        heap = heap->inner;
    }
}

void report_close_text(const struct report *report, const struct closing *closing)
{
    if (!isnan(closing->close_ms)) {
        fprintf(report->out, "lua_close %.2f ms\nheap dropped %.2f ms\n", closing->close_ms,
                closing->drop_ms);
        return;
    }
    fprintf(report->out, "dropped whole %.2f ms\n", closing->drop_ms);
    if (closing->left_bytes) {
        fprintf(report->out, "left in the backing %zu bytes\n", closing->left_bytes);
    }
}
