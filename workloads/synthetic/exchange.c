/* Family `exchange`: threads that replace each other's blocks, as in Larson & Krishnan's server
 * (ISMM 1998).
 *
 * Each thread has an array of `blocks` blocks and replaces any of them, `turn` times in a row, then
 * the next thread goes on. After `generation` turns of each, a thread ends and hands its array to
 * a successor: here, to the thread after it, so that from then on it frees what another bore. With
 * a larger number of threads `foreign` percent of the replacements go to any thread's array instead
 * of its own. Cost: O(1) a call.
 */
#include "draws.h"
#include "generators.h"
#include "sizes.h"

#include "../../allocators/pages.h"

enum { THREADS = SIZES_OPTIONS, BLOCKS, REPLACEMENTS, TURN, GENERATION, FOREIGN };

enum { THREADS_MAXIMUM = 64 };

static const struct option_row options[] = {
    SIZES_ROWS("uniform", "64", "10", "500"),
    [THREADS] = {"threads", OPTION_COUNT, "2", 1, THREADS_MAXIMUM, NULL, "with an array each"},
    [BLOCKS] = {"blocks", OPTION_COUNT, "1000", 1, 1 << 24, NULL, "in each array"},
    [REPLACEMENTS] = {"replacements", OPTION_COUNT, "100000", 1, (size_t)1 << 40, NULL, "in all"},
    [TURN] = {"turn", OPTION_COUNT, "20", 1, 1 << 20, NULL, "replacements in a row by one thread"},
    [GENERATION] = {"generation", OPTION_COUNT, "100", 1, 1 << 24, NULL,
                    "turns of each thread until the arrays go to the next threads"},
    [FOREIGN] = {"foreign", OPTION_COUNT, "0", 0, 100, NULL,
                 "percent of replacements in any thread's array"},
    {0},
};

struct exchange {
    struct trace *trace;
    struct random *random;
    struct size_source sizes;
    const struct settings *settings;
    uint32_t *slots; /* of all arrays, one after the other */
    size_t threads, blocks;
};

static uint32_t bear(struct exchange *exchange)
{
    return trace_new(exchange->trace, sizes_draw(&exchange->sizes, exchange->random));
}

static void replace(struct exchange *exchange, size_t array)
{
    if (draw_percent(exchange->random, exchange->settings->values[FOREIGN].number)) {
        array = random_below(exchange->random, exchange->threads);
    }
    size_t place = array * exchange->blocks + random_below(exchange->random, exchange->blocks);
    trace_free(exchange->trace, exchange->slots[place]);
    exchange->slots[place] = bear(exchange);
}

static void fill(struct exchange *exchange)
{
    for (size_t thread = 0; thread < exchange->threads; thread++) {
        trace_mark(exchange->trace, MARK_THREAD, (uint32_t)thread);
        for (size_t i = 0; i < exchange->blocks; i++) {
            exchange->slots[thread * exchange->blocks + i] = bear(exchange);
        }
    }
}

static void run(struct exchange *exchange)
{
    size_t left = exchange->settings->values[REPLACEMENTS].number;
    size_t turn = exchange->settings->values[TURN].number;
    size_t generation = exchange->settings->values[GENERATION].number * exchange->threads;
    for (size_t turns = 0; left > 0 && !exchange->trace->is_full; turns++) {
        size_t thread = turns % exchange->threads;
        size_t array = (thread + turns / generation) % exchange->threads;
        trace_mark(exchange->trace, MARK_THREAD, (uint32_t)thread);
        for (size_t i = 0; i < turn && left > 0; i++, left--) replace(exchange, array);
    }
}

static void free_all(struct exchange *exchange)
{
    for (size_t i = 0; i < exchange->threads * exchange->blocks; i++) {
        trace_free(exchange->trace, exchange->slots[i]);
    }
}

static bool generate(struct trace *trace, const struct settings *settings, struct random *random,
                     struct error *error)
{
    struct exchange exchange = {
        .trace = trace,
        .random = random,
        .settings = settings,
        .threads = settings->values[THREADS].number,
        .blocks = settings->values[BLOCKS].number,
    };
    size_t bytes = exchange.threads * exchange.blocks * sizeof *exchange.slots;
    if (!sizes_open(&exchange.sizes, settings, error)) return false;
    exchange.slots = pages_map(bytes);
    if (exchange.slots == NULL) return false;
    trace->touches_blocks = true;
    fill(&exchange);
    run(&exchange);
    free_all(&exchange);
    pages_unmap(exchange.slots, bytes);
    return !trace->is_full;
}

const struct trace_family family_exchange = {
    .name = "exchange",
    .summary = "threads that replace blocks in arrays which go from thread to thread",
    .options = options,
    .threads = THREADS_MAXIMUM,
    .generate = generate,
};
