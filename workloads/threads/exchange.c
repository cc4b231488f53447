/* Program `scale-exchange`: all threads replace blocks of one array, and free what they find there,
 * which another has most often borne: the exchange in Larson and Krishnan's server (ISMM 1998), at
 * each step instead of at a thread's end. Of T threads, T - 1 of T frees are of another's block.
 * Places are swapped atomically, and their lines of the cache go between processors: that is a cost
 * of the program, the same for all allocators. Cost: O(1) a call.
 */
#include "threads.h"

static void exchange(struct crowd *crowd, size_t number)
{
    struct hand *hand = &crowd->hands[number];
    size_t births = crowd->settings.blocks + crowd->settings.replacements;
    for (size_t i = 0; i < births; i++) {
        void *block = hand_bear(hand);
        if (block == NULL || hand->failure != HAND_FINE) return hand_free(hand, block);
        size_t place = i < crowd->settings.blocks ? number * crowd->settings.blocks + i
                                                  : hand_choose(hand, crowd->place_count);
        hand_free(hand,
                  atomic_exchange_explicit(&crowd->places[place], block, memory_order_acq_rel));
    }
}

static bool run(struct crowd *crowd)
{
    bool is_done = crowd_work(crowd, exchange);
    crowd_clear(crowd);
    return is_done;
}

const struct thread_program program_exchange = {
    .name = "scale-exchange",
    .summary = "threads that swap blocks in one array and free each other's (larson)",
    .run = run,
};
