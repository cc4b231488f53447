/* `heapbench series`: measures the series of a run's folder, whose plan says of which allocators
 * and workloads, and by which code: what a chart shows is then of one program. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../command.h"
#include "../machine.h"
#include "series_kinds.h"

bool series_is_named(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (!strcmp(names->at[i], name)) return true;
    }
    return names->count == 0;
}

static bool is_kind(const char *name)
{
    const struct series_kind *kind = series_kinds;
    while (kind->name && strcmp(kind->name, name)) kind++;
    return kind->name != NULL;
}

static void write_kinds(char *text, size_t length)
{
    size_t used = 0;
    for (const struct series_kind *kind = series_kinds; kind->name && used < length; kind++) {
        used += (size_t)snprintf(text + used, length - used, "%s%s", used ? ", " : "", kind->name);
    }
}

static void add_kind(struct names *kinds, const char *name, struct argp_state *state)
{
    char known[256];
    write_kinds(known, sizeof known);
    if (!is_kind(name)) argp_failure(state, 2, 0, "--only %s: there are %s", name, known);
    command_add_name(kinds, name, state);
}

static error_t take_option(int key, char *value, struct argp_state *state)
{
    struct series_options *options = state->input;
    switch (key) {
    case 'a': command_add_name(&options->specs, value, state); return 0;
    case 'w': command_add_name(&options->workloads, value, state); return 0;
    case 'k': add_kind(&options->kinds, value, state); return 0;
    case 'o': options->folder = value; return 0;
    case 't':
        options->timeout_seconds =
            (unsigned)command_number(value, "timeout", 1, TIMEOUT_MAXIMUM, state);
        return 0;
    case ARGP_KEY_ARG:
        argp_failure(state, 2, 0, "`%s` means nothing here: -a SPEC, -w NAME, -o DIR?", value);
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option rows[] = {
    {"allocator", 'a', "SPEC", 0, "only this allocator of the run; may be repeated", 0},
    {"workload", 'w', "NAME", 0,
     "series over workloads on this one of the run; may be repeated (default: fragmentation on its "
     "Lua programs and recorded traces with 4 MiB alive or more)",
     0},
    {"only", 'k', "KIND", 0,
     "this series alone, the other files stay as they are; may be repeated (waste, metadata, "
     "growth, fragmentation, ...)",
     0},
    {"output", 'o', "DIR", 0, "folder of the run (default results/latest)", 0},
    {"timeout", 't', "S", 0, "seconds that one part may take (default 60)", 0},
    {0},
};

static const struct argp series_argp = {
    rows,
    take_option,
    NULL,
    "Measure what charts show over sizes and over time, into DIR/series of a run: a file for each "
    "kind of series, such as waste.csv, and failures.csv for what failed.",
    NULL,
    NULL,
    NULL,
};

static bool check_specs(const struct series *series, struct error *error)
{
    const struct names *names = &series->options->specs;
    for (size_t i = 0; i < names->count; i++) {
        bool is_there = false;
        for (size_t j = 0; j < series->plan.contender_count; j++) {
            is_there |= !strcmp(series->plan.contenders[j].spec, names->at[i]);
        }
        if (is_there) continue;
        return error_set(error, "-a %s: the run in %s has no such allocator", names->at[i],
                         series->folder.path);
    }
    return true;
}

static bool check_workloads(const struct series *series, struct error *error)
{
    const struct names *names = &series->options->workloads;
    for (size_t i = 0; i < names->count; i++) {
        bool is_there = false;
        for (size_t j = 1; j < series->plan.task_count; j++) {
            is_there |= !strcmp(series->plan.tasks[j].workload.name, names->at[i]);
        }
        if (is_there) continue;
        return error_set(error, "-w %s: the run in %s has no such workload", names->at[i],
                         series->folder.path);
    }
    return true;
}

static bool open_run(struct series *series, struct error *error)
{
    char path[PATH_MAX + 16];
    size_t planned;
    const char *folder = series->options->folder;
    snprintf(path, sizeof path, "%s/machine.json", folder);
    if (access(path, R_OK)) {
        return error_set(error, "%s holds no run: heapbench run -o DIR makes one", folder);
    }
    if (!folder_open(&series->folder, folder, error) || !plan_open(&series->plan, error) ||
        !machine_read_plan(&series->folder, &series->plan, &planned, error) ||
        !check_specs(series, error) || !check_workloads(series, error)) {
        return false;
    }
    series->fates = calloc(series->plan.contender_count, sizeof *series->fates);
    series->proofs = calloc(series->plan.task_count, sizeof *series->proofs);
    if (!series->fates || !series->proofs) return error_set(error, "no memory for the series");
    snprintf(path, sizeof path, "%s/series", folder);
    if (!mkdir(path, 0777) || errno == EEXIST) return true;
    return error_set(error, "%s: %s", path, strerror(errno));
}

int series_main(int argc, char **argv)
{
    static struct series_options options = {.folder = "results/latest",
                                            .timeout_seconds = TIMEOUT_STANDARD};
    static struct series series = {.options = &options};
    struct error error = {""};
    command_parse(&series_argp, argc, argv, 0, &options);
    cell_catch_interrupts();
    if (!open_run(&series, &error)) return command_fail(2, error.text);
    if (!series_measure(&series, &error)) return command_fail(1, error.text);
    printf("%s/series: %zu failures; charts: make charts RESULTS=%s\n", series.folder.path,
           series.failure_count, series.folder.path);
    folder_close(&series.folder);
    plan_close(&series.plan);
    free(series.fates);
    free(series.proofs);
    return fflush(stdout) ? command_fail(1, "standard output cannot be written") : 0;
}
