/* `heapbench check`: the contract, held against each allocator in a process of its own, by random
 * calls or by those of traces. One that never reuses a block would fill the machine in a long
 * random check, so it begins anew, in another process and with another seed, each time it has done
 * a million operations. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "measure.h"
#include "plan.h"
#include "progress.h"

#define OPERATIONS_MAXIMUM 1000000000000u
#define OPERATIONS_RETAINED 1000000u /* of one heap that never reuses a block */

struct check_options {
    struct names specs, workloads;
    uint64_t seed;
    uint64_t operations; /* 0: the standard */
    unsigned timeout_seconds;
};

/* A long check shows how far it is. */
struct check {
    const struct check_options *options;
    struct progress progress;
    const char *spec; /* under check */
    const struct workload *workload;
    uint64_t passed_before; /* operations: of other allocators and of earlier processes */
};

static error_t take_option(int key, char *value, struct argp_state *state)
{
    struct check_options *options = state->input;
    switch (key) {
    case 'a': command_add_name(&options->specs, value, state); return 0;
    case 'w': command_add_name(&options->workloads, value, state); return 0;
    case 'n':
        options->operations = command_number(value, "operations", 1, OPERATIONS_MAXIMUM, state);
        return 0;
    case 's': options->seed = command_number(value, "seed", 0, INT64_MAX, state); return 0;
    case 't':
        options->timeout_seconds =
            (unsigned)command_number(value, "timeout", 1, TIMEOUT_MAXIMUM, state);
        return 0;
    case ARGP_KEY_ARG:
        argp_failure(state, 2, 0, "`%s` means nothing here: -a SPEC? -w TRACE?", value);
        return 0;
    case ARGP_KEY_END:
        if (!options->operations || !options->workloads.count) return 0;
        argp_failure(state, 2, 0, "a trace has its own operations: give -n or -w");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option rows[] = {
    {"allocator", 'a', "SPEC", 0, "check this allocator; may be repeated (default: all)", 0},
    {"workload", 'w', "TRACE", 0,
     "by the calls of this trace, in place of random ones: a file or a synthetic trace; may be "
     "repeated",
     0},
    {"operations", 'n', "N", 0, "random operations on each (default 100000)", 0},
    {"seed", 's', "N", 0, "draws the sequence of operations (default 1)", 0},
    {"timeout", 't', "S", 0, "seconds that one allocator may take (default 60)", 0},
    {0},
};

static const struct argp check_argp = {
    rows,
    take_option,
    NULL,
    "Hold allocators to the contract: a seeded random sequence, or the calls of traces, "
    "against a shadow model.",
    NULL,
    NULL,
    NULL,
};

static void show_progress(void *watcher, const struct cell_result *result)
{
    struct check *check = watcher;
    uint64_t done = check->passed_before + result->operations_done;
    if (done > check->progress.total) done = check->progress.total; /* a wild child's word */
    progress_show(&check->progress, done, check->spec, check->workload->name);
}

/* One process; false when it could not be had. */
static bool check_part(struct check *check, uint64_t operations, uint64_t seed,
                       struct cell_result *result)
{
    struct error error = {""};
    struct cell_request request = {.mode = CELL_EXAMINE,
                                   .spec = check->spec,
                                   .workload = check->workload->name,
                                   .path = check->workload->path,
                                   .seed = seed,
                                   .operations = operations,
                                   .cpu = -1,
                                   .timeout_seconds = check->options->timeout_seconds,
                                   .watch = check->options->operations ? show_progress : NULL,
                                   .watcher = check};
    if (cell_spawn(&request, result, &error)) return true;
    progress_close(&check->progress);
    command_fail(1, error.text);
    return false;
}

static uint64_t operations_of_process(const struct check *check)
{
    struct spec_description description;
    struct error error;
    uint64_t operations = check->options->operations;
    bool retains =
        spec_describe(check->spec, &description, &error) && (description.traits & TRAIT_RETAINS);
    return retains && operations > OPERATIONS_RETAINED ? OPERATIONS_RETAINED : operations;
}

/* All its operations, by one process or by as many as it takes. */
static bool check_whole(struct check *check, struct cell_result *result)
{
    uint64_t left = check->options->operations, most = operations_of_process(check);
    uint64_t seed = check->options->seed;
    do {
        uint64_t part = left < most ? left : most;
        if (!check_part(check, part, seed++, result)) return false;
        left -= part;
        if (result->outcome == OUTCOME_OK) check->passed_before += part;
    } while (left && result->outcome == OUTCOME_OK);
    if (result->outcome == OUTCOME_OK && most < check->options->operations) {
        snprintf(result->answer, sizeof result->answer, "contract kept, %llu operations",
                 (unsigned long long)check->options->operations);
    }
    return true;
}

static void print_verdict(const struct check *check, const struct cell_result *result, int64_t ms)
{
    bool is_ok = result->outcome == OUTCOME_OK;
    bool is_trace = check->workload->kind != &workload_kind_contract;
    printf("%-14s %-24s %s%s%s", outcome_name(result->outcome), check->spec,
           is_ok ? result->answer : result->error.text, is_trace ? ", " : "",
           is_trace ? check->workload->name : "");
    if (is_ok && check->options->operations) printf(", %.1f s", (double)ms / 1000);
    /* What broke the contract knows the very operation. */
    if (!is_ok && result->outcome != OUTCOME_WRONG_ANSWER && result->operations_done) {
        printf(", after %llu operations", (unsigned long long)result->operations_done);
    }
    putchar('\n');
    fflush(stdout);
}

/* What was not asked for by name may be missing. */
static bool check_one(struct check *check)
{
    struct cell_result result = {0};
    int64_t started_ms = measure_now_ms();
    uint64_t passed_before = check->passed_before;
    if (!check_whole(check, &result)) return false;
    progress_close(&check->progress);
    print_verdict(check, &result, measure_now_ms() - started_ms);
    check->passed_before = passed_before + check->options->operations;
    return result.outcome == OUTCOME_OK ||
           (result.outcome == OUTCOME_UNAVAILABLE && check->options->specs.count == 0);
}

/* The workloads that were named, or the contract alone; to be freed. NULL says why. */
static struct workload *find_workloads(const struct names *names, size_t *count,
                                       struct error *error)
{
    *count = names->count ? names->count : 1;
    struct workload *workloads = calloc(*count, sizeof *workloads);
    if (!workloads) {
        error_set(error, "no memory for so many workloads");
        return NULL;
    }
    workloads[0] = workload_contract;
    for (size_t i = 0; i < names->count; i++) {
        struct workload *workload = &workloads[i];
        bool is_found =
            plan_name_is_plain(names->at[i], error) && workload_find(names->at[i], workload, error);
        if (is_found && workload->kind == &workload_kind_replay) continue;
        if (is_found)
            error_set(error, "-w %s: a %s cannot be checked: give a trace", names->at[i],
                      workload->program ? "program" : "script");
        free(workloads);
        return NULL;
    }
    return workloads;
}

static bool check_all(struct check *check, const struct plan *plan,
                      const struct workload *workloads, size_t workload_count)
{
    bool is_good = true;
    for (size_t i = 0; i < plan->contender_count * workload_count; i++) {
        if (cell_was_interrupted()) break;
        check->spec = plan->contenders[i / workload_count].spec;
        check->workload = &workloads[i % workload_count];
        is_good = check_one(check) && is_good;
    }
    return is_good;
}

int check_main(int argc, char **argv)
{
    static struct check_options options = {.seed = 1, .timeout_seconds = TIMEOUT_STANDARD};
    struct plan plan = {0};
    struct check check = {.options = &options};
    struct error error = {""};
    size_t workload_count;
    command_parse(&check_argp, argc, argv, 0, &options);
    struct workload *workloads = find_workloads(&options.workloads, &workload_count, &error);
    if (!workloads || !plan_add_contenders(&plan, &options.specs, false, &error)) {
        free(workloads);
        return command_fail(2, error.text);
    }
    if (options.operations) {
        progress_open(&check.progress, "operations", 0, options.operations * plan.contender_count);
    }
    cell_catch_interrupts();
    bool is_good = check_all(&check, &plan, workloads, workload_count);
    plan_close(&plan);
    free(workloads);
    return is_good ? 0 : 1;
}
