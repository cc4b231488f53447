/* Measures series, part by part, each in a process of its own: what failed is a row of failures.csv
 * and a line.
 *
 * Invariant: a contender that crashed, hung or was not there is not tried again, as each part could
 * take a time-out; a workload is run once on the baseline, which tells whether it can be measured
 * and how its samples are spread, whatever the number of series over it. */
#include <stdio.h>
#include <string.h>

#include "series_kinds.h"

/* One part of one series on one allocator. */
struct part {
    const struct series_kind *kind;
    const struct contender *contender;
    const char *name; /* of the part, "" when the series has one alone */
    const struct task *task;
    uint64_t parameter, peak_live_bytes;
    size_t turn; /* of the contender that is the first */
};

static void write_value(const struct series_file *out, const struct part *part, size_t column,
                        uint64_t value)
{
    const char *const *words = part->kind->words[column];
    if (words) fputs(words[value], out->file);
    else if (value != SERIES_UNKNOWN) fprintf(out->file, "%llu", (unsigned long long)value);
}

static void write_rows(const struct series_file *out, const struct part *part,
                       const struct cell_result *result)
{
    size_t value_count = 1;
    for (const char *at = part->kind->columns; *at; at++) value_count += *at == ',';
    for (size_t i = 0; i < result->row_count; i++) {
        series_file_write(out, part->contender->spec, ',');
        if (part->kind->part) series_file_write(out, part->name, ',');
        for (size_t j = 0; j < value_count; j++) {
            write_value(out, part, j, result->rows[i].values[j]);
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
    series_file_write(out, part->kind->name, ',');
    series_file_write(out, part->contender->spec, ',');
    series_file_write(out, part->name, ',');
    series_file_write(out, outcome, ',');
    series_file_write(out, result->error.text, '\n');
    series->failure_count++;
    if (is_foregone) return;
    progress_close(&series->progress);
    fprintf(stderr, "%s: %s in %s%s%s: %s\n", part->contender->spec, outcome, part->kind->name,
            *part->name ? " of " : "", part->name, result->error.text);
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
                                   .peak_live_bytes = part->peak_live_bytes,
                                   .cpu = -1,
                                   .timeout_seconds = series->options->timeout_seconds};
    memset(result, 0, sizeof *result);
    return cell_spawn(&request, result, error);
}

/* Whether other parts would end the same way. What was there when the run was planned, and cannot
 * host one workload, such as threads on a heap that is not safe for them, can host others. */
static bool is_hopeless(const struct part *part, enum outcome outcome)
{
    bool is_there = part->contender->provenance.is_available;
    if (outcome == OUTCOME_UNAVAILABLE) return !part->task || !is_there;
    return outcome == OUTCOME_CRASHED || outcome == OUTCOME_TIMED_OUT;
}

static bool measure(struct series *series, const struct part *part, struct error *error)
{
    static struct cell_result result;
    struct series_fate *fate = &series->fates[part->contender - series->plan.contenders];
    bool is_foregone = fate->outcome != OUTCOME_OK;
    progress_show(&series->progress, series->done++, part->contender->spec, part->name);
    if (!is_foregone && !spawn(series, part, part->kind->mode, &result, error)) return false;
    if (is_foregone) result.outcome = fate->outcome, result.error = fate->error;
    if (result.outcome == OUTCOME_OK) write_rows(&series->rows, part, &result);
    else note_failure(series, part, &result, is_foregone);
    if (is_hopeless(part, result.outcome)) {
        *fate = (struct series_fate){result.outcome, result.error};
    }
    return true;
}

/* An allocator whose blocks overlap wastes nothing that could be measured, and hosts no program. */
static bool is_measured(const struct series *series, const struct series_kind *kind,
                        const struct task *task, const struct contender *contender)
{
    bool can_be = !contender->is_replay_only ||
                  (kind->measures_null && task && !task->workload.kind->is_program);
    if (kind->needs_threads && contender->is_for_one_thread) return false;
    return can_be && series_is_named(&series->options->specs, contender->spec);
}

static bool measure_all(struct series *series, struct part part, struct error *error)
{
    size_t count = series->plan.contender_count;
    for (size_t i = 0; i < count; i++) {
        part.contender = &series->plan.contenders[(part.turn + i) % count];
        if (!is_measured(series, part.kind, part.task, part.contender)) continue;
        if (!measure(series, &part, error)) return false;
    }
    return true;
}

static size_t count_measured(const struct series *series, const struct series_kind *kind,
                             const struct task *task)
{
    size_t count = 0;
    for (size_t i = 0; i < series->plan.contender_count; i++) {
        count += is_measured(series, kind, task, &series->plan.contenders[i]);
    }
    return count;
}

/* A smoke run shows that all works. */
static bool takes_one_workload(const struct series *series)
{
    return !series->options->workloads.count && !strcmp(series->plan.profile, "smoke");
}

static bool is_candidate(const struct series *series, const struct series_kind *kind,
                         const struct task *task)
{
    const struct names *named = &series->options->workloads;
    if (!task->provenance.is_available || task == series->plan.tasks) return false;
    if (series->workload_count && takes_one_workload(series)) return false;
    bool is_short = strcmp(series->plan.profile, "full") != 0;
    return named->count ? series_is_named(named, task->workload.name) : kind->takes(task, is_short);
}

static unsigned count_variants(const struct series_kind *kind)
{
    return kind->variants ? kind->variants : 1;
}

/* The baseline's calls and bytes. */
static bool prove(struct series *series, const struct part *part, struct series_proof *proof,
                  struct error *error)
{
    static struct cell_result result;
    if (proof->is_done) return true;
    progress_show(&series->progress, series->done, part->contender->spec, part->name);
    if (!spawn(series, part, CELL_PROVE, &result, error)) return false;
    *proof = (struct series_proof){true, result.outcome, result.error, result.counts};
    return true;
}

/* Whether a workload that was run on the baseline is worth measuring. */
static bool is_worth_it(struct series *series, const struct part *part,
                        const struct series_proof *proof)
{
    static struct cell_result failed;
    failed.outcome = proof->outcome;
    failed.error = proof->error;
    if (failed.outcome != OUTCOME_OK) note_failure(series, part, &failed, false);
    return failed.outcome == OUTCOME_OK &&
           (series->options->workloads.count ||
            proof->counts.peak_live_bytes >= part->kind->least_live_bytes);
}

static bool measure_workload(struct series *series, const struct series_kind *kind,
                             const struct task *task, struct error *error)
{
    struct part part = {.kind = kind,
                        .contender = &series->plan.contenders[0],
                        .name = task->workload.name,
                        .task = task};
    struct series_proof *proof = &series->proofs[task - series->plan.tasks];
    if (!prove(series, &part, proof, error)) return false;
    if (!is_worth_it(series, &part, proof)) {
        if (takes_one_workload(series)) return true; /* the next takes its place in the count */
        series->done += count_measured(series, kind, task) * count_variants(kind);
        return true;
    }
    struct series_task of = {.profile = series->plan.profile,
                             .task = task,
                             .counts = &proof->counts,
                             .order = series->workload_count++,
                             .is_named = series->options->workloads.count != 0};
    part.peak_live_bytes = proof->counts.peak_live_bytes;
    for (; of.variant < count_variants(kind); of.variant++) {
        part.parameter = kind->parameter(&of);
        bool is_skipped = part.parameter == SERIES_SKIPPED;
        if (is_skipped) series->done += count_measured(series, kind, task);
        else if (!measure_all(series, part, error)) return false;
    }
    return true;
}

/* Whether the run's profile has time for the part. */
static bool has_time(const struct series *series, const struct series_part *part)
{
    static const char *const profiles[] = {"smoke", "quick"};
    enum series_extent extent = EXTENT_SMOKE;
    while (extent < EXTENT_FULL && strcmp(series->plan.profile, profiles[extent])) extent++;
    return part->extent <= extent;
}

static bool measure_parts(struct series *series, const struct series_kind *kind,
                          struct error *error)
{
    struct series_part each = {0};
    for (size_t i = 0; kind->part_at && kind->part_at(i, &each); i++) {
        if (!has_time(series, &each)) continue;
        struct part part = {
            .kind = kind, .name = each.name, .parameter = each.parameter, .turn = each.turn};
        if (!measure_all(series, part, error)) return false;
    }
    series->workload_count = 0;
    for (size_t i = 0; kind->takes && i < series->plan.task_count; i++) {
        const struct task *task = &series->plan.tasks[i];
        if (is_candidate(series, kind, task) && !measure_workload(series, kind, task, error)) {
            return false;
        }
    }
    return true;
}

static bool measure_kind(struct series *series, const struct series_kind *kind, struct error *error)
{
    if (!series_file_open(&series->rows, &series->folder, kind->name, error)) return false;
    fprintf(series->rows.file, "allocator,%s%s%s\n", kind->part ? kind->part : "",
            kind->part ? "," : "", kind->columns);
    bool is_whole = measure_parts(series, kind, error);
    return series_file_close(&series->rows, is_whole, error);
}

/* Of a kind that the user wants, for the progress. */
static size_t count_parts(const struct series *series, const struct series_kind *kind)
{
    struct series_part part = {0};
    size_t count = 0;
    for (size_t i = 0; kind->part_at && kind->part_at(i, &part); i++) {
        if (has_time(series, &part)) count += count_measured(series, kind, NULL);
    }
    for (size_t i = 0; kind->takes && i < series->plan.task_count; i++) {
        const struct task *task = &series->plan.tasks[i];
        if (!is_candidate(series, kind, task)) continue;
        count += count_measured(series, kind, task) * count_variants(kind);
        if (takes_one_workload(series)) break;
    }
    return count;
}

static bool is_left_alone(const void *wanted, const char *kind)
{
    return !series_is_named(wanted, kind);
}

bool series_measure(struct series *series, struct error *error)
{
    bool is_good = true;
    size_t parts = 0;
    const struct series_kind *kind;
    const struct names *wanted = &series->options->kinds;
    if (!series_file_open(&series->failures, &series->folder, "failures", error)) return false;
    fputs("series,allocator,part,outcome,detail\n", series->failures.file);
    series_file_keep(&series->failures, is_left_alone, wanted);
    for (kind = series_kinds; kind->name; kind++) {
        if (series_is_named(wanted, kind->name)) parts += count_parts(series, kind);
    }
    progress_open(&series->progress, "parts of series", 0, parts);
    for (kind = series_kinds; is_good && kind->name; kind++) {
        if (series_is_named(wanted, kind->name)) is_good = measure_kind(series, kind, error);
    }
    progress_close(&series->progress);
    return series_file_close(&series->failures, is_good, error);
}
