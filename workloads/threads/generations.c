/* Program `scale-generations`: threads that come and go. Each lives for a few thousand
 * replacements in an array of blocks, leaves them behind and ends; the next thread to get the array
 * frees them, as in Larson and Krishnan's server (ISMM 1998), where every request had a thread.
 * Arrays go one thread further with each generation, so that heirs are not the allocator's own
 * choice of successors. The time has the making of `threads` x `lives` threads in it, some 20 us
 * each. Cost: O(1) a call.
 */
#include "threads.h"

static void live(struct crowd *crowd, size_t number)
{
    const struct crowd_settings *settings = &crowd->settings;
    struct hand *hand = &crowd->hands[number];
    size_t array = (number + crowd->life) % settings->threads;
    _Atomic(void *) *places = &crowd->places[array * settings->blocks];
    size_t replacements = settings->replacements / settings->lives + 1;
    for (size_t i = 0; i < replacements && hand->failure == HAND_FINE; i++) {
        _Atomic(void *) *place = &places[hand_choose(hand, settings->blocks)];
        hand_free(hand, atomic_load_explicit(place, memory_order_relaxed));
        atomic_store_explicit(place, hand_bear(hand), memory_order_relaxed);
    }
}

static bool run(struct crowd *crowd)
{
    bool is_done = true;
    for (; is_done && crowd->life < crowd->settings.lives; crowd->life++) {
        is_done = crowd_work(crowd, live);
    }
    crowd_clear(crowd);
    return is_done;
}

const struct thread_program program_generations = {
    .name = "scale-generations",
    .summary = "short-lived threads that leave blocks to their successors (larson)",
    .has_lives = true,
    .run = run,
};
