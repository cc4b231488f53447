/* A hand is what one thread has to do with a heap: it bears blocks of random sizes, marks each with
 * a stamp, and reads the stamp of each block that it frees, whoever has borne it. A block says so
 * by itself how large it is, and whether anything was written into it since:
 *
 *     first word: size in the low half, a random number in the high one | ... | last word: the seal
 *                                                                               of both, and of the
 *                                                                               block's address
 */
#ifndef THREADS_HAND_H
#define THREADS_HAND_H

#include <string.h>

#include "../../allocators/spec.h"
#include "../random.h"

/* Bytes of the smallest block: both words. */
enum { HAND_LEAST_BYTES = 16 };

enum hand_failure {
    HAND_FINE,
    HAND_REFUSED, /* the heap gave no block */
    HAND_DAMAGED, /* a block was not what its bearer made of it; it is not freed */
};

/* Of one thread at a time; two hands share no line of the cache. */
struct hand {
    _Alignas(128) const struct heap *heap;
    size_t low, high; /* bytes of a block, both allowed */
    struct random random;
    uint64_t calls;            /* of the heap */
    uint64_t live_bytes;       /* borne less freed: of all hands together never below 0 */
    uint64_t stamps;           /* the sum of those borne less that of those freed, likewise */
    uint64_t checksum;         /* the sum of those freed */
    enum hand_failure failure; /* the first */
    size_t failed_bytes;
};

void hand_open(struct hand *hand, const struct heap *heap, size_t low, size_t high, uint64_t seed);

/* False: the hand has failed, and error says how. `number` is the thread's. */
bool hand_is_fine(const struct hand *hand, size_t number, struct error *error);

/* Uniform in 0 .. count - 1, with a bias below count / 2^32. */
static inline size_t hand_choose(struct hand *hand, size_t count)
{
    return (size_t)((random_next(&hand->random) >> 32) * count >> 32);
}

static inline uint64_t hand_seal(uint64_t stamp, const void *block)
{
    return (stamp ^ (uintptr_t)block) * 0x9E3779B97F4A7C15u;
}

/* Both are kept out of the way of the fast path. */
void hand_refused(struct hand *hand, size_t bytes);
void hand_damaged(struct hand *hand, size_t bytes);

/* A new block; NULL when the heap refuses it, which is noted. */
static inline void *hand_bear(struct hand *hand)
{
    uint64_t drawn = random_next(&hand->random);
    size_t size = hand->low + (size_t)((drawn >> 32) * (hand->high - hand->low + 1) >> 32);
    char *block = hand->heap->resize(hand->heap->state, NULL, 0, size);
    hand->calls++;
    if (__builtin_expect(block == NULL, 0)) {
        hand_refused(hand, size);
        return NULL;
    }
    uint64_t stamp = drawn << 32 | size, seal = hand_seal(stamp, block);
    memcpy(block, &stamp, sizeof stamp);
    memcpy(block + size - sizeof seal, &seal, sizeof seal);
    hand->live_bytes += size;
    hand->stamps += stamp;
    return block;
}

/* NULL is allowed, and is nothing. */
static inline void hand_free(struct hand *hand, char *block)
{
    uint64_t stamp, seal = 0;
    if (block == NULL) return;
    memcpy(&stamp, block, sizeof stamp);
    size_t size = (uint32_t)stamp;
    bool is_whole = size >= hand->low && size <= hand->high;
    if (is_whole) memcpy(&seal, block + size - sizeof seal, sizeof seal);
    if (__builtin_expect(!is_whole || seal != hand_seal(stamp, block), 0)) {
        hand_damaged(hand, size);
        return;
    }
    hand->heap->resize(hand->heap->state, block, size, 0);
    hand->calls++;
    hand->live_bytes -= size;
    hand->stamps -= stamp;
    hand->checksum += stamp;
}

#endif
