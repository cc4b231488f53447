/* The figures of a trace as one list, which both forms of the report are made from. A table is
 * either a list of figures, whose row is empty, or a grid, whose figures come row by row. */
#ifndef INSPECT_FIGURES_H
#define INSPECT_FIGURES_H

#include <stdio.h>

#include "inspect_survey.h"

enum { INSPECT_ROW = 40 };

struct inspect_figure {
    const char *table, *name, *unit; /* unit: "%", "bytes", "blocks", "calls", "times", .. */
    char row[INSPECT_ROW];
    double value; /* NAN: there is none, as a share of nothing */
};

/* Zeros are an empty list. */
struct inspect_figures {
    struct inspect_figure *items;
    size_t count, capacity;
    const char *table; /* of those appended next, with their row */
    char row[INSPECT_ROW];
    bool is_full; /* memory ran out: some are missing */
};

/* What is appended next belongs to this table, and no row; to this row. */
void inspect_begin(struct inspect_figures *figures, const char *table);
void inspect_row(struct inspect_figures *figures, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Name and unit must outlive the list. */
void inspect_add(struct inspect_figures *figures, const char *name, double value, const char *unit);

/* As a percentage; NAN of nothing. */
void inspect_add_share(struct inspect_figures *figures, const char *name, uint64_t part,
                       uint64_t whole);

void inspect_close(struct inspect_figures *figures);

/* What a person reads, table by table: totals, live, calls, sizes, .. */
void inspect_summarise(struct inspect_figures *figures, const struct survey *survey);

/* The part of it that is of sizes: sizes, up to, frequent sizes, size histogram. */
void inspect_summarise_sizes(struct inspect_figures *figures, const struct survey *survey);

/* What a chart needs beyond that: whole histograms, the live curve, phases and collections. */
void inspect_detail(struct inspect_figures *figures, const struct survey *survey);

/* Both forms, which begin with what the trace is: its name, and lines "name: value" about it. The
 * text draws the live curve as a line of bars under the figures of the heap. */
void inspect_print_text(FILE *out, const char *trace, const char *about,
                        const struct inspect_figures *figures, const struct live_curve *curve);
void inspect_print_csv(FILE *out, const char *trace, const char *about,
                       const struct inspect_figures *figures);

#endif
