/* A record is one row of runs.csv: what a cell measured, or why it did not. */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../allocators/allocator.h"

enum metric {
#define METRIC(name, unit, meaning) METRIC_##name,
#include "metrics.h"
#undef METRIC
    METRIC_COUNT
};

struct metric_row {
    const char *name, *unit, *meaning;
};

/* In the order of the columns; METRIC_COUNT rows. */
extern const struct metric_row metric_rows[];

enum { RECORD_TEXT = 600, RECORD_LINE = 8192 };

struct record {
    struct {
        bool is_known;
        uint64_t number;
        char text[RECORD_TEXT];
    } values[METRIC_COUNT];
};

void record_clear(struct record *record);
void record_number(struct record *record, enum metric metric, uint64_t number);
void record_text(struct record *record, enum metric metric, const char *text);

/* Writes a text as a CSV field and returns its end: at most twice the text and two quotes. */
char *record_format_text(char *at, const char *text);

/* The row as CSV (RFC 4180) with its line end; control characters become spaces. Returns its
 * length. */
size_t record_format(const struct record *record, char line[RECORD_LINE]);

/* The header row, likewise. */
size_t record_format_header(char line[RECORD_LINE]);

/* Reads what record_format wrote; line_end points behind the line's newline. False when the fields
 * do not fit the columns. */
bool record_parse(struct record *record, const char *line, const char *line_end);

#endif
