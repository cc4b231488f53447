/* Program `scale-independent`: each thread has an array of blocks of its own and replaces any of
 * them by a new one, as in threadtest (Berger et al., ASPLOS 2000), but in random order. Nothing is
 * shared but the allocator, so that work should be done twice as fast by two threads on two
 * processors; whatever it is less is what threads contend for inside. Cost: O(1) a call.
 */
#include "threads.h"

static void churn(struct crowd *crowd, size_t number)
{
    struct hand *hand = &crowd->hands[number];
    size_t blocks = crowd->settings.blocks;
    _Atomic(void *) *places = &crowd->places[number * blocks];
    for (size_t i = 0; i < blocks; i++) {
        atomic_store_explicit(&places[i], hand_bear(hand), memory_order_relaxed);
    }
    for (size_t i = 0; i < crowd->settings.replacements && hand->failure == HAND_FINE; i++) {
        _Atomic(void *) *place = &places[hand_choose(hand, blocks)];
        hand_free(hand, atomic_load_explicit(place, memory_order_relaxed));
        atomic_store_explicit(place, hand_bear(hand), memory_order_relaxed);
    }
    for (size_t i = 0; i < blocks; i++) {
        hand_free(hand, atomic_load_explicit(&places[i], memory_order_relaxed));
    }
}

static bool run(struct crowd *crowd)
{
    return crowd_work(crowd, churn);
}

const struct thread_program program_independent = {
    .name = "scale-independent",
    .summary = "threads that replace blocks of their own (threadtest)",
    .run = run,
};
