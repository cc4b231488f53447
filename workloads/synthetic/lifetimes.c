/* Family `lifetimes`: who dies when, over any source of sizes.
 *
 *     stack, queue, random      the heap rises to `blocks`, falls to a level drawn anew each time,
 *                               by frees of the newest, the oldest, or any; and so on
 *     exponential               each block draws its life at birth, mean `blocks`
 *     generational              80 of 100 draw with mean blocks / 8, the others with 4.5 x blocks,
 *                               which is the same mean
 *
 * Lives are counted in births, so a heap with drawn lives comes to rest at `blocks` alive (Little's
 * law). What is immortal is drawn at birth and outlives the trace; all others are freed at its end,
 * in the order of their deaths. Cost: O(1) a call, O(log blocks) with drawn lives.
 */
#include "agenda.h"
#include "draws.h"
#include "generators.h"
#include "population.h"
#include "sizes.h"

enum { BLOCKS = SIZES_OPTIONS, BIRTHS, DEATHS, IMMORTAL };

enum deaths { BY_STACK, BY_QUEUE, AT_RANDOM, EXPONENTIAL, GENERATIONAL };

enum { YOUNG_PERCENT = 80, YOUNG_PART = 8 };

static const struct option_row options[] = {
    SIZES_ROWS("lua", "64", "1", "1G"),
    [BLOCKS] = {"blocks", OPTION_COUNT, "20000", 1, 1 << 28, NULL, "alive at most, or as a mean"},
    [BIRTHS] = {"births", OPTION_COUNT, "200000", 1, (size_t)1 << 40, NULL, "blocks born in all"},
    [DEATHS] = {"deaths", OPTION_CHOICE, "random", 0, 0,
                "stack queue random exponential generational", "who dies, and when"},
    [IMMORTAL] = {"immortal", OPTION_COUNT, "0", 0, 100, NULL,
                  "percent of the blocks that are never freed"},
    {0},
};

struct lifetimes {
    struct trace *trace;
    struct random *random;
    struct size_source sizes;
    size_t blocks, births, immortal;
    enum deaths deaths;
};

/* False where the new block is never to be freed. */
static bool bear(struct lifetimes *lifetimes, uint32_t *slot)
{
    lifetimes->births--;
    *slot = trace_new(lifetimes->trace, sizes_draw(&lifetimes->sizes, lifetimes->random));
    return !draw_percent(lifetimes->random, lifetimes->immortal);
}

static void free_one(struct population *population, enum deaths deaths, struct random *random)
{
    switch (deaths) {
    case BY_STACK: population_free_newest(population); return;
    case BY_QUEUE: population_free_oldest(population); return;
    default: population_free_any(population, random); return;
    }
}

static void rise(struct lifetimes *lifetimes, struct population *population)
{
    while (lifetimes->births > 0 && population_count(population) < lifetimes->blocks) {
        uint32_t slot;
        if (bear(lifetimes, &slot)) population_add(population, slot);
        if (lifetimes->trace->is_full) return;
    }
}

static void make_waves(struct lifetimes *lifetimes)
{
    struct population population;
    population_open(&population, lifetimes->trace);
    while (lifetimes->births > 0 && !lifetimes->trace->is_full) {
        rise(lifetimes, &population);
        size_t level = random_below(lifetimes->random, lifetimes->blocks);
        if (lifetimes->births == 0) level = 0;
        while (population_count(&population) > level) {
            free_one(&population, lifetimes->deaths, lifetimes->random);
        }
    }
    population_close(&population);
}

static uint64_t draw_life(const struct lifetimes *lifetimes)
{
    uint64_t mean = lifetimes->blocks;
    if (lifetimes->deaths == EXPONENTIAL) return draw_exponential(lifetimes->random, mean);
    if (draw_percent(lifetimes->random, YOUNG_PERCENT)) {
        return draw_exponential(lifetimes->random, mean / YOUNG_PART + 1);
    }
    return draw_exponential(lifetimes->random, mean * 9 / 2);
}

static void draw_lives(struct lifetimes *lifetimes)
{
    struct agenda agenda;
    agenda_open(&agenda, lifetimes->trace);
    for (uint64_t now = 0; lifetimes->births > 0 && !lifetimes->trace->is_full; now++) {
        while (agenda_free_due(&agenda, now)) continue;
        uint32_t slot;
        if (bear(lifetimes, &slot)) agenda_add(&agenda, now + draw_life(lifetimes), slot);
    }
    while (agenda_free_due(&agenda, UINT64_MAX)) continue;
    agenda_close(&agenda);
}

static bool generate(struct trace *trace, const struct settings *settings, struct random *random,
                     struct error *error)
{
    struct lifetimes lifetimes = {
        .trace = trace,
        .random = random,
        .blocks = settings->values[BLOCKS].number,
        .births = settings->values[BIRTHS].number,
        .immortal = settings->values[IMMORTAL].number,
        .deaths = (enum deaths)settings->values[DEATHS].number,
    };
    if (!sizes_open(&lifetimes.sizes, settings, error)) return false;
    trace->touches_blocks = true;
    if (lifetimes.deaths < EXPONENTIAL) make_waves(&lifetimes);
    else draw_lives(&lifetimes);
    return !trace->is_full;
}

const struct trace_family family_lifetimes = {
    .name = "lifetimes",
    .summary = "blocks of any sizes that die in any order, or after lives that are drawn",
    .options = options,
    .generate = generate,
};
