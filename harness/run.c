/* `heapbench run`: every cell of the plan becomes exactly one row, in the plan's order.
 *
 * A cell that failed is not run again in later rounds; its rows say so. An allocator that breaks
 * the contract runs nothing else: what it would measure has no meaning. A resumed run is the plan
 * less the rows that are there, whose fates are read back first. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "machine.h"
#include "options.h"
#include "progress.h"

/* What is known of a contender on a task from the rows so far. */
struct fate {
    bool has_failed;
    enum outcome outcome;
    char detail[RECORD_TEXT];
    uint64_t operations; /* from round 0; 0 when not known */
};

struct run {
    struct folder folder;
    struct plan plan;
    struct fate *fates;             /* contender_count rows of task_count */
    char (*answers)[ANSWER_LENGTH]; /* the first of round 0, one a task; "" when none */
    size_t done;
    size_t outcome_counts[OUTCOME_TIMED_OUT + 1];
    int cpu;
};

static struct fate *fate_of(const struct run *run, const struct cell *cell)
{
    return &run->fates[cell->contender * run->plan.task_count + cell->task];
}

/* The last processor we may use: the first ones get most interrupts. */
static int choose_cpu(void)
{
    cpu_set_t set;
    int chosen = -1;
    if (sched_getaffinity(0, sizeof set, &set)) return -1;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET((size_t)cpu, &set)) chosen = cpu;
    }
    return chosen;
}

static void fail(struct cell_result *result, enum outcome outcome, const char *why)
{
    result->outcome = outcome;
    error_set(&result->error, "%s", why);
}

/* True when the cell's result is known without running it. */
static bool is_foregone(const struct run *run, const struct cell *cell, struct cell_result *result)
{
    const struct provenance *contender = &run->plan.contenders[cell->contender].provenance;
    const struct provenance *task = &run->plan.tasks[cell->task].provenance;
    const struct fate *contract = &run->fates[cell->contender * run->plan.task_count];
    const struct fate *former = fate_of(run, cell), *baseline = &run->fates[cell->task];
    if (!contender->is_available) fail(result, OUTCOME_UNAVAILABLE, contender->reason);
    else if (!task->is_available) fail(result, OUTCOME_UNAVAILABLE, task->reason);
    else if (former->has_failed) fail(result, former->outcome, former->detail);
    else if (contract->has_failed) fail(result, contract->outcome, contract->detail);
    /* Without a right answer under libc there is none to compare with. */
    else if (baseline->has_failed && baseline->outcome == OUTCOME_WRONG_ANSWER)
        fail(result, baseline->outcome, baseline->detail);
    else return false;
    return true;
}

/* The first answer in round 0, the baseline's if it has one, is what all others must give. */
static void judge_answer(struct run *run, const struct cell *cell, struct cell_result *result)
{
    char *expected = run->answers[cell->task];
    if (result->outcome != OUTCOME_OK || run->plan.contenders[cell->contender].is_replay_only) {
        return;
    }
    if (!*expected && cell->round == 0) strcpy(expected, result->answer);
    if (!*expected || !strcmp(expected, result->answer)) return;
    result->outcome = OUTCOME_WRONG_ANSWER;
    error_set(&result->error, "%s instead of %s%s", result->answer, expected,
              cell->contender ? ""
                              : ": not even libc gives the same answer twice, so make the "
                                "workload's answer independent of addresses and of time");
}

static void keep_fate(struct run *run, const struct cell *cell, enum outcome outcome,
                      const char *detail, uint64_t operations)
{
    struct fate *fate = fate_of(run, cell);
    run->outcome_counts[outcome]++;
    if (operations) fate->operations = operations;
    if (outcome == OUTCOME_OK || fate->has_failed) return;
    fate->has_failed = true;
    fate->outcome = outcome;
    snprintf(fate->detail, sizeof fate->detail, "%s", detail);
}

static void record_times(struct record *record, const struct cell_result *result,
                         uint64_t operations)
{
    record_number(record, METRIC_cpu_ns, result->cpu_ns);
    record_number(record, METRIC_wall_ns, result->wall_ns);
    record_number(record, METRIC_drop_ns, result->drop_ns);
    record_number(record, METRIC_peak_resident_bytes, result->peak_resident_bytes);
    record_number(record, METRIC_resident_before_bytes, result->resident_before_bytes);
    record_number(record, METRIC_minor_faults, result->minor_faults);
    record_number(record, METRIC_major_faults, result->major_faults);
    record_number(record, METRIC_preemptions, result->preemptions);
    if (operations) record_number(record, METRIC_operations, operations);
}

static uint64_t record_counts(struct record *record, const struct cell_result *result)
{
    const struct call_counts *counts = &result->counts;
    uint64_t calls = count_all_calls(counts) - result->outside.calls;
    record_number(record, METRIC_calls, calls);
    record_number(record, METRIC_allocated_bytes, counts->allocated_bytes);
    record_number(record, METRIC_peak_live_bytes, counts->peak_live_bytes);
    record_number(record, METRIC_operations, calls - counts->query_calls);
    return calls - counts->query_calls;
}

