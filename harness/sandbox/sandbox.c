/* `heapbench sandbox`: untrusted scripts, each in a sandbox in a process of its own. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../allocators/settings.h"
#include "../command.h"
#include "jobs.h"

struct call {
    struct job_settings settings;
    bool wants_csv;
    char **scripts;
    size_t script_count;
};

/* Sizes are read as in a spec. */
static const struct option_row size_rows[] = {
    {"memory", OPTION_BYTES, "10M", 1, (size_t)1 << 50, NULL, ""},
    {"output", OPTION_BYTES, "1M", 1, (size_t)1 << 40, NULL, ""},
    {0},
};

enum size_position { SIZE_MEMORY, SIZE_OUTPUT };

static size_t read_size(enum size_position position, const char *value, struct argp_state *state)
{
    size_t size;
    struct error error;
    if (strchr(value, ',')) {
        argp_failure(state, 2, 0, "--%s %s: give one size", size_rows[position].name, value);
    }
    if (!settings_read("sandbox", &size_rows[position], value, &size, &error)) {
        argp_failure(state, 2, 0, "%s", error.text);
    }
    return size;
}

static error_t take_report(const char *value, struct call *call, struct argp_state *state)
{
    call->wants_csv = value && !strcmp(value, "csv");
    if (value && !call->wants_csv && strcmp(value, "text") != 0) {
        argp_failure(state, 2, 0, "--report=%s: give text or csv", value);
    }
    return 0;
}

static error_t take_option(int key, char *value, struct argp_state *state)
{
    struct call *call = state->input;
    struct sandbox_options *options = &call->settings.options;
    switch (key) {
    case 'a': options->spec = value; return 0;
    case 'm': options->memory = read_size(SIZE_MEMORY, value, state); return 0;
    case 'o': options->output_bytes = read_size(SIZE_OUTPUT, value, state); return 0;
    case 'l': options->is_strict = false; return 0;
    case 'i':
        options->instructions = command_number(value, "instructions", 1, UINT64_MAX - 1, state);
        return 0;
    case 't':
        call->settings.seconds = (unsigned)command_number(value, "time", 1, TIMEOUT_MAXIMUM, state);
        return 0;
    case 'j': call->settings.side_by_side = command_number(value, "jobs", 1, 256, state); return 0;
    case 'r': return take_report(value, call, state);
    case ARGP_KEY_ARGS:
        call->scripts = state->argv + state->next;
        call->script_count = (size_t)(state->argc - state->next);
        return 0;
    case ARGP_KEY_NO_ARGS: argp_failure(state, 2, 0, "which scripts?"); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option rows[] = {
    {"memory", 'm', "BYTES", 0,
     "what each script may hold, its state of 27 KB included; K, M, G multiply (default 10M, or "
     "what a limit in the spec says)",
     0},
    {"lenient", 'l', NULL, 0, "the limit may be exceeded by a tenth", 0},
    {"instructions", 'i', "N", 0,
     "what each may run, work of the libraries included (default: any)", 0},
    {"time", 't', "SECONDS", 0, "of wall-clock time for each (default 10)", 0},
    {"allocator", 'a', "SPEC", 0,
     "the heap of each (default tiered); a spec without a limit gets hard-limit:collect over it",
     0},
    {"jobs", 'j', "N", 0, "how many run side by side (default: one for each core)", 0},
    {"output", 'o', "BYTES", 0, "what each may print; the rest is dropped (default 1M)", 0},
    {"report", 'r', "FORMAT", OPTION_ARG_OPTIONAL, "text (the standard) or csv, to standard error",
     0},
    {0},
};

static const struct argp sandbox_argp = {
    rows,
    take_option,
    "SCRIPT...",
    "Run untrusted Lua 5.1 scripts: with safe libraries only, limits on memory, instructions and "
    "time, and each in a process of its own.\v"
    "What the scripts print goes to standard output, in their order; then a line for each to "
    "standard error: finished, out of memory, out of instructions, out of time, error or crashed. "
    "The exit status is 0 when all have finished, and 1 otherwise.",
    NULL,
    NULL,
    NULL,
};

static bool are_readable(const struct call *call, struct error *error)
{
    for (size_t i = 0; i < call->script_count; i++) {
        struct stat status;
        const char *script = call->scripts[i];
        if (stat(script, &status) || access(script, R_OK)) {
            return error_set(error, "%s: cannot be read: %s", script, strerror(errno));
        }
        if (!S_ISREG(status.st_mode)) return error_set(error, "%s: give a file", script);
    }
    return true;
}

static bool is_possible(const struct call *call, struct error *error)
{
    struct spec_description description;
    const char *spec = call->settings.options.spec;
    if (!spec_describe(spec, &description, error)) return false;
    if (description.traits & TRAIT_REPLAY_ONLY) {
        return error_set(error, "%s hands out overlapping blocks: it can only replay traces", spec);
    }
    return are_readable(call, error);
}

static int run(const struct call *call, struct job *jobs)
{
    struct error error;
    bool have_all_finished = true;
    for (size_t i = 0; i < call->script_count; i++) jobs[i].script = call->scripts[i];
    if (!jobs_run(&call->settings, jobs, call->script_count, &error)) {
        return command_fail(1, error.text);
    }
    if (call->wants_csv) jobs_print_csv(jobs, call->script_count, stderr);
    else jobs_print_text(jobs, call->script_count, stderr);
    for (size_t i = 0; i < call->script_count; i++) {
        have_all_finished = have_all_finished && !jobs[i].is_killed && !jobs[i].is_crashed &&
                            jobs[i].result.outcome == SANDBOX_FINISHED;
    }
    if (ferror(stdout)) return command_fail(1, "standard output cannot be written");
    return have_all_finished ? EXIT_SUCCESS : EXIT_FAILURE;
}

int sandbox_main(int argc, char **argv)
{
    struct error error;
    struct call call = {.settings = {.seconds = JOB_SECONDS_STANDARD}};
    struct sandbox_options *options = &call.settings.options;
    *options = (struct sandbox_options){
        .spec = "tiered", .is_strict = true, .output_bytes = JOB_OUTPUT_STANDARD};
    call.settings.side_by_side = (size_t)sysconf(_SC_NPROCESSORS_ONLN);
    command_parse(&sandbox_argp, argc, argv, 0, &call);
    options->run_ns = (uint64_t)call.settings.seconds * 1000000000;
    if (!options->memory && !strstr(options->spec, "-limit")) options->memory = 10 << 20;
    if (!is_possible(&call, &error)) return command_fail(2, error.text);
    struct job *jobs = calloc(call.script_count, sizeof *jobs);
    if (!jobs) return command_fail(1, "no memory for so many scripts");
    int status = run(&call, jobs);
    free(jobs);
    return status;
}
