/* Family `handover`: blocks born by one thread and freed by another.
 *
 * Of `threads` threads half produce, in pairs with the half that consumes; the last of an odd
 * number does both. A producer bears a batch of blocks into the pair's queue; when more than
 * `queue` wait there, its consumer frees the oldest until half of them are left. Pairs take turns
 * in the order that the trace records. Thread-local caches fill up on the consumers' side and run
 * empty on the producers', which is where an allocator that never hands blocks back would grow
 * without bound. Cost: O(1) a call.
 */
#include "draws.h"
#include "generators.h"
#include "population.h"
#include "sizes.h"

enum { THREADS = SIZES_OPTIONS, BLOCKS, QUEUE, BATCH };

enum { THREADS_MAXIMUM = 64 };

static const struct option_row options[] = {
    SIZES_ROWS("lua", "64", "8", "8K"),
    [THREADS] = {"threads", OPTION_COUNT, "2", 1, THREADS_MAXIMUM, NULL, "producers and consumers"},
    [BLOCKS] = {"blocks", OPTION_COUNT, "100000", 1, (size_t)1 << 40, NULL, "handed over in all"},
    [QUEUE] = {"queue", OPTION_COUNT, "1000", 1, 1 << 24, NULL, "blocks that wait at most, a pair"},
    [BATCH] = {"batch", OPTION_COUNT, "50", 1, 1 << 20, NULL,
               "blocks that a producer makes in its turn, at most"},
    {0},
};

struct handover {
    struct trace *trace;
    struct random *random;
    struct size_source sizes;
    size_t queue_length;
    struct population queues[(THREADS_MAXIMUM + 1) / 2];
};

static void produce(struct handover *handover, struct population *queue, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        population_bear(queue, sizes_draw(&handover->sizes, handover->random));
    }
}

static void consume(struct population *queue, size_t left)
{
    while (population_count(queue) > left) population_free_oldest(queue);
}

/* Threads 2p and 2p + 1 are pair p. */
static void take_turn(struct handover *handover, size_t pair, size_t threads, size_t count)
{
    struct population *queue = &handover->queues[pair];
    uint32_t producer = (uint32_t)(2 * pair);
    uint32_t consumer = producer + 1 < threads ? producer + 1 : producer;
    trace_mark(handover->trace, MARK_THREAD, producer);
    produce(handover, queue, count);
    if (population_count(queue) <= handover->queue_length) return;
    trace_mark(handover->trace, MARK_THREAD, consumer);
    consume(queue, handover->queue_length / 2);
}

static void drain(struct handover *handover, size_t pair, size_t threads)
{
    size_t consumer = 2 * pair + 1 < threads ? 2 * pair + 1 : 2 * pair;
    trace_mark(handover->trace, MARK_THREAD, (uint32_t)consumer);
    population_close(&handover->queues[pair]);
}

static bool generate(struct trace *trace, const struct settings *settings, struct random *random,
                     struct error *error)
{
    struct handover handover = {
        .trace = trace, .random = random, .queue_length = settings->values[QUEUE].number};
    size_t threads = settings->values[THREADS].number, pairs = (threads + 1) / 2;
    size_t left = settings->values[BLOCKS].number, batch = settings->values[BATCH].number;
    if (!sizes_open(&handover.sizes, settings, error)) return false;
    trace->touches_blocks = true;
    for (size_t pair = 0; pair < pairs; pair++) population_open(&handover.queues[pair], trace);
    for (size_t pair = 0; left > 0 && !trace->is_full; pair = (pair + 1) % pairs) {
        size_t count = draw_between(random, 1, batch < left ? batch : left);
        take_turn(&handover, pair, threads, count);
        left -= count;
    }
    for (size_t pair = 0; pair < pairs; pair++) drain(&handover, pair, threads);
    return !trace->is_full;
}

const struct trace_family family_handover = {
    .name = "handover",
    .summary = "producers and consumers: blocks born in one thread and freed in another",
    .options = options,
    .threads = THREADS_MAXIMUM,
    .generate = generate,
};
