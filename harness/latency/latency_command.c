/* `heapbench latency`: how long the calls of a workload take on each allocator, without a run's
 * folder: a pass with random gaps, three that time every call, and one that times lua_close alone,
 * each in a process of its own.
 */
#include <stdio.h>
#include <string.h>

#include "../command.h"
#include "latency_table.h"

struct latency_options {
    struct names specs, workloads;
    unsigned timeout_seconds;
    uint64_t seed;
};

static error_t take_option(int key, char *value, struct argp_state *state)
{
    struct latency_options *options = state->input;
    switch (key) {
    case 'a': command_add_name(&options->specs, value, state); return 0;
    case 'w': command_add_name(&options->workloads, value, state); return 0;
    case 's': options->seed = command_number(value, "seed", 0, UINT64_MAX, state); return 0;
    case 't':
        options->timeout_seconds =
            (unsigned)command_number(value, "timeout", 1, TIMEOUT_MAXIMUM, state);
        return 0;
    case ARGP_KEY_ARG:
        argp_failure(state, 2, 0, "`%s` means nothing here: -a SPEC, -w NAME?", value);
        return 0;
    case ARGP_KEY_END:
        if (!options->workloads.count) argp_failure(state, 2, 0, "name a workload: -w NAME");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option rows[] = {
    {"allocator", 'a', "SPEC", 0, "allocator; may be repeated (default libc)", 0},
    {"workload", 'w', "NAME", 0, "workload, or the path of a script or trace; may be repeated", 0},
    {"seed", 's', "N", 0, "of what workloads draw, and of the gaps (default 1)", 0},
    {"timeout", 't', "S", 0, "seconds that one pass may take (default 60)", 0},
    {0},
};

static const struct argp latency_argp = {
    rows,
    take_option,
    NULL,
    "Time the calls of a workload on allocators: quantiles by kind of call, collections, "
    "lua_close, and the slowest calls. A quantile that is less than twice that of a call which "
    "does nothing is shown as `floor`. A short trace is replayed several times in a pass, and its "
    "operations are numbered on.",
    NULL,
    NULL,
    NULL,
};

/* False when the pass failed, which is said, or when no process could be started. */
static bool run_pass(struct cell_request *request, struct latency_table *table,
                     struct cell_result *result, bool *goes_on)
{
    struct error error;
    memset(result, 0, sizeof *result);
    *goes_on = cell_spawn(request, result, &error);
    if (!*goes_on) command_fail(1, error.text);
    if (!*goes_on || result->outcome == OUTCOME_OK) {
        latency_table_add(table, request->mode, result);
        return *goes_on;
    }
    fprintf(stderr, "heapbench: %s on %s: %s: %s\n", request->spec, request->workload,
            outcome_name(result->outcome), result->error.text);
    return false;
}

/* The pass of lua_close is one of the series `locality`. */
static bool measure(struct cell_request request, bool is_program, bool *goes_on)
{
    static struct cell_result result;
    static struct latency_table table;
    latency_table_open(&table);
    for (unsigned pass = 0; pass <= LATENCY_PASSES; pass++) {
        request.mode = CELL_LATENCY;
        request.parameter = latency_pack(pass, pass == 0 ? LATENCY_GAP : 1);
        if (!run_pass(&request, &table, &result, goes_on)) return false;
    }
    request.mode = CELL_LOCALITY;
    request.parameter = latency_pack(1, 0);
    if (is_program && !run_pass(&request, &table, &result, goes_on)) return false;
    latency_table_print(&table, request.workload, request.spec);
    return true;
}

static bool measure_all(const struct latency_options *options, const struct workload *workload,
                        bool *goes_on)
{
    bool is_good = true;
    for (size_t i = 0; *goes_on && i < options->specs.count; i++) {
        struct cell_request request = {.spec = options->specs.at[i],
                                       .workload = workload->name,
                                       .path = workload->path,
                                       .seed = options->seed,
                                       .cpu = -1,
                                       .timeout_seconds = options->timeout_seconds};
        is_good &= measure(request, workload->kind->is_program, goes_on);
    }
    return is_good && *goes_on;
}

static bool is_hosted(const struct workload *workload, const char *spec,
                      const struct spec_description *description, struct error *error)
{
    if (!workload->kind->is_program || !(description->traits & TRAIT_REPLAY_ONLY)) return true;
    return error_set(error, "%s hands out overlapping blocks: it can only replay traces, not %s",
                     spec, workload->name);
}

static bool check_specs(const struct latency_options *options, const struct workload *workload,
                        struct error *error)
{
    struct spec_description description;
    for (size_t i = 0; i < options->specs.count; i++) {
        const char *spec = options->specs.at[i];
        if (!spec_describe(spec, &description, error)) return false;
        if (!is_hosted(workload, spec, &description, error)) return false;
    }
    return true;
}

static bool check_names(const struct latency_options *options, struct workload *workloads,
                        struct error *error)
{
    for (size_t i = 0; i < options->workloads.count; i++) {
        if (!workload_find(options->workloads.at[i], &workloads[i], error)) return false;
        if (!workload_available(&workloads[i], error)) return false;
        if (!check_specs(options, &workloads[i], error)) return false;
    }
    return true;
}

int latency_main(int argc, char **argv)
{
    static struct workload workloads[NAMES_MAXIMUM];
    struct latency_options options = {.seed = 1, .timeout_seconds = TIMEOUT_STANDARD};
    struct error error = {""};
    bool is_good = true, goes_on = true;
    command_parse(&latency_argp, argc, argv, 0, &options);
    if (!options.specs.count) options.specs.at[options.specs.count++] = "libc";
    if (!check_names(&options, workloads, &error)) return command_fail(2, error.text);
    cell_catch_interrupts();
    for (size_t i = 0; goes_on && i < options.workloads.count; i++) {
        is_good &= measure_all(&options, &workloads[i], &goes_on);
    }
    if (fflush(stdout)) return command_fail(1, "standard output cannot be written");
    return is_good ? 0 : 1;
}
