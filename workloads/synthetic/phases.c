/* Family `phases`: how much is alive over time, as a line through given points.
 *
 *     ramp      |    /|     plateau  |  ____ |     peak   |   /\   |     shift  |  __ __ __|
 *               |  /  |              | /    \|            |__/  \__|            | /  \  \  |
 *
 * A part of the program is one stretch between two points, and begins with a mark. At each call a
 * block is born where less is alive than the line says, else any block dies; so at rest births and
 * deaths take turns, and what is alive is renewed `turnover` times in a plateau. `shift` makes
 * blocks three times as large from one plateau to the next, so that none of the holes fit the next;
 * sizes stay within the bounds. `sawtooth` leaves all of this to the collector of Lua, see
 * collector.c, and its own objects: sizes do not count there.
 */
#include "collector.h"
#include "draws.h"
#include "generators.h"
#include "population.h"
#include "sizes.h"

enum { SHAPE = SIZES_OPTIONS, BYTES, CYCLES, TURNOVER };

enum shape { SAWTOOTH, RAMP, PLATEAU, PEAK, SHIFT };

static const struct option_row options[] = {
    SIZES_ROWS("lua", "64", "1", "64K"),
    [SHAPE] = {"shape", OPTION_CHOICE, "sawtooth", 0, 0, "sawtooth ramp plateau peak shift",
               "how live bytes go over time"},
    [BYTES] = {"bytes", OPTION_BYTES, "4M", 64 << 10, (size_t)1 << 36, NULL,
               "alive at the highest; of the sawtooth, what survives a collection"},
    [CYCLES] = {"cycles", OPTION_COUNT, "4", 1, 1 << 20, NULL, "how often the shape is repeated"},
    [TURNOVER] = {"turnover", OPTION_COUNT, "2", 0, 1 << 20, NULL,
                  "how often what is alive is renewed in a plateau"},
    {0},
};

/* The end of a stretch. */
struct point {
    unsigned percent; /* of the highest live bytes */
    bool is_level;    /* reached by the stretch before: this one renews what is alive */
    unsigned growth;  /* of sizes, from here on: a factor */
};

enum { POINTS_MAXIMUM = 8 };

/* Each ends with the first point of no growth. */
static const struct point shapes[][POINTS_MAXIMUM] = {
    [RAMP] = {{100, false, 1}},
    [PLATEAU] = {{100, false, 1}, {100, true, 1}},
    [PEAK] = {{20, false, 1}, {20, true, 1}, {100, false, 1}, {20, false, 1}, {20, true, 1}},
    [SHIFT] = {{100, false, 1},
               {100, true, 1},
               {30, false, 3},
               {100, false, 1},
               {100, true, 1},
               {30, false, 3},
               {100, false, 1}},
};

struct line {
    struct population population;
    struct trace *trace;
    struct random *random;
    struct size_source sizes;
    size_t highest_bytes, turnover, factor;
    uint32_t part;
};

static void bear(struct line *line)
{
    size_t bytes = sizes_draw(&line->sizes, line->random) * line->factor;
    population_bear(&line->population, bytes < line->sizes.most ? bytes : line->sizes.most);
}

static void go_to(struct line *line, size_t bytes)
{
    size_t *live = &line->trace->live_bytes;
    while (*live < bytes && !line->trace->is_full) bear(line);
    while (*live > bytes && population_count(&line->population) > 0) {
        population_free_any(&line->population, line->random);
    }
}

static void renew(struct line *line, size_t bytes)
{
    uint64_t end = line->trace->allocated_bytes + line->turnover * bytes;
    while (line->trace->allocated_bytes < end && !line->trace->is_full) {
        bear(line);
        while (line->trace->live_bytes > bytes) {
            population_free_any(&line->population, line->random);
        }
    }
}

static void pass_point(struct line *line, const struct point *point)
{
    size_t bytes = line->highest_bytes / 100 * point->percent;
    trace_mark(line->trace, MARK_PHASE, line->part++);
    if (point->is_level) renew(line, bytes);
    else go_to(line, bytes);
    line->factor *= point->growth;
}

static void drain(struct line *line)
{
    trace_mark(line->trace, MARK_PHASE, line->part++);
    population_thin(&line->population, 0, line->random);
}

static bool follow_line(struct line *line, const struct point *points, size_t cycles)
{
    population_open(&line->population, line->trace);
    line->trace->touches_blocks = true;
    for (size_t cycle = 0; cycle < cycles && !line->trace->is_full; cycle++) {
        line->factor = 1;
        for (size_t i = 0; i < POINTS_MAXIMUM && points[i].growth != 0; i++) {
            pass_point(line, &points[i]);
        }
        drain(line);
    }
    population_close(&line->population);
    return !line->trace->is_full;
}

static bool run_collector(struct trace *trace, struct random *random, size_t bytes, size_t cycles)
{
    struct collector collector;
    bool is_open = collector_open(&collector, trace, random, bytes);
    for (size_t cycle = 0; cycle < cycles && is_open && !trace->is_full; cycle++) {
        trace_mark(trace, MARK_PHASE, (uint32_t)cycle);
        collector_cycle(&collector);
    }
    collector_close(&collector);
    return is_open && !trace->is_full;
}

static bool generate(struct trace *trace, const struct settings *settings, struct random *random,
                     struct error *error)
{
    struct line line = {
        .trace = trace,
        .random = random,
        .highest_bytes = settings->values[BYTES].number,
        .turnover = settings->values[TURNOVER].number,
    };
    size_t shape = settings->values[SHAPE].number, cycles = settings->values[CYCLES].number;
    if (!sizes_open(&line.sizes, settings, error)) return false;
    if (shape == SAWTOOTH) return run_collector(trace, random, line.highest_bytes, cycles);
    return follow_line(&line, shapes[shape], cycles);
}

const struct trace_family family_phases = {
    .name = "phases",
    .summary = "live bytes that go up and down: Lua's sawtooth, ramps, plateaus, peaks, new sizes",
    .options = options,
    .generate = generate,
};
