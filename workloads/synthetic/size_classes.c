/* Family `size-classes`: what rounding to classes costs at worst. All blocks are one byte larger
 * than a class holds, each class in turn, and all are alive at once; then they are freed, oldest
 * first.
 *
 *     classes=8           multiples of 8 up to `most`: 9, 17, 25, ...
 *     classes=powers      powers of two: 9, 17, 33, 65, ...
 *     classes=geometric   four to a power of two, as jemalloc and mimalloc space theirs:
 *                         41, 49, 57, 65, 81, 97, 113, 129, ...
 *
 * A class of c bytes holds c + 1 only in the next: rounding to powers wastes nearly half, to
 * quarters nearly a fifth. Cost: O(1) a call.
 */
#include "generators.h"
#include "population.h"

enum { CLASSES, LEAST, MOST, BYTES };

enum classes { BY_EIGHT, BY_POWER, BY_QUARTER };

static const struct option_row options[] = {
    [CLASSES] = {"classes", OPTION_CHOICE, "powers", 0, 0, "8 powers geometric",
                 "the classes whose bounds are exceeded"},
    [LEAST] = {"least", OPTION_BYTES, "8", 8, 1 << 20, NULL, "the smallest class, at least"},
    [MOST] = {"most", OPTION_BYTES, "4K", 8, 1 << 20, NULL, "the largest class, at most"},
    [BYTES] = {"bytes", OPTION_BYTES, "256K", 4096, (size_t)1 << 32, NULL,
               "of the blocks of each class"},
    {0},
};

static size_t next_class(enum classes classes, size_t bytes)
{
    size_t power = (size_t)1 << (63 ^ __builtin_clzll(bytes));
    switch (classes) {
    case BY_POWER: return 2 * power;
    case BY_QUARTER: return power < 32 ? bytes + 8 : bytes + power / 4;
    default: return bytes + 8;
    }
}

static bool generate(struct trace *trace, const struct settings *settings, struct random *random,
                     struct error *error)
{
    enum classes classes = (enum classes)settings->values[CLASSES].number;
    size_t least = settings->values[LEAST].number, most = settings->values[MOST].number;
    struct population population;
    (void)random;
    if (least > most) return error_set(error, "least=%zu is above most=%zu", least, most);
    trace->touches_blocks = true;
    population_open(&population, trace);
    for (size_t bytes = 8; bytes <= most; bytes = next_class(classes, bytes)) {
        if (bytes < least) continue;
        for (size_t made = 0; made < settings->values[BYTES].number && !trace->is_full;) {
            population_bear(&population, bytes + 1);
            made += bytes + 1;
        }
    }
    while (population_count(&population) > 0) population_free_oldest(&population);
    population_close(&population);
    return !trace->is_full;
}

const struct trace_family family_size_classes = {
    .name = "size-classes",
    .summary = "blocks one byte larger than a size class holds, for three spacings of classes",
    .options = options,
    .generate = generate,
};
