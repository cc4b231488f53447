/* Family `survivors`: few blocks that keep much memory from being used otherwise.
 *
 *     every=2      |x.x.x.x.x.x.|    a checkerboard: every other block is freed, and no hole holds
 *                                    the next round's blocks, which are of one granule more
 *     every=256    |x...|x...|x..|   one survivor in 4 KiB of 16-byte blocks pins every page
 *
 * A round bears `bytes` of blocks of one size, and frees all but each `every`th, in order of birth.
 * The next round's blocks are larger by `growth`. Whether a hole can hold them, or its pages go to
 * other sizes or back to the system, is what the heap is asked. What has survived is freed at the
 * end. With r rounds live bytes stay below (1 + r / every) x bytes, while the footprint of a heap
 * that reuses nothing comes to r x bytes. Cost: O(1) a call.
 */
#include "generators.h"
#include "population.h"

enum { SIZE, BYTES, EVERY, ROUNDS, GROWTH };

static const struct option_row options[] = {
    [SIZE] = {"size", OPTION_BYTES, "16", 1, 1 << 20, NULL, "of the blocks of the first round"},
    [BYTES] = {"bytes", OPTION_BYTES, "2M", 4096, (size_t)1 << 36, NULL, "born in each round"},
    [EVERY] = {"every", OPTION_COUNT, "256", 1, 1 << 24, NULL, "one in so many survives"},
    [ROUNDS] = {"rounds", OPTION_COUNT, "8", 1, 1 << 20, NULL, "each with larger blocks"},
    [GROWTH] = {"growth", OPTION_BYTES, "16", 0, 1 << 20, NULL,
                "by which the blocks of each round are larger"},
    {0},
};

static void bear_round(struct population *born, size_t size, size_t bytes)
{
    for (size_t made = 0; made < bytes && !born->trace->is_full; made += size) {
        population_bear(born, size);
    }
}

static void thin(struct population *born, struct population *survivors, size_t every)
{
    for (size_t i = 0; population_count(born) > 0; i++) {
        uint32_t slot = population_take_oldest(born);
        if (i % every == 0) population_add(survivors, slot);
        else trace_free(born->trace, slot);
    }
}

static size_t round_size(const struct settings *settings, size_t round)
{
    return settings->values[SIZE].number + round * settings->values[GROWTH].number;
}

static bool check(const struct settings *settings, struct error *error)
{
    size_t last = round_size(settings, settings->values[ROUNDS].number - 1);
    return last <= (size_t)1 << 30 ||
           error_set(error, "the last of %zu rounds would bear blocks of %zu bytes: 1G is the most",
                     settings->values[ROUNDS].number, last);
}

static bool generate(struct trace *trace, const struct settings *settings, struct random *random,
                     struct error *error)
{
    struct population born, survivors;
    (void)random;
    if (!check(settings, error)) return false;
    trace->touches_blocks = true;
    population_open(&born, trace);
    population_open(&survivors, trace);
    for (size_t round = 0; round < settings->values[ROUNDS].number && !trace->is_full; round++) {
        trace_mark(trace, MARK_PHASE, (uint32_t)round);
        bear_round(&born, round_size(settings, round), settings->values[BYTES].number);
        thin(&born, &survivors, settings->values[EVERY].number);
    }
    population_close(&born);
    while (population_count(&survivors) > 0) population_free_oldest(&survivors);
    population_close(&survivors);
    return !trace->is_full;
}

const struct trace_family family_survivors = {
    .name = "survivors",
    .summary = "one block in so many survives: checkerboards, and pages pinned by one block each",
    .options = options,
    .generate = generate,
};
