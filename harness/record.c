/* Rows of runs.csv, written and read by the one list of columns in metrics.h. */
#include "record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct metric_row metric_rows[] = {
#define METRIC(name, unit, meaning) {#name, unit, meaning},
#include "metrics.h"
#undef METRIC
};

void record_clear(struct record *record)
{
    for (size_t i = 0; i < METRIC_COUNT; i++) record->values[i].is_known = false;
}

void record_number(struct record *record, enum metric metric, uint64_t number)
{
    record->values[metric].is_known = true;
    record->values[metric].number = number;
}

void record_text(struct record *record, enum metric metric, const char *text)
{
    record->values[metric].is_known = true;
    snprintf(record->values[metric].text, RECORD_TEXT, "%s", text);
}

static bool is_text(size_t metric)
{
    return !strcmp(metric_rows[metric].unit, "text");
}

char *record_format_text(char *at, const char *text)
{
    bool is_quoted = strpbrk(text, ",\"") != NULL;
    if (is_quoted) *at++ = '"';
    for (; *text; text++) {
        if (*text == '"') *at++ = '"';
        *at++ = (unsigned char)*text < ' ' ? ' ' : *text;
    }
    if (is_quoted) *at++ = '"';
    return at;
}

size_t record_format(const struct record *record, char line[RECORD_LINE])
{
    char *at = line;
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        if (i) *at++ = ',';
        if (!record->values[i].is_known) continue;
        if (is_text(i)) at = record_format_text(at, record->values[i].text);
        else at += sprintf(at, "%llu", (unsigned long long)record->values[i].number);
    }
    *at++ = '\n';
    return (size_t)(at - line);
}

size_t record_format_header(char line[RECORD_LINE])
{
    char *at = line;
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        at += sprintf(at, "%s%s", i ? "," : "", metric_rows[i].name);
    }
    *at++ = '\n';
    return (size_t)(at - line);
}

/* Copies one field out of its quotes and returns where it ended, or NULL when it is too long. */
static const char *take_field(const char *at, const char *end, char field[RECORD_TEXT])
{
    size_t length = 0;
    bool is_quoted = at < end && *at == '"';
    for (at += is_quoted; at < end; at++) {
        if (is_quoted && *at == '"' && *++at != '"') break;
        if (!is_quoted && (*at == ',' || *at == '\n')) break;
        if (length == RECORD_TEXT - 1) return NULL;
        field[length++] = *at;
    }
    field[length] = '\0';
    return at;
}

static bool keep_field(struct record *record, size_t metric, const char *field)
{
    char *number_end;
    if (!*field) return true;
    if (is_text(metric)) {
        record_text(record, (enum metric)metric, field);
        return true;
    }
    record_number(record, (enum metric)metric, strtoull(field, &number_end, 10));
    return !*number_end;
}

bool record_parse(struct record *record, const char *line, const char *line_end)
{
    char field[RECORD_TEXT];
    record_clear(record);
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        line = take_field(line, line_end, field);
        char expected = i + 1 < METRIC_COUNT ? ',' : '\n';
        if (!line || line == line_end || *line++ != expected) return false;
        if (!keep_field(record, i, field)) return false;
    }
    return line == line_end;
}
