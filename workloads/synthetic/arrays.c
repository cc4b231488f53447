/* Family `arrays`: arrays that grow side by side, with other blocks between.
 *
 *     rule=double, half, step    the room becomes twice, one and a half times, or `step` bytes more
 *     rule=append                as `s = s .. c` in Lua: a new string of `step` bytes more each
 *                                time, the old one is garbage until `garbage` of them are freed
 *
 * The arrays take turns, so that none stays the last block of the heap, where growth would be free;
 * after each growth `others` blocks are born in the way of the next, and half of those that came
 * before it die. An array that has reached `bytes` is freed, and a new one begins. Cost: O(1) a
 * call.
 */
#include "generators.h"
#include "population.h"
#include "sizes.h"

#include "../../allocators/pages.h"

enum { ARRAYS = SIZES_OPTIONS, BYTES, GROWTHS, RULE, STEP, OTHERS, GARBAGE };

enum rule { BY_DOUBLE, BY_HALF, BY_STEP, BY_APPEND };

enum { FIRST_BYTES = 64 }; /* four elements of Lua's 16 bytes */

static const struct option_row options[] = {
    SIZES_ROWS("lua", "64", "1", "1K"),
    [ARRAYS] = {"arrays", OPTION_COUNT, "16", 1, 1 << 24, NULL, "that grow side by side"},
    [BYTES] = {"bytes", OPTION_BYTES, "64K", 128, (size_t)1 << 30, NULL,
               "what an array holds in the end"},
    [GROWTHS] = {"growths", OPTION_COUNT, "20000", 1, (size_t)1 << 40, NULL, "in all"},
    [RULE] = {"rule", OPTION_CHOICE, "double", 0, 0, "double half step append",
              "how an array grows"},
    [STEP] = {"step", OPTION_BYTES, "64", 1, 1 << 20, NULL, "bytes, of step and append"},
    [OTHERS] = {"others", OPTION_COUNT, "2", 0, 1 << 20, NULL, "blocks born after each growth"},
    [GARBAGE] = {"garbage", OPTION_COUNT, "100", 1, 1 << 24, NULL,
                 "old strings that a collection frees at once, of append"},
    {0},
};

struct array {
    uint32_t slot;
    size_t bytes; /* 0: not born yet */
};

struct arrays {
    struct trace *trace;
    struct random *random;
    struct size_source sizes;
    const struct settings *settings;
    struct population others, garbage;
};

static size_t option(const struct arrays *arrays, size_t position)
{
    return arrays->settings->values[position].number;
}

static size_t next_bytes(const struct arrays *arrays, size_t bytes)
{
    if (bytes == 0) return FIRST_BYTES;
    switch ((enum rule)option(arrays, RULE)) {
    case BY_DOUBLE: return 2 * bytes;
    case BY_HALF: return bytes + bytes / 2;
    default: return bytes + option(arrays, STEP);
    }
}

static void append(struct arrays *arrays, struct array *string, size_t bytes)
{
    uint32_t old = string->slot;
    string->slot = trace_new(arrays->trace, bytes);
    population_add(&arrays->garbage, old);
    if (population_count(&arrays->garbage) < option(arrays, GARBAGE)) return;
    population_thin(&arrays->garbage, 0, arrays->random);
}

static void grow(struct arrays *arrays, struct array *array)
{
    size_t bytes = next_bytes(arrays, array->bytes);
    if (bytes > option(arrays, BYTES)) {
        trace_free(arrays->trace, array->slot);
        array->bytes = 0;
        bytes = FIRST_BYTES;
    }
    if (array->bytes == 0) array->slot = trace_new(arrays->trace, bytes);
    else if (option(arrays, RULE) == BY_APPEND) append(arrays, array, bytes);
    else trace_resize(arrays->trace, array->slot, bytes);
    array->bytes = bytes;
}

static void bear_others(struct arrays *arrays)
{
    size_t count = option(arrays, OTHERS), most = count * option(arrays, ARRAYS);
    for (size_t i = 0; i < count; i++) {
        population_bear(&arrays->others, sizes_draw(&arrays->sizes, arrays->random));
    }
    if (population_count(&arrays->others) < 2 * most) return;
    population_thin(&arrays->others, most, arrays->random);
}

static void take_turns(struct arrays *arrays, struct array *all, size_t count)
{
    size_t growths = option(arrays, GROWTHS);
    for (size_t i = 0; i < growths && !arrays->trace->is_full; i++) {
        grow(arrays, &all[i % count]);
        bear_others(arrays);
    }
    for (size_t i = 0; i < count; i++) {
        if (all[i].bytes != 0) trace_free(arrays->trace, all[i].slot);
    }
}

static bool generate(struct trace *trace, const struct settings *settings, struct random *random,
                     struct error *error)
{
    struct arrays arrays = {.trace = trace, .random = random, .settings = settings};
    if (!sizes_open(&arrays.sizes, settings, error)) return false;
    size_t count = option(&arrays, ARRAYS);
    struct array *all = pages_map(count * sizeof *all);
    if (all == NULL) return false;
    trace->touches_blocks = true;
    population_open(&arrays.others, trace);
    population_open(&arrays.garbage, trace);
    take_turns(&arrays, all, count);
    population_close(&arrays.garbage);
    population_close(&arrays.others);
    pages_unmap(all, count * sizeof *all);
    return !trace->is_full;
}

const struct trace_family family_arrays = {
    .name = "arrays",
    .summary = "arrays growing side by side, with other blocks between; strings made by appending",
    .options = options,
    .generate = generate,
};
