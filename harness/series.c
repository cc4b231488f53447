/* `heapbench series`: measures the series of a run's folder, whose plan says of which allocators
 * and workloads, and by which code: what a chart shows is then of one program.
 *
 * Each part of a series is measured in a process of its own. What failed is a row of
 * failures.csv and a line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "machine.h"
#include "progress.h"
#include "series.h"
#include "series_file.h"

enum { SAMPLES = 500 };

/* Below it fixed costs are as large as what a program does, and samples late by some pages show. */
#define FOOTPRINT_LEAST_BYTES ((uint64_t)4 << 20)

enum { WASTE, METADATA, GROWTH, FOOTPRINT, SERIES_COUNT };

static const struct {
    const char *name, *part; /* of the file, and of the column that names the part */
    const char *columns;     /* of the values */
    enum cell_mode mode;
} kinds[SERIES_COUNT] = {
    [WASTE] = {"waste", NULL, "request_bytes,step_bytes,usable_bytes", CELL_WASTE},
    [METADATA] = {"metadata", "block_bytes",
                  "blocks,resident_bytes,footprint_bytes,usable_bytes,metadata_bytes",
                  CELL_METADATA},
    [GROWTH] = {"growth", "policy",
                "reallocations,copied_elements,room_elements,in_place,moved,moved_elements",
                CELL_GROWTH},
    [FOOTPRINT] = {"footprint", "workload", "operation,live_bytes,resident_bytes,footprint_bytes",
                   CELL_FOOTPRINT},
};

struct series_options {
    struct names specs, workloads; /* empty: the run's, of workloads those of a large heap */
    const char *folder;
    unsigned timeout_seconds;
};

/* What a contender that crashed or hung has for all parts that were still to come. */
struct fate {
    enum outcome outcome;
    struct error error;
};

struct series {
    const struct series_options *options;
    struct folder folder;
    struct plan plan;
    struct fate *fates; /* of each contender */
    struct progress progress;
    struct series_file failures, rows;
    size_t done, failure_count, workload_count; /* of workloads, those drawn over time */
};

/* One part of one series on one allocator. */
struct part {
    int kind;
    const struct contender *contender;
    const char *name; /* of the part, "" when the series has one alone */
    const struct task *task;
    uint64_t parameter;
};

static error_t take_option(int key, char *value, struct argp_state *state)
{
    struct series_options *options = state->input;
    switch (key) {
    case 'a': command_add_name(&options->specs, value, state); return 0;
    case 'w': command_add_name(&options->workloads, value, state); return 0;
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
     "footprint over time on this workload of the run; may be repeated (default: its Lua programs "
     "with 4 MiB alive or more)",
     0},
    {"output", 'o', "DIR", 0, "folder of the run (default results/latest)", 0},
    {"timeout", 't', "S", 0, "seconds that one part may take (default 60)", 0},
    {0},
};

static const struct argp series_argp = {
    rows,
    take_option,
    NULL,
    "Measure what charts show over sizes and over time, into DIR/series of a run: waste.csv, "
    "metadata.csv, growth.csv, footprint.csv, and failures.csv for what failed.",
    NULL,
    NULL,
    NULL,
};

static void write_rows(const struct series_file *out, const struct part *part,
                       const struct cell_result *result)
{
    size_t value_count = 1;
    for (const char *at = kinds[part->kind].columns; *at; at++) value_count += *at == ',';
    for (size_t i = 0; i < result->row_count; i++) {
        series_file_write(out, part->contender->spec, ',');
        if (kinds[part->kind].part) series_file_write(out, part->name, ',');
        for (size_t j = 0; j < value_count; j++) {
            uint64_t value = result->rows[i].values[j];
            if (value != SERIES_UNKNOWN) fprintf(out->file, "%llu", (unsigned long long)value);
            fputc(j + 1 < value_count ? ',' : '\n', out->file);
        }
    }
}

/* Said once of what is foregone. */
static void note_failure(struct series *series, const struct part *part,
                         const struct cell_result *result, bool is_foregone)
{
    const struct series_file *out = &series->failures;
    const char *outcome = outcome_name(result->outcome);
    series_file_write(out, kinds[part->kind].name, ',');
    series_file_write(out, part->contender->spec, ',');
    series_file_write(out, part->name, ',');
    series_file_write(out, outcome, ',');
    series_file_write(out, result->error.text, '\n');
    series->failure_count++;
    if (is_foregone) return;
    progress_close(&series->progress);
    fprintf(stderr, "%s: %s in %s%s%s: %s\n", part->contender->spec, outcome,
            kinds[part->kind].name, *part->name ? " of " : "", part->name, result->error.text);
}

static bool spawn(const struct series *series, const struct part *part, enum cell_mode mode,
                  struct cell_result *result, struct error *error)
{
    struct cell_request request = {.mode = mode,
                                   .spec = part->contender->spec,
                                   .workload = part->task ? part->task->workload.name : "",
                                   .path = part->task ? part->task->workload.path : "",
                                   .seed = series->plan.seed,
                                   .parameter = part->parameter,
                                   .cpu = -1,
                                   .timeout_seconds = series->options->timeout_seconds};
    memset(result, 0, sizeof *result);
    return cell_spawn(&request, result, error);
}

