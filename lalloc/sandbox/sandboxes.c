/* The sandboxes of the library: those of sandbox.h, under public names. */
#include "../handle.h"
#include "sandbox.h"

/* Which the outcomes are turned into by a cast. */
_Static_assert((int)LALLOC_FINISHED == (int)SANDBOX_FINISHED &&
                   (int)LALLOC_OUT_OF_MEMORY == (int)SANDBOX_OUT_OF_MEMORY &&
                   (int)LALLOC_OUT_OF_INSTRUCTIONS == (int)SANDBOX_OUT_OF_INSTRUCTIONS &&
                   (int)LALLOC_OUT_OF_TIME == (int)SANDBOX_OUT_OF_TIME &&
                   (int)LALLOC_ERROR == (int)SANDBOX_ERROR &&
                   (int)LALLOC_ERROR == SANDBOX_OUTCOMES - 1,
               "the public outcomes are those of a sandbox");

/* A handle is the sandbox itself, under a name that no program's own can meet. */
static struct sandbox *inner(struct lalloc_sandbox *sandbox)
{
    return (struct sandbox *)sandbox;
}

const char *lalloc_outcome_name(enum lalloc_outcome outcome)
{
    return (unsigned)outcome < SANDBOX_OUTCOMES ? sandbox_outcome_names[outcome] : "unknown";
}

struct lalloc_sandbox *lalloc_sandbox_open(const struct lalloc_sandbox_options *options,
                                           char *error, size_t error_bytes)
{
    struct error reason = {""};
    const struct sandbox_options wanted = {
        .spec = options->spec,
        .memory = options->memory,
        .is_strict = options->strict,
        .instructions = options->instructions,
        .run_ns = options->run_ns,
        .budget = options->budget ? &options->budget->budget : NULL,
        .write = options->write,
        .outlet = options->outlet,
        .output_bytes = options->output_bytes,
    };
    struct sandbox *sandbox = sandbox_open(&wanted, &reason);
    if (!sandbox) handle_tell(&reason, error, error_bytes);
    return (struct lalloc_sandbox *)sandbox;
}

void lalloc_sandbox_run(struct lalloc_sandbox *sandbox, const char *name, const char *text,
                        size_t length, struct lalloc_sandbox_result *out)
{
    struct sandbox_result result;
    sandbox_run(inner(sandbox), name, text, length, &result);
    *out = (struct lalloc_sandbox_result){
        .outcome = (enum lalloc_outcome)result.outcome,
        .live_bytes = result.memory.used,
        .peak_bytes = result.memory.peak,
        .limit_bytes = result.memory.limit,
        .refused_calls = result.memory.refused,
        .exceeded = result.exceeded,
        .instructions = result.instructions,
        .is_output_cut = result.is_output_cut,
    };
    snprintf(out->message, sizeof out->message, "%s", result.message);
    snprintf(out->traceback, sizeof out->traceback, "%s", result.traceback);
}

void lalloc_sandbox_set_memory(struct lalloc_sandbox *sandbox, size_t bytes, bool strict)
{
    sandbox_set_memory(inner(sandbox), bytes, strict);
}

void lalloc_sandbox_grant(struct lalloc_sandbox *sandbox, uint64_t instructions)
{
    sandbox_grant(inner(sandbox), instructions);
}

lua_State *lalloc_sandbox_state(struct lalloc_sandbox *sandbox)
{
    return sandbox_state(inner(sandbox));
}

void lalloc_sandbox_close(struct lalloc_sandbox *sandbox)
{
    sandbox_close(inner(sandbox));
}
