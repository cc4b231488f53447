/* Program `scale-handover`: producers bear blocks, consumers free them, in pairs with a queue each,
 * as in xmalloc-test (Lever and Boreham, 2000). The last of an odd number of threads does both. No
 * thread ever frees what it has borne, so that memory must find its way back, or the allocator
 * grows without bound. What both of a pair do together is what two threads do elsewhere. Cost: O(1)
 * a call, a lock a batch of 64 blocks at most.
 */
#include "threads.h"

static size_t smaller(size_t one, size_t other)
{
    return one < other ? one : other;
}

/* Fewer only where the heap refuses. */
static size_t bear_batch(struct hand *hand, void *blocks[QUEUE_BATCH], size_t most)
{
    size_t count = 0;
    while (count < most) {
        void *block = hand_bear(hand);
        if (block == NULL) break;
        blocks[count++] = block;
    }
    return count;
}

static void produce(struct crowd *crowd, struct queue *queue, struct hand *hand)
{
    void *blocks[QUEUE_BATCH];
    size_t left = 2 * crowd->settings.replacements;
    while (left > 0 && hand->failure == HAND_FINE) {
        size_t count = bear_batch(hand, blocks, smaller(queue->batch, left));
        queue_put(queue, blocks, count);
        left -= count;
    }
    queue_end(queue);
}

static void consume(struct queue *queue, struct hand *hand)
{
    void *blocks[QUEUE_BATCH];
    size_t count;
    while ((count = queue_take(queue, blocks)) > 0) {
        for (size_t i = 0; i < count; i++) hand_free(hand, blocks[i]);
    }
}

/* Without a partner: as many wait as fill half of the queue. */
static void do_both(struct queue *queue, struct hand *hand, size_t left)
{
    void *blocks[QUEUE_BATCH];
    while (left > 0 && hand->failure == HAND_FINE) {
        size_t count = bear_batch(hand, blocks, smaller(queue->batch, left));
        queue_put(queue, blocks, count);
        left -= count;
        if (queue->length <= queue->room / 2) continue;
        count = queue_take(queue, blocks);
        for (size_t i = 0; i < count; i++) hand_free(hand, blocks[i]);
    }
    queue_end(queue);
    consume(queue, hand);
}

/* Threads 2p and 2p + 1 are pair p. */
static void take_part(struct crowd *crowd, size_t number)
{
    struct queue *queue = &crowd->queues[number / 2];
    struct hand *hand = &crowd->hands[number];
    size_t replacements = crowd->settings.replacements;
    bool is_producer = number % 2 == 0, is_pair = (number | 1) < crowd->settings.threads;
    if (!is_pair) do_both(queue, hand, replacements);
    else if (crowd->is_alone && is_producer) do_both(queue, hand, 2 * replacements);
    else if (is_producer) produce(crowd, queue, hand);
    else if (!crowd->is_alone) consume(queue, hand);
}

static bool run(struct crowd *crowd)
{
    size_t pairs = (crowd->settings.threads + 1) / 2;
    for (size_t i = 0; i < pairs; i++) {
        size_t first = 2 * i * crowd->settings.blocks, left = crowd->place_count - first;
        queue_open(&crowd->queues[i], &crowd->places[first],
                   smaller(left, 2 * crowd->settings.blocks));
    }
    bool is_done = crowd_work(crowd, take_part);
    for (size_t i = 0; i < pairs; i++) queue_close(&crowd->queues[i]);
    return is_done;
}

const struct thread_program program_handover = {
    .name = "scale-handover",
    .summary = "producers and consumers in pairs, with queues between them (xmalloc-test)",
    .run = run,
};
