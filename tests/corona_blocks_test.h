/* Blocks that say over their whole size whose they are, and are told from a word alone: so threads
 * exchange them by one atomic operation, and a forked child finds whatever is in a place whole. To
 * be included after corona_child_test.h. */
#ifndef CORONA_BLOCKS_TEST_H
#define CORONA_BLOCKS_TEST_H

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>

#include "../allocators/corona/corona.h"
#include "../workloads/random.h"

/* A block's address, and below it the size up to 7; larger ones begin with a word that says size
 * and seed. 0: none. */
typedef uintptr_t held_block;
enum { SIZE_MASK = 15, SELF_DESCRIBED = 8 };

static inline unsigned char *held_bytes(held_block held)
{
    return (unsigned char *)(held & ~(uintptr_t)SIZE_MASK);
}

static inline size_t held_size(held_block held)
{
    if ((held & SIZE_MASK) != SELF_DESCRIBED) return held & SIZE_MASK;
    return (uint32_t) * (const uint64_t *)held_bytes(held);
}

static inline uint64_t word_at(uint64_t first, size_t index)
{
    return (first + index) * 0x9E3779B97F4A7C15;
}

static inline held_block hold(void *block, size_t size, uint32_t seed)
{
    uint64_t *words = block, first = size | (uint64_t)seed << 32;
    expect((uintptr_t)block % 16 == 0 && corona_usable_size(block) >= size);
    if (size < 8) {
        memset(block, (int)((uintptr_t)block >> 4), size);
        return (uintptr_t)block | size;
    }
    words[0] = first;
    for (size_t i = 1; i < size / 8; i++) words[i] = word_at(first, i);
    memset((char *)block + size / 8 * 8, (int)seed, size % 8);
    return (uintptr_t)block | SELF_DESCRIBED;
}

/* The first bytes of what a block held that was so large. */
static inline void expect_contents(const void *block, uint64_t first, size_t size)
{
    const uint64_t *words = block;
    uint64_t wrong = words[0] ^ first;
    for (size_t i = 1; i < size / 8; i++) wrong |= words[i] ^ word_at(first, i);
    expect(wrong == 0);
}

static inline void expect_whole(held_block held)
{
    const unsigned char *bytes = held_bytes(held);
    size_t size = held_size(held);
    expect(size <= corona_usable_size(bytes));
    unsigned char tail = (unsigned char)((uintptr_t)bytes >> 4);
    if (size >= 8) {
        uint64_t first = *(const uint64_t *)bytes;
        expect_contents(bytes, first, size);
        tail = (unsigned char)(first >> 32);
    }
    for (size_t i = size / 8 * 8; i < size; i++) expect(bytes[i] == tail);
}

static inline void drop(held_block held)
{
    if (held == 0) return;
    expect_whole(held);
    if (held_size(held) >= 8) *(uint64_t *)held_bytes(held) = 0;
    corona_free(held_bytes(held));
}

/* Most are small; up to 300 KB. */
static inline size_t draw_size(struct random *random)
{
    uint64_t kind = random_below(random, 1000);
    size_t most = kind < 700 ? 128 : kind < 850 ? 1024 : kind < 970 ? 4096 : 32768;
    return random_below(random, kind < 999 ? most + 1 : 300001);
}

static inline void expect_zero(const void *block, size_t size)
{
    const unsigned char *bytes = block;
    unsigned char any = 0;
    for (size_t i = 0; i < size; i++) any |= bytes[i];
    expect(any == 0);
}

static inline void *draw_block(struct random *random, size_t size)
{
    uint64_t kind = random_below(random, 16);
    void *block;
    if (kind == 0) {
        block = corona_calloc(1, size);
        if (block != NULL) expect_zero(block, size);
    } else if (kind == 1) {
        size_t alignment = (size_t)1 << random_below(random, 15);
        block = corona_aligned_alloc(alignment, size);
        expect((uintptr_t)block % alignment == 0);
    } else {
        block = corona_malloc(size);
    }
    return block;
}

/* A new block of a random size by a random call; 0, and ENOMEM, when there is no memory. */
static inline held_block draw_new(struct random *random)
{
    size_t size = draw_size(random);
    errno = 0;
    void *block = draw_block(random, size);
    if (block != NULL) return hold(block, size, (uint32_t)random_next(random));
    expect(errno == ENOMEM);
    return 0;
}

/* The block with another size; as it was when there is no memory. */
static inline held_block draw_resized(struct random *random, held_block held)
{
    size_t old_size = held_size(held), size = draw_size(random) + 1;
    expect_whole(held);
    uint64_t first = old_size >= 8 ? *(const uint64_t *)held_bytes(held) : 0;
    errno = 0;
    void *block = corona_realloc(held_bytes(held), size);
    if (block == NULL) {
        expect(errno == ENOMEM);
        expect_whole(held);
        return held;
    }
    size_t kept = size < old_size ? size : old_size;
    if (kept >= 8) expect_contents(block, first, kept);
    return hold(block, size, (uint32_t)random_next(random));
}

/* Something happens to a place, which any thread may use at any time. */
static inline void use_place(_Atomic held_block *place, struct random *random)
{
    held_block held = atomic_exchange(place, 0);
    if (held == 0) held = draw_new(random);
    else if (random_below(random, 4) == 0) held = draw_resized(random, held);
    else drop(held), held = 0;
    if (held != 0) drop(atomic_exchange(place, held));
}

static inline void empty_places(_Atomic held_block *places, size_t count)
{
    for (size_t i = 0; i < count; i++) drop(atomic_exchange(&places[i], 0));
}

static inline size_t resident_bytes(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    expect(file != NULL && fscanf(file, "%*u %lu", &pages) == 1);
    fclose(file);
    return pages * 4096;
}

static inline size_t used_bytes(void)
{
    struct corona_statistics now;
    corona_statistics(&now);
    return now.used_bytes;
}

#endif
