/* What a heap says of itself while a program runs on it: for people, or as CSV for scripts.
 *
 * A report looks at the heap three times: when most bytes are alive, when the program has ended and
 * its state still stands, and when the state has been closed: what is held from the system then
 * is retained.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "snapshot.h"

enum report_moment { MOMENT_PEAK, MOMENT_END, MOMENT_CLOSED, MOMENT_COUNT };

struct report {
    struct heap watched; /* what the program is to run on */
    struct heap *heap;   /* the same as it was opened, with `count` outermost */
    const struct call_counts *counts;
    size_t peak_bytes; /* alive at the last look at the peak */
    struct snapshot *moments[MOMENT_COUNT];
    bool is_csv, is_printed;
    FILE *out;
};

/* What --report takes, for its help. */
#define REPORT_FORMATS "text, csv or csv:FILE"

/* Reads one of REPORT_FORMATS and opens the file. False says what is wrong. */
bool report_open(struct report *report, const char *format, struct error *error);

/* From now on calls go through report->watched. heap is one of count_open. False when the system
 * refuses memory for the snapshots. */
bool report_watch(struct report *report, struct heap *heap, struct error *error);

/* Looks at the heap; only the first look at the end counts. */
void report_look(struct report *report, enum report_moment moment);

/* Prints once; without a look at the end it takes one. */
void report_print(struct report *report);

/* What the end took, after the rest: lua_close, NAN where the state was dropped with its heap, and
 * closing the heap. */
void report_print_closing(struct report *report, double close_ms, double drop_ms);

/* Gives back what report_open took. False when the report could not be written whole. */
bool report_close(struct report *report);

#endif
