/* The shortest lives: a block born, perhaps resized, and freed before the next one.
 *
 * Only one block is alive at a time and none is touched, so these measure the calls alone, on the
 * warmest of caches: the best that an allocator can do, not what a program sees. The 1 MiB pair too
 * stays untouched: a written block would cost 256 page faults wherever it is mapped anew, and say
 * nothing of the call.
 */
#include "generators.h"

static bool repeat_pair(struct trace *trace, size_t count, size_t bytes)
{
    for (size_t i = 0; i < count; i++) trace_free(trace, trace_new(trace, bytes));
    return !trace->is_full;
}

bool generate_pair_32(struct trace *trace, struct random *random)
{
    (void)random;
    return repeat_pair(trace, 100000, 32);
}

bool generate_pair_1m(struct trace *trace, struct random *random)
{
    (void)random;
    return repeat_pair(trace, 10000, (size_t)1 << 20);
}

bool generate_realloc_chain(struct trace *trace, struct random *random)
{
    (void)random;
    for (size_t i = 0; i < 50000; i++) {
        uint32_t slot = trace_new(trace, 32);
        trace_resize(trace, slot, 64);
        trace_resize(trace, slot, 128);
        trace_free(trace, slot);
    }
    return !trace->is_full;
}
