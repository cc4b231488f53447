/* What the C tests of sandboxes share. */
#ifndef SANDBOX_TEST_H
#define SANDBOX_TEST_H

#include "heap_test.h"

#include "../lalloc/sandbox/sandbox.h"

enum { MEMORY = 4 << 20, INSTRUCTIONS = 3000000 };

static inline void write_nowhere(void *outlet, const char *text, size_t length)
{
    (void)outlet, (void)text, (void)length;
}

static const struct sandbox_options strict = {
    .memory = MEMORY, .is_strict = true, .instructions = INSTRUCTIONS, .write = write_nowhere};

static inline struct sandbox *open_sandbox(const struct sandbox_options *options)
{
    struct error error = {""};
    struct sandbox *sandbox = sandbox_open(options, &error);
    if (!sandbox) fail_msg("%s", error.text);
    return sandbox;
}

static inline struct sandbox_result run(struct sandbox *sandbox, const char *text)
{
    struct sandbox_result result;
    sandbox_run(sandbox, "test", text, strlen(text), &result);
    return result;
}

/* In a sandbox of its own. */
static inline struct sandbox_result run_once(const struct sandbox_options *options,
                                             const char *text)
{
    struct sandbox *sandbox = open_sandbox(options);
    struct sandbox_result result = run(sandbox, text);
    sandbox_close(sandbox);
    return result;
}

#endif
