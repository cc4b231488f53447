/* What a hand does once, or when something is wrong.
 *
 * Invariant: a hand remembers its first failure alone, as what follows is most often its effect.
 */
#include "hand.h"

void hand_open(struct hand *hand, const struct heap *heap, size_t low, size_t high, uint64_t seed)
{
    *hand = (struct hand){.heap = heap, .low = low, .high = high};
    random_seed(&hand->random, seed);
}

static void note(struct hand *hand, enum hand_failure failure, size_t bytes)
{
    if (hand->failure != HAND_FINE) return;
    hand->failure = failure;
    hand->failed_bytes = bytes;
}

void hand_refused(struct hand *hand, size_t bytes)
{
    note(hand, HAND_REFUSED, bytes);
}

void hand_damaged(struct hand *hand, size_t bytes)
{
    note(hand, HAND_DAMAGED, bytes);
}

bool hand_is_fine(const struct hand *hand, size_t number, struct error *error)
{
    switch (hand->failure) {
    case HAND_REFUSED:
        return error_set(error, "a block of %zu bytes was refused to thread %zu",
                         hand->failed_bytes, number);
    case HAND_DAMAGED:
        return error_set(error,
                         "thread %zu was to free a block whose contents are not those that "
                         "were written, it says of itself that it has %zu bytes",
                         number, hand->failed_bytes);
    default: return true;
    }
}
