/* `heapbench inspect`: what a trace is made of, in one walk over it, and how far it is from
 * another. The report goes to standard output, and as CSV into a file if one is named.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../command.h"
#include "inspect_distance.h"
#include "inspect_source.h"

struct inspect_command {
    const char *name, *other; /* other: NULL without --against */
    bool is_csv;
    const char *csv_path; /* NULL: standard output */
    uint64_t seed;
};

enum { KEY_CSV = 256, KEY_AGAINST, KEY_SEED };

/* Traces alone are called so: a slip would write over what is to be read. */
static void check_csv(const char *path, struct argp_state *state)
{
    const char *end = path ? strrchr(path, '.') : NULL;
    if (!end || strcmp(end, ".hbt") != 0) return;
    argp_failure(state, 2, 0, "--csv=%s: that is the name of a trace: give FILE.csv", path);
}

static error_t take_option(int key, char *value, struct argp_state *state)
{
    struct inspect_command *command = state->input;
    switch (key) {
    case KEY_CSV:
        check_csv(value, state);
        command->is_csv = true;
        command->csv_path = value;
        return 0;
    case KEY_AGAINST: command->other = value; return 0;
    case KEY_SEED: command->seed = command_number(value, "seed", 0, INT64_MAX, state); return 0;
    case ARGP_KEY_ARG:
        if (command->name)
            argp_failure(state, 2, 0, "one trace at a time; --against=%s compares the two", value);
        command->name = value;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_failure(state, 2, 0, "which trace? (FILE.hbt, or a workload)");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option rows[] = {
    {"csv", KEY_CSV, "FILE", OPTION_ARG_OPTIONAL,
     "one figure a row, in the columns table, row, name, value and unit, with whole histograms and "
     "the live curve; to standard output without FILE",
     0},
    {"against", KEY_AGAINST, "TRACE", 0,
     "tell the distances to another trace: sizes, lifetimes, live curve, calls, order of frees", 0},
    {"seed", KEY_SEED, "N", 0, "draws what a workload draws (default 1)", 0},
    {0},
};

static const struct argp inspect_argp = {
    rows,
    take_option,
    "TRACE",
    "Tell what a trace asks of an allocator: calls, sizes, lifetimes, what is alive. TRACE is a "
    "file (FILE.hbt) or a workload, with its options.\v"
    "Shares of blocks are of new blocks, shares of bytes of what they were born with. A life "
    "counts the bytes allocated, or the calls made, between birth and free. A run of frees ends "
    "with a new block or a growth. scripts/trace_chart.py draws the CSV.",
    NULL,
    NULL,
    NULL,
};

/* All that is to be told. */
struct inspection {
    const struct inspect_command *command;
    struct inspected one, other;
    struct inspect_figures figures;
    struct distances distances; /* where there is another */
};

static void print_csv(FILE *out, struct inspection *inspection)
{
    struct inspect_figures *figures = &inspection->figures;
    if (inspection->command->other) distances_add(&inspection->distances, figures);
    inspect_detail(figures, inspection->one.survey);
    inspect_print_csv(out, inspection->command->name, inspection->one.about, figures);
}

static void print_text(const struct inspection *inspection)
{
    const struct inspect_command *command = inspection->command;
    inspect_print_text(stdout, command->name, inspection->one.about, &inspection->figures,
                       &inspection->one.survey->curve);
    if (command->other) distances_print(&inspection->distances, command->other, stdout);
}

static int fail_to_write(const char *path)
{
    char text[512];
    snprintf(text, sizeof text, "%.300s: cannot be written: %s", path, strerror(errno));
    return command_fail(EXIT_FAILURE, text);
}

static int write_file(const char *path, struct inspection *inspection)
{
    FILE *file = fopen(path, "we");
    if (!file) return fail_to_write(path);
    print_csv(file, inspection);
    bool is_written = !ferror(file);
    if (fclose(file) != 0 || !is_written) return fail_to_write(path);
    return EXIT_SUCCESS;
}

static int report(struct inspection *inspection)
{
    const struct inspect_command *command = inspection->command;
    int status = EXIT_SUCCESS;
    inspect_summarise(&inspection->figures, inspection->one.survey);
    if (command->other) {
        distances_measure(inspection->one.survey, inspection->other.survey, &inspection->distances);
    }
    if (!command->is_csv || command->csv_path) print_text(inspection);
    if (command->csv_path) status = write_file(command->csv_path, inspection);
    else if (command->is_csv) print_csv(stdout, inspection);
    if (fflush(stdout) != 0 || ferror(stdout)) return fail_to_write("standard output");
    if (!inspection->figures.is_full) return status;
    return command_fail(EXIT_FAILURE, "not enough memory for the report");
}

static bool read_traces(struct inspection *inspection, bool *is_mistake, struct error *error)
{
    const struct inspect_command *command = inspection->command;
    if (!inspect_read(command->name, command->seed, &inspection->one, is_mistake, error)) {
        return false;
    }
    return !command->other ||
           inspect_read(command->other, command->seed, &inspection->other, is_mistake, error);
}

int inspect_main(int argc, char **argv)
{
    struct inspect_command command = {.seed = 1};
    static struct inspection inspection;
    struct error error = {""};
    bool is_mistake = false;
    command_parse(&inspect_argp, argc, argv, 0, &command);
    inspection.command = &command;
    int status = read_traces(&inspection, &is_mistake, &error)
                     ? report(&inspection)
                     : command_fail(is_mistake ? 2 : EXIT_FAILURE, error.text);
    inspect_close(&inspection.figures);
    inspect_free(&inspection.one);
    inspect_free(&inspection.other);
    return status;
}