/* One that is broken is not tried again: it could take a time-out for each part. */
static bool measure(struct series *series, const struct part *part, struct error *error)
{
    static struct cell_result result;
    struct fate *fate = &series->fates[part->contender - series->plan.contenders];
    bool is_foregone = fate->outcome != OUTCOME_OK;
    progress_show(&series->progress, series->done++, part->contender->spec, part->name);
    if (!is_foregone && !spawn(series, part, kinds[part->kind].mode, &result, error)) return false;
    if (is_foregone) result.outcome = fate->outcome, result.error = fate->error;
    if (result.outcome == OUTCOME_OK) write_rows(&series->rows, part, &result);
    else note_failure(series, part, &result, is_foregone);
    if (result.outcome == OUTCOME_UNAVAILABLE || result.outcome == OUTCOME_CRASHED ||
        result.outcome == OUTCOME_TIMED_OUT) {
        *fate = (struct fate){result.outcome, result.error};
    }
    return true;
}

static bool is_named(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (!strcmp(names->at[i], name)) return true;
    }
    return names->count == 0;
}

/* An allocator whose blocks overlap wastes nothing that could be measured. */
static bool is_measured(const struct series *series, const struct contender *contender)
{
    return !contender->is_replay_only && is_named(&series->options->specs, contender->spec);
}

static bool measure_all(struct series *series, struct part part, struct error *error)
{
    for (size_t i = 0; i < series->plan.contender_count; i++) {
        part.contender = &series->plan.contenders[i];
        if (!is_measured(series, part.contender)) continue;
        if (!measure(series, &part, error)) return false;
    }
    return true;
}

static size_t count_measured(const struct series *series)
{
    size_t count = 0;
    for (size_t i = 0; i < series->plan.contender_count; i++) {
        count += is_measured(series, &series->plan.contenders[i]);
    }
    return count;
}

static bool is_candidate(const struct series *series, const struct task *task)
{
    const struct names *named = &series->options->workloads;
    if (!task->provenance.is_available || task == series->plan.tasks) return false;
    /* A smoke run shows that all works. */
    if (series->workload_count && !named->count && !strcmp(series->plan.profile, "smoke")) {
        return false;
    }
    return is_named(named, task->workload.name) &&
           (named->count || task->workload.kind->is_program);
}

/* The baseline counts the calls first, so that samples can be spread over them. A workload that was
 * named is drawn however small. */
static bool measure_workload(struct series *series, const struct task *task, struct error *error)
{
    static struct cell_result result;
    struct part part = {FOOTPRINT, &series->plan.contenders[0], task->workload.name, task, 0};
    progress_show(&series->progress, series->done, part.contender->spec, part.name);
    if (!spawn(series, &part, CELL_PROVE, &result, error)) return false;
    bool is_large =
        result.counts.peak_live_bytes >= FOOTPRINT_LEAST_BYTES || series->options->workloads.count;
    if (result.outcome != OUTCOME_OK) note_failure(series, &part, &result, false);
    if (result.outcome != OUTCOME_OK || !is_large) {
        series->done += count_measured(series);
        return true;
    }
    series->workload_count++;
    part.parameter = count_all_calls(&result.counts) / SAMPLES + 1;
    return measure_all(series, part, error);
}

static bool measure_parts(struct series *series, int kind, struct error *error)
{
    struct part part = {.kind = kind, .name = ""};
    char name[24];
    if (kind == WASTE) return measure_all(series, part, error);
    for (size_t i = 0; kind == METADATA && i < SERIES_BLOCK_SIZES; i++) {
        part.parameter = series_block_bytes[i];
        snprintf(name, sizeof name, "%llu", (unsigned long long)part.parameter);
        part.name = name;
        if (!measure_all(series, part, error)) return false;
    }
    for (size_t i = 0; kind == GROWTH && i < SERIES_GROWTH_RULES; i++) {
        part.parameter = i;
        part.name = series_growth_rules[i];
        if (!measure_all(series, part, error)) return false;
    }
    for (size_t i = 0; kind == FOOTPRINT && i < series->plan.task_count; i++) {
        const struct task *task = &series->plan.tasks[i];
        if (is_candidate(series, task) && !measure_workload(series, task, error)) return false;
    }
    return true;
}

static bool measure_series(struct series *series, int kind, struct error *error)
{
    if (!series_file_open(&series->rows, &series->folder, kinds[kind].name, error)) return false;
    fprintf(series->rows.file, "allocator,%s%s%s\n", kinds[kind].part ? kinds[kind].part : "",
            kinds[kind].part ? "," : "", kinds[kind].columns);
    bool is_whole = measure_parts(series, kind, error);
    return series_file_close(&series->rows, is_whole, error);
}

static bool measure_all_series(struct series *series, struct error *error)
{
    bool is_good = true;
    size_t parts = 1 + SERIES_BLOCK_SIZES + SERIES_GROWTH_RULES;
    if (!series_file_open(&series->failures, &series->folder, "failures", error)) return false;
    fputs("series,allocator,part,outcome,detail\n", series->failures.file);
    for (size_t i = 0; i < series->plan.task_count; i++) {
        parts += is_candidate(series, &series->plan.tasks[i]);
    }
    progress_open(&series->progress, "parts of series", 0, parts * count_measured(series));
    for (int kind = 0; is_good && kind < SERIES_COUNT; kind++) {
        is_good = measure_series(series, kind, error);
    }
    progress_close(&series->progress);
    return series_file_close(&series->failures, is_good, error);
}

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
    if (!series->fates) return error_set(error, "no memory for the series");
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
    if (!measure_all_series(&series, &error)) return command_fail(1, error.text);
    printf("%s/series: waste, metadata, growth and footprint, %zu failures; charts: make charts "
           "RESULTS=%s\n",
           series.folder.path, series.failure_count, series.folder.path);
    folder_close(&series.folder);
    plan_close(&series.plan);
    free(series.fates);
    return fflush(stdout) ? command_fail(1, "standard output cannot be written") : 0;
}
