/* The family's rows and those of every trace are read as one table, the family's first, so that
 * its settings stand where its generator looks for them. */
#include "options.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "../../allocators/settings.h"
#include "../family.h"

enum { TOUCH, ORDER, PASSES, SEED, MEMORY, BETWEEN, ROW_COUNT };

const struct option_row replay_option_rows[] = {
    [TOUCH] =
        {"touch", OPTION_CHOICE, "standard", 0, 0, "none ends lines all standard",
         "what is written of a block when it is born or grows; standard: what the trace says"},
    [ORDER] = {"order", OPTION_CHOICE, "one", 0, 0, "one recorded free",
               "who makes the calls: one thread; each thread its own, one at a time in the "
               "recorded order; each its own, waiting only for blocks of others"},
    [PASSES] = {"passes", OPTION_COUNT, "0", 0, 1000000, NULL,
                "how often a run replays it; 0: the standard, about 50 ms"},
    [SEED] = {"seed", OPTION_COUNT, "0", 0, INT64_MAX, NULL, "draws the trace; 0: the run's seed"},
    [MEMORY] = {"memory", OPTION_BYTES, "512M", 0, (size_t)1 << 40, NULL,
                "a file whose events take more is decoded while it is replayed"},
    [BETWEEN] = {"between", OPTION_BOOLEAN, "yes", 0, 0, NULL,
                 "where the trace says how long the program was busy between two calls, imitate "
                 "what that does to caches and to foretold branches; with one thread alone"},
    [ROW_COUNT] = {.name = NULL},
};

static size_t join_rows(const struct trace_family *family, struct option_row *rows)
{
    size_t count = 0;
    const struct option_row *row = family ? family->options : NULL;
    for (; row && row->name; row++) rows[count++] = *row;
    assert(count + ROW_COUNT <= OPTIONS_MAXIMUM);
    memcpy(rows + count, replay_option_rows, sizeof replay_option_rows);
    return count;
}

bool replay_options_read(const struct workload *workload, struct replay_options *out,
                         struct error *error)
{
    struct option_row rows[OPTIONS_MAXIMUM + 1];
    size_t first = join_rows(workload->family, rows);
    const struct settings *settings = &out->family;
    memset(out, 0, sizeof *out);
    snprintf(out->text, sizeof out->text, "%s", workload->options);
    out->family.name = workload->name;
    if (!settings_parse(workload->name, rows, out->text, &out->family, error)) return false;
    out->touch = (enum touch)settings->values[first + TOUCH].number;
    out->order = (enum thread_order)settings->values[first + ORDER].number;
    out->passes = (unsigned)settings->values[first + PASSES].number;
    out->seed = settings->values[first + SEED].number;
    out->memory_bytes = settings->values[first + MEMORY].number;
    out->has_between = settings->values[first + BETWEEN].number;
    return true;
}