static bool write_row(struct run *run, const struct cell *cell, const struct cell_result *result,
                      struct error *error)
{
    static struct record record;
    const char *detail = result->outcome == OUTCOME_OK ? "" : result->error.text;
    uint64_t operations = fate_of(run, cell)->operations;
    record_clear(&record);
    record_text(&record, METRIC_allocator, run->plan.contenders[cell->contender].spec);
    record_text(&record, METRIC_workload, run->plan.tasks[cell->task].workload.name);
    record_number(&record, METRIC_round, cell->round);
    record_number(&record, METRIC_copy, cell->copy);
    record_text(&record, METRIC_outcome, outcome_name(result->outcome));
    record_text(&record, METRIC_detail, detail);
    record_number(&record, METRIC_padding_bytes, cell->padding_bytes);
    if (result->outcome == OUTCOME_OK) {
        record_text(&record, METRIC_answer, result->answer);
        if (cell->round) record_times(&record, result, operations);
        else operations = record_counts(&record, result);
    }
    keep_fate(run, cell, result->outcome, detail, operations);
    return folder_append(&run->folder, &record, error);
}

static bool run_cell(struct run *run, const struct cell *cell, struct error *error)
{
    static struct cell_result result;
    const struct task *task = &run->plan.tasks[cell->task];
    struct cell_request request = {
        .mode = cell->round ? CELL_TIME : CELL_PROVE,
        .spec = run->plan.contenders[cell->contender].spec,
        .workload = task->workload.name,
        .path = task->workload.path,
        .seed = run->plan.seed,
        .cpu = run->cpu,
        .padding_bytes = cell->padding_bytes,
        .timeout_seconds = run->plan.timeout_seconds,
    };
    memset(&result, 0, sizeof result);
    if (!identify_is_same(&task->provenance)) {
        return error_set(error, "%s was changed while it was measured: measure anew",
                         task->provenance.file);
    }
    if (!is_foregone(run, cell, &result) && !cell_spawn(&request, &result, error)) return false;
    judge_answer(run, cell, &result);
    return write_row(run, cell, &result, error);
}

static bool run_cells(struct run *run, struct error *error)
{
    struct progress progress;
    const struct plan *plan = &run->plan;
    bool is_good = true;
    progress_open(&progress, "cells", run->done, plan->cell_count);
    while (is_good && run->done < plan->cell_count && !cell_was_interrupted()) {
        const struct cell *cell = &plan->cells[run->done];
        progress_show(&progress, run->done, plan->contenders[cell->contender].spec,
                      plan->tasks[cell->task].workload.name);
        is_good = run_cell(run, cell, error);
        run->done += is_good;
    }
    progress_close(&progress);
    if (cell_was_interrupted()) {
        return error_set(error,
                         "interrupted: %zu of %zu cells are safe; go on with heapbench run "
                         "--resume -o %s",
                         run->done, plan->cell_count, run->folder.path);
    }
    return is_good;
}

static bool make_room(struct run *run, struct error *error)
{
    run->fates = calloc(run->plan.contender_count * run->plan.task_count, sizeof *run->fates);
    run->answers = calloc(run->plan.task_count, sizeof *run->answers);
    run->cpu = choose_cpu();
    if (run->fates && run->answers) return true;
    return error_set(error, "no memory for a plan of %zu cells", run->plan.cell_count);
}

static bool make_plan(struct plan *plan, const struct run_options *options, struct error *error)
{
    if (!plan_open(plan, error)) return false;
    plan->rounds = options->rounds;
    plan->seed = options->seed;
    plan->timeout_seconds = options->timeout_seconds;
    snprintf(plan->profile, sizeof plan->profile, "%s", options->profile->name);
    return plan_add_contenders(plan, &options->specs, options->profile->is_short, error) &&
           plan_add_tasks(plan, &options->workloads, options->profile->is_short, error);
}

/* A library named by its path is what the user came to measure. */
static bool check_libraries(const struct plan *plan, struct error *error)
{
    for (size_t i = 0; i < plan->contender_count; i++) {
        const struct provenance *provenance = &plan->contenders[i].provenance;
        if (provenance->is_available || !strchr(plan->contenders[i].spec, '/')) continue;
        return error_set(error, "%s", provenance->reason);
    }
    return true;
}

static bool begin(struct run *run, const struct run_options *options, struct error *error)
{
    plan_draw(&run->plan);
    if (!plan_identify(&run->plan, error) || !check_libraries(&run->plan, error) ||
        !folder_create(&run->folder, options->folder, run->plan.profile, error)) {
        return false;
    }
    if (machine_write(&run->folder, &run->plan, false, error)) return make_room(run, error);
    folder_discard(&run->folder);
    return false;
}

static enum outcome read_outcome(const char *name)
{
    int outcome = OUTCOME_OK;
    while (outcome < OUTCOME_TIMED_OUT && strcmp(outcome_name((enum outcome)outcome), name)) {
        outcome++;
    }
    return (enum outcome)outcome;
}

static const char *text_of(const struct record *record, enum metric metric)
{
    return record->values[metric].is_known ? record->values[metric].text : "";
}

