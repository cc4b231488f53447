/* The sizes of the pools' blocks.
 *
 *     small     16 pools   8, 16, 24 ... 128
 *     middle    19 pools   four a doubling: 160, 192, 224, 256, 320 ... 3072, 3584
 *     large      8 pools   4 KiB, 8 KiB ... 512 KiB
 *
 * Waste within a block is at most 7 bytes below 129, a quarter of the request below 4 KiB, a half
 * of the block beyond; of a large block, pages that the program never touches take no memory.
 */
#ifndef SIZE_CLASS_H
#define SIZE_CLASS_H

#include <stddef.h>

enum {
    SMALL_CLASSES = 16,
    MIDDLE_CLASSES = 19,
    LARGE_CLASSES = 8,
    FIRST_MIDDLE = SMALL_CLASSES,
    FIRST_LARGE = FIRST_MIDDLE + MIDDLE_CLASSES,
    CLASS_COUNT = FIRST_LARGE + LARGE_CLASSES,
    SMALL_BYTES = 8 * SMALL_CLASSES,
    LARGE_BYTES = 4096, /* of the smallest large block */
};

/* The largest request that a pool serves. */
#define POOLED_BYTES ((size_t)LARGE_BYTES << (LARGE_CLASSES - 1))

static inline size_t size_class_bytes(unsigned size_class)
{
    if (size_class < FIRST_MIDDLE) return (size_class + 1) * 8;
    if (size_class >= FIRST_LARGE) return (size_t)LARGE_BYTES << (size_class - FIRST_LARGE);
    unsigned step = size_class - FIRST_MIDDLE;
    size_t below = (size_t)SMALL_BYTES << step / 4;
    return below + below / 4 * (step % 4 + 1);
}

/* The pool with the smallest blocks that hold so many bytes, 1 .. POOLED_BYTES. */
static inline unsigned size_class_of(size_t bytes)
{
    if (__builtin_expect(bytes <= SMALL_BYTES, 1)) return (unsigned)(bytes - 1) >> 3;
    unsigned power = 63 ^ (unsigned)__builtin_clzll(bytes - 1);
    if (bytes > LARGE_BYTES) return FIRST_LARGE + power - 11;
    return FIRST_MIDDLE + (power - 7) * 4 + ((unsigned)(bytes - 1) >> (power - 2)) - 4;
}

#endif
