/* The command line of `run`, by glibc's argp: one table for parsing and for --help. */
#include "options.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../allocators/nearest.h"
#include "command.h"

enum { ROUNDS_MAXIMUM = 1000 };

/* An interval that covers 99 % needs eight rounds. */
static const struct profile profiles[] = {
    {"smoke", 2, true},
    {"quick", 8, true},
    {"full", 30, false},
};

enum { KEY_PROFILE = 256, KEY_ROUNDS, KEY_SEED, KEY_TIMEOUT, KEY_RESUME };

static const struct argp_option rows[] = {
    {"allocator", 'a', "SPEC", 0,
     "measure this allocator, or `all`; may be repeated (default: all in profile full, else all "
     "but those that `list` shows as measured by name)",
     0},
    {"workload", 'w', "NAME|PATH", 0, "on this workload, Lua script or trace; may be repeated", 0},
    {"profile", KEY_PROFILE, "NAME", 0, "smoke, quick (default) or full: 2, 8, 30 rounds", 0},
    {"rounds", KEY_ROUNDS, "N", 0, "timed rounds, instead of the profile's", 0},
    {"seed", KEY_SEED, "N", 0, "draws the order and the synthetic traces (default 1)", 0},
    {"timeout", KEY_TIMEOUT, "S", 0, "seconds that one cell may take (default 60)", 0},
    {"output", 'o', "DIR", 0, "results folder (default results/<time>-<profile>)", 0},
    {"resume", KEY_RESUME, NULL, 0, "finish the run in -o DIR, or in results/latest", 0},
    {0},
};

static const struct profile *find_profile(const char *name, struct argp_state *state)
{
    struct nearest nearest = {.wanted = name};
    char advice[128];
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++) {
        if (!strcmp(profiles[i].name, name)) return &profiles[i];
        nearest_offer(&nearest, profiles[i].name);
    }
    argp_failure(state, 2, 0, "no profile is called `%s`%s (smoke, quick, full)", name,
                 nearest_advice(&nearest, advice, sizeof advice));
    return NULL;
}

static error_t take_option(int key, char *value, struct argp_state *state)
{
    struct run_options *options = state->input;
    bool names_plan = true;
    switch (key) {
    case 'a': command_add_name(&options->specs, value, state); break;
    case 'w': command_add_name(&options->workloads, value, state); break;
    case KEY_PROFILE: options->profile = find_profile(value, state); break;
    case KEY_ROUNDS:
        options->rounds = (unsigned)command_number(value, "rounds", 1, ROUNDS_MAXIMUM, state);
        break;
    case KEY_SEED: options->seed = command_number(value, "seed", 0, INT64_MAX, state); break;
    case KEY_TIMEOUT:
        options->timeout_seconds =
            (unsigned)command_number(value, "timeout", 1, TIMEOUT_MAXIMUM, state);
        break;
    default: names_plan = false;
    }
    options->names_plan |= names_plan;
    if (names_plan) return 0;
    switch (key) {
    case 'o': options->folder = value; return 0;
    case KEY_RESUME: options->is_resumed = true; return 0;
    case ARGP_KEY_ARG:
        argp_failure(state, 2, 0, "`%s` means nothing here: -a SPEC, -w NAME or PATH?", value);
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp run_argp = {
    rows,
    take_option,
    NULL,
    "Measure allocators on workloads: fresh processes, interleaved rounds, the baseline twice.",
    NULL,
    NULL,
    NULL,
};

void options_read(struct run_options *options, int argc, char **argv)
{
    *options = (struct run_options){
        .profile = &profiles[1],
        .timeout_seconds = TIMEOUT_STANDARD,
        .seed = 1,
    };
    command_parse(&run_argp, argc, argv, 0, options);
    if (options->rounds == 0) options->rounds = options->profile->rounds;
}