/* A row that is there must be the plan's next: then what is missing is simply the rest. */
static bool take_row(void *receiver, const struct record *record, struct error *error)
{
    struct run *run = receiver;
    const struct cell *cell = &run->plan.cells[run->done];
    const struct task *task = &run->plan.tasks[cell->task];
    if (run->done == run->plan.cell_count ||
        strcmp(text_of(record, METRIC_allocator), run->plan.contenders[cell->contender].spec) ||
        strcmp(text_of(record, METRIC_workload), task->workload.name) ||
        record->values[METRIC_round].number != cell->round) {
        return error_set(error, "%s/runs.csv: row %zu is not the plan's: measure anew",
                         run->folder.path, run->done + 2);
    }
    char *answer = run->answers[cell->task];
    if (!*answer && cell->round == 0 && !run->plan.contenders[cell->contender].is_replay_only) {
        snprintf(answer, ANSWER_LENGTH, "%s", text_of(record, METRIC_answer));
    }
    uint64_t operations =
        record->values[METRIC_operations].is_known ? record->values[METRIC_operations].number : 0;
    keep_fate(run, cell, read_outcome(text_of(record, METRIC_outcome)),
              text_of(record, METRIC_detail), operations);
    run->done++;
    return true;
}

/* A command may be repeated with --resume added; one that asks for something else is a mistake. */
static bool check_options(const struct run *run, const struct run_options *options,
                          struct error *error)
{
    struct plan wanted;
    if (!options->names_plan) return true;
    bool is_same = make_plan(&wanted, options, error) && plan_is_same(&wanted, &run->plan);
    plan_close(&wanted);
    return is_same || error_set(error,
                                "%s was begun with other options: give --resume the same, or none "
                                "but -o",
                                run->folder.path);
}

static bool go_on(struct run *run, const struct run_options *options, struct error *error)
{
    size_t planned;
    if (!folder_open(&run->folder, options->folder, error) || !plan_open(&run->plan, error) ||
        !machine_read_plan(&run->folder, &run->plan, &planned, error))
        return false;
    if (!check_options(run, options, error)) return false;
    plan_draw(&run->plan);
    if (planned != run->plan.cell_count) {
        return error_set(error, "%s: the plan has %zu cells here and had %zu: measure anew",
                         run->folder.path, run->plan.cell_count, planned);
    }
    return make_room(run, error) && folder_read(&run->folder, take_row, run, error);
}

static void print_begin(const struct run *run)
{
    const struct plan *plan = &run->plan;
    fprintf(stderr,
            "%zu cells: %zu allocators (libc and null always) on %zu workloads, rounds: 1 of proof "
            "and %u timed; in %s\n",
            plan->cell_count, plan->contender_count, plan->task_count - 1, plan->rounds,
            run->folder.path);
    for (size_t i = 0; i < plan->contender_count; i++) {
        const struct provenance *provenance = &plan->contenders[i].provenance;
        if (provenance->is_available) continue;
        fprintf(stderr, "%s is unavailable: %s\n", plan->contenders[i].spec, provenance->reason);
    }
}

static void print_failures(const struct run *run)
{
    for (size_t i = 0; i < run->plan.contender_count * run->plan.task_count; i++) {
        const struct fate *fate = &run->fates[i];
        if (!fate->has_failed || fate->outcome == OUTCOME_UNAVAILABLE) continue;
        printf("%s: %s on %s: %s\n", run->plan.contenders[i / run->plan.task_count].spec,
               outcome_name(fate->outcome), run->plan.tasks[i % run->plan.task_count].workload.name,
               fate->detail);
    }
}

static int print_end(const struct run *run)
{
    print_failures(run);
    printf("%zu cells:", run->plan.cell_count);
    for (int outcome = 0; outcome <= OUTCOME_TIMED_OUT; outcome++) {
        size_t count = run->outcome_counts[outcome];
        if (count) printf(" %zu %s;", count, outcome_name((enum outcome)outcome));
    }
    printf(" rows in %s/runs.csv\ntable and charts: make table charts RESULTS=%s\n",
           run->folder.path, run->folder.path);
    return fflush(stdout) ? command_fail(1, "standard output cannot be written") : 0;
}

int run_main(int argc, char **argv)
{
    static struct run run;
    struct run_options options;
    struct error error = {""};
    options_read(&options, argc, argv);
    if (!options.is_resumed && !make_plan(&run.plan, &options, &error)) {
        return command_fail(2, error.text);
    }
    cell_catch_interrupts();
    bool is_begun =
        options.is_resumed ? go_on(&run, &options, &error) : begin(&run, &options, &error);
    if (!is_begun) return command_fail(1, error.text);
    if (!folder_link_latest(&run.folder, &error)) command_fail(0, error.text);
    print_begin(&run);
    if (!run_cells(&run, &error) || !machine_write(&run.folder, &run.plan, true, &error)) {
        return command_fail(1, error.text);
    }
    folder_close(&run.folder);
    int status = print_end(&run);
    plan_close(&run.plan);
    return status;
}
