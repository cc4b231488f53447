/* What a Lua program asks of its allocator, without the program: Lua's objects, freed as its
 * collector frees them.
 *
 * The heap grows to its size, then goes up and down with each cycle. The small one stays within a
 * processor's own caches, so calls decide; the large one does not, so placement does.
 */
#include "collector.h"
#include "generators.h"

static bool run_cycles(struct trace *trace, struct random *random, size_t survivor_bytes,
                       unsigned cycle_count)
{
    struct collector collector;
    bool is_open = collector_open(&collector, trace, random, survivor_bytes);
    for (unsigned i = 0; i < cycle_count && is_open; i++) collector_cycle(&collector);
    collector_close(&collector);
    return is_open && !trace->is_full;
}

bool generate_lua_mix(struct trace *trace, struct random *random)
{
    return run_cycles(trace, random, (size_t)512 << 10, 20);
}

bool generate_lua_mix_large(struct trace *trace, struct random *random)
{
    return run_cycles(trace, random, (size_t)12 << 20, 4);
}
