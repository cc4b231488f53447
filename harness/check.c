/* `heapbench check`: the contract, held against each allocator in a process of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "plan.h"

struct check_options {
    struct names specs;
    uint64_t seed;
    unsigned timeout_seconds;
};

static error_t take_option(int key, char *value, struct argp_state *state)
{
    struct check_options *options = state->input;
    switch (key) {
    case 'a': command_add_name(&options->specs, value, state); return 0;
    case 's': options->seed = command_number(value, "seed", 0, INT64_MAX, state); return 0;
    case 't':
        options->timeout_seconds =
            (unsigned)command_number(value, "timeout", 1, TIMEOUT_MAXIMUM, state);
        return 0;
    case ARGP_KEY_ARG:
        argp_failure(state, 2, 0, "`%s` means nothing here: -a SPEC?", value);
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option rows[] = {
    {"allocator", 'a', "SPEC", 0, "check this allocator; may be repeated (default: all)", 0},
    {"seed", 's', "N", 0, "draws the sequence of operations (default 1)", 0},
    {"timeout", 't', "S", 0, "seconds that one allocator may take (default 60)", 0},
    {0},
};

static const struct argp check_argp = {
    rows, take_option,
    NULL, "Hold allocators to the contract: a seeded random sequence against a shadow model.",
    NULL, NULL,
    NULL,
};

/* What was not asked for by name may be missing. */
static bool check_one(const struct contender *contender, const struct check_options *options)
{
    struct error error = {""};
    struct cell_result result = {0};
    struct cell_request request = {.mode = CELL_PROVE,
                                   .spec = contender->spec,
                                   .workload = workload_contract.name,
                                   .path = "",
                                   .seed = options->seed,
                                   .cpu = -1,
                                   .timeout_seconds = options->timeout_seconds};
    if (!cell_spawn(&request, &result, &error)) {
        command_fail(1, error.text);
        return false;
    }
    bool is_ok = result.outcome == OUTCOME_OK;
    printf("%-14s %-24s %s\n", outcome_name(result.outcome), contender->spec,
           is_ok ? result.answer : result.error.text);
    fflush(stdout);
    return is_ok || (result.outcome == OUTCOME_UNAVAILABLE && options->specs.count == 0);
}

int check_main(int argc, char **argv)
{
    static struct check_options options = {.seed = 1, .timeout_seconds = TIMEOUT_STANDARD};
    struct plan plan = {0};
    struct error error = {""};
    command_parse(&check_argp, argc, argv, 0, &options);
    if (!plan_add_contenders(&plan, &options.specs, &error)) return command_fail(2, error.text);
    bool is_good = true;
    cell_catch_interrupts();
    for (size_t i = 0; i < plan.contender_count && !cell_was_interrupted(); i++) {
        is_good = check_one(&plan.contenders[i], &options) && is_good;
    }
    plan_close(&plan);
    return is_good ? 0 : 1;
}
