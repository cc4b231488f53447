/* `heapbench generate`: a synthetic workload as a file. Its events go to the writer as they are
 * made, so that repeating a generator gives a trace larger than memory; each repetition draws from
 * a seed of its own, and what it leaves alive is freed before the next begins. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../allocators/text.h"
#include "../workloads/family.h"
#include "../workloads/replay/options.h"
#include "../workloads/traces/writer.h"
#include "child.h"
#include "command.h"

enum { REPETITIONS_MAXIMUM = 1000000 };

struct call {
    const char *out, *name;
    uint64_t seed, repetitions;
    struct workload workload;
    struct replay_options options;
};

static error_t take_option(int key, char *value, struct argp_state *state)
{
    struct call *call = state->input;
    switch (key) {
    case 'o': call->out = value; return 0;
    case 's': call->seed = command_number(value, "seed", 0, INT64_MAX, state); return 0;
    case 'n':
        call->repetitions = command_number(value, "repeat", 1, REPETITIONS_MAXIMUM, state);
        return 0;
    case ARGP_KEY_ARG:
        if (call->name) argp_failure(state, 2, 0, "`%s`: one workload at a time", value);
        call->name = value;
        return 0;
    case ARGP_KEY_END:
        if (!call->name) argp_failure(state, 2, 0, "which workload? (heapbench list families)");
        if (!call->out) argp_failure(state, 2, 0, "into which file? -o FILE.hbt");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option rows[] = {
    {"output", 'o', "FILE", 0, "the trace to write, FILE.hbt; one that is there is replaced", 0},
    {"seed", 's', "N", 0, "draws what the workload draws (default 1)", 0},
    {"repeat", 'n', "N", 0, "so often in a row, each with the next seed (default 1)", 0},
    {0},
};

static const struct argp generate_argp = {
    rows, take_option, "WORKLOAD[:OPTIONS]", "Write a synthetic workload as a trace.", NULL,
    NULL, NULL,
};

static bool find(struct call *call, struct error *error)
{
    struct workload *workload = &call->workload;
    if (!workload_find(call->name, workload, error)) return false;
    if (!workload->family && !workload->generate) {
        return error_set(error,
                         "%s is not synthetic (heapbench list families shows what is); a script "
                         "is recorded by heapbench record",
                         call->name);
    }
    if (!replay_options_read(workload, &call->options, error)) return false;
    if (call->options.seed) call->seed = call->options.seed;
    if (call->options.touch == TOUCH_STANDARD && call->options.order == ORDER_ONE &&
        call->options.passes == 0) {
        return true;
    }
    return error_set(error, "%s: touch, order and passes are of its replay, not of its file",
                     call->name);
}

/* All options, those that were not given too, so that another version can make the same trace. */
static void describe(const struct call *call, char about[TRACE_ABOUT_MAXIMUM])
{
    struct text text = text_in(about, TRACE_ABOUT_MAXIMUM);
    const struct trace_family *family = call->workload.family;
    text_add(&text, "summary: %s\n", call->workload.summary);
    text_add(&text, "%s: %.*s\n", family ? "family" : "workload", (int)strcspn(call->name, ":"),
             call->name);
    const struct option_row *option = family ? family->options : NULL;
    if (option) text_add(&text, "options:");
    for (size_t i = 0; option && option[i].name; i++) {
        text_add(&text, " %s=%s", option[i].name, call->options.family.values[i].text);
    }
    text_add(&text, "%sseed: %" PRIu64 "\nrepetitions: %" PRIu64 "\nheapbench: %s\n",
             option ? "\n" : "", call->seed, call->repetitions, HEAPBENCH_VERSION);
}

static void free_living(struct trace *trace)
{
    for (uint32_t slot = 0; slot < trace->slot_count && !trace->is_full; slot++) {
        if (trace->sizes[slot] != 0) trace_free(trace, slot);
    }
}

static bool generate(const struct call *call, struct trace *trace, struct error *error)
{
    const struct workload *workload = &call->workload;
    for (uint64_t i = 0; i < call->repetitions; i++) {
        struct random random;
        random_seed(&random, call->seed + i);
        if (i > 0) free_living(trace);
        bool is_whole = workload->family ? workload->family->generate(trace, &call->options.family,
                                                                      &random, error)
                                         : workload->generate(trace, &random);
        if (!is_whole) return false;
    }
    return true;
}

int generate_main(int argc, char **argv)
{
    char about[TRACE_ABOUT_MAXIMUM];
    struct error error = {""};
    struct call call = {.seed = 1, .repetitions = 1};
    command_parse(&generate_argp, argc, argv, 0, &call);
    if (!command_check_trace_output(call.out, &error) || !find(&call, &error)) {
        return command_fail(2, error.text);
    }
    describe(&call, about);
    struct trace_writer *writer = trace_writer_open(call.out, about, &error);
    if (!writer) return command_fail(1, error.text);
    struct trace *trace = trace_writer_trace(writer);
    /* What the writer ran into, a full disk say, it tells itself. */
    if (generate(&call, trace, &error) || trace->is_full) {
        return trace_writer_close(writer, &error) ? 0 : command_fail(1, error.text);
    }
    trace_writer_discard(writer);
    if (*error.text) return command_fail(2, error.text);
    return command_fail(1, "not enough memory for what draws the trace");
}
