/* Both forms of the report, from one list of figures. The text shows a list as lines and a grid as
 * columns under their names; a histogram's rows end with a bar. What does not exist, as a share of
 * nothing, is left out, as are marks that do not occur. The CSV has a row for every figure.
 */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "inspect_figures.h"
#include "../record.h"

/* Of the CSV; bytes of a text, which quotes may double. */
enum { FIELDS = 5, ABOUT_LINE = RECORD_LINE / 4 };
enum { NAME_WIDTH = 32, COLUMN_WIDTH = 15, ROW_WIDTH = 20, BAR_WIDTH = 32, CURVE_WIDTH = 64 };

static int decimals(double value)
{
    if (value == floor(value)) return 0;
    return value < 0.1 ? 4 : 2;
}

static void print_value(FILE *out, double value, const char *unit)
{
    bool is_share = !strcmp(unit, "%");
    if (isnan(value)) fprintf(out, " %*s", COLUMN_WIDTH, "-");
    else if (is_share) fprintf(out, " %*.1f%%", COLUMN_WIDTH - 1, value);
    else fprintf(out, " %*.*f", COLUMN_WIDTH, decimals(value), value);
}

static void print_line(FILE *out, const struct inspect_figure *figure)
{
    bool is_share = !strcmp(figure->unit, "%");
    fprintf(out, "  %-*s", NAME_WIDTH, figure->name);
    print_value(out, figure->value, figure->unit);
    if (!is_share && *figure->unit) fprintf(out, " %s", figure->unit);
    fputc('\n', out);
}

/* A share of 1 is the whole width, in eighths of a character. */
static void print_bar(FILE *out, double share)
{
    static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    int eighths = (int)ceil(share * BAR_WIDTH * 8);
    if (eighths > 0) fputs("  ", out);
    for (; eighths >= 8; eighths -= 8) fputs("█", out);
    fputs(parts[eighths], out);
}

static size_t row_end(const struct inspect_figures *figures, size_t start)
{
    const struct inspect_figure *first = &figures->items[start];
    size_t end = start + 1;
    while (end < figures->count && !strcmp(figures->items[end].table, first->table) &&
           !strcmp(figures->items[end].row, first->row)) {
        end++;
    }
    return end;
}

static void print_row(FILE *out, const struct inspect_figures *figures, size_t start, size_t end)
{
    const struct inspect_figure *first = &figures->items[start];
    fprintf(out, "  %*s", ROW_WIDTH, first->row);
    for (size_t i = start; i < end; i++) {
        print_value(out, figures->items[i].value, figures->items[i].unit);
    }
    if (strstr(first->table, "histogram")) print_bar(out, figures->items[start + 1].value / 100);
    fputc('\n', out);
}

static void print_heading(FILE *out, const struct inspect_figures *figures, size_t start)
{
    const struct inspect_figure *first = &figures->items[start];
    fprintf(out, "%-*s", *first->row ? ROW_WIDTH + 2 : 0, first->table);
    for (size_t i = start; *first->row && i < row_end(figures, start); i++) {
        fprintf(out, " %*s", COLUMN_WIDTH, figures->items[i].name);
    }
    fputc('\n', out);
}

/* One character a column: the most that was alive in it, as eighths of the peak. */
static void print_curve(FILE *out, const struct live_curve *curve)
{
    static const char *const heights[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    size_t width = curve->count < CURVE_WIDTH ? curve->count : CURVE_WIDTH;
    uint64_t most[CURVE_WIDTH] = {0}, peak = 0;
    for (size_t i = 0; i < curve->count; i++) {
        uint64_t bytes = curve->stretches[i].most_bytes, *column = &most[i * width / curve->count];
        if (bytes > *column) *column = bytes;
        if (bytes > peak) peak = bytes;
    }
    if (peak == 0) return;
    fputs("  ", out);
    for (size_t i = 0; i < width; i++) {
        fputs(heights[(int)ceil(8 * (double)most[i] / (double)peak)], out);
    }
    fputc('\n', out);
}

static bool is_shown(const struct inspect_figures *figures, size_t start, size_t end)
{
    const struct inspect_figure *first = &figures->items[start];
    if (!strcmp(first->table, "marks")) return first->value != 0;
    for (size_t i = start; i < end; i++) {
        if (!isnan(figures->items[i].value)) return true;
    }
    return false;
}

static void print_tables(FILE *out, const struct inspect_figures *figures,
                         const struct live_curve *curve)
{
    const char *table = "";
    for (size_t start = 0, end; start < figures->count; start = end) {
        const struct inspect_figure *figure = &figures->items[start];
        end = *figure->row ? row_end(figures, start) : start + 1;
        if (!is_shown(figures, start, end)) continue;
        if (strcmp(figure->table, table)) {
            if (!strcmp(table, "live")) print_curve(out, curve);
            table = figure->table;
            print_heading(out, figures, start);
        }
        if (*figure->row) print_row(out, figures, start, end);
        else print_line(out, figure);
    }
}

/* The name of the next line and, as the result, its value without padding; NULL at the end. What
 * would steer a terminal is no text. */
static char *next_about(const char **about, char name[ABOUT_LINE])
{
    size_t length = strcspn(*about, "\n");
    if (!**about) return NULL;
    snprintf(name, ABOUT_LINE, "%.*s", (int)length, *about);
    *about += length + ((*about)[length] != '\0');
    for (char *at = name; *at; at++) *at = iscntrl((unsigned char)*at) ? '?' : *at;
    char *value = strchr(name, ':');
    if (!value) return name + strlen(name);
    *value++ = '\0';
    return value + strspn(value, " ");
}

void inspect_print_text(FILE *out, const char *trace, const char *about,
                        const struct inspect_figures *figures, const struct live_curve *curve)
{
    char name[ABOUT_LINE], *value;
    fprintf(out, "%s\n", trace);
    while ((value = next_about(&about, name))) fprintf(out, "  %s: %s\n", name, value);
    print_tables(out, figures, curve);
}

static void print_fields(FILE *out, const char *const fields[FIELDS])
{
    char line[RECORD_LINE], *at = line;
    for (size_t i = 0; i < FIELDS; i++) {
        if (i) *at++ = ',';
        at = record_format_text(at, fields[i]);
    }
    *at = '\0';
    fprintf(out, "%s\n", line);
}

void inspect_print_csv(FILE *out, const char *trace, const char *about,
                       const struct inspect_figures *figures)
{
    char name[ABOUT_LINE], *value;
    fprintf(out, "table,row,name,value,unit\n");
    snprintf(name, sizeof name, "%s", trace);
    print_fields(out, (const char *const[FIELDS]){"about", "", "trace", name, "text"});
    while ((value = next_about(&about, name))) {
        print_fields(out, (const char *const[FIELDS]){"about", "", name, value, "text"});
    }
    for (size_t i = 0; i < figures->count; i++) {
        const struct inspect_figure *figure = &figures->items[i];
        char number[32];
        if (isnan(figure->value)) continue;
        snprintf(number, sizeof number, "%.15g", figure->value);
        print_fields(out, (const char *const[FIELDS]){figure->table, figure->row, figure->name,
                                                      number, figure->unit});
    }
}
