/* Pools of power-of-two blocks, from 8 bytes to `max`; larger sizes go to a backing allocator.
 *
 *     arena   | tier 8 | tier 16 | tier 32 | ... | chunks added by growth, each of one tier ->
 *
 * A block carries no header: old_size names its tier. Each tier has a free list threaded through
 * its free blocks, and a range of blocks never used. A full tier adds a chunk (`grow`), or else
 * borrows a block from a larger tier, and at last asks the backing.
 * Invariant: without growth the tiers lie in order of size and end at `home_end`, so that a block
 * at or beyond the end of the tier that its size names is a borrowed one. With growth nothing is
 * borrowed and home_end is the end of all addresses. Cost: about 15 instructions for new and free.
 */
#include "allocator.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "pages.h"
#include "spec.h"

enum { TIER_MAXIMUM, GROW, PRESET };
enum { PRESET_GROWING, PRESET_SOURCE };
enum { TIER_LIMIT = 14, SOURCE_MAXIMUM = 256, CHUNK_BYTES = 64 << 10 };

#define RESERVE_BYTES ((size_t)64 << 30) /* address space, not memory */

struct free_block {
    struct free_block *next;
};

struct tier {
    struct free_block *free_list;
    char *fresh, *fresh_end; /* blocks never used */
    uintptr_t home_end;
    size_t used_blocks, total_blocks;
};

struct tiered {
    size_t maximum;    /* bytes of the largest tier's blocks */
    size_t live_bytes; /* the backing's included */
    struct arena arena;
    struct tier tiers[TIER_LIMIT];
    size_t tier_count;
    bool grows;
    const struct heap *backing;
    size_t backing_calls, backing_live_bytes, backing_live_blocks;
};

/* The tier whose blocks are the smallest that hold so many bytes; bytes is not 0. */
static size_t tier_index(size_t bytes)
{
    return 63 ^ (size_t)__builtin_clzll((bytes - 1) >> 2 | 1);
}

static size_t block_bytes(size_t index)
{
    return (size_t)8 << index;
}

/* 2000, 1500, 1000, 500, 250, 125, then half of the one before. */
static size_t first_count(size_t index)
{
    static const size_t counts[] = {2000, 1500, 1000, 500, 250, 125};
    if (index < 6) return counts[index];
    size_t count = counts[5] >> (index - 5);
    return count > 0 ? count : 1;
}

static bool add_chunk(struct tiered *tiered, size_t index, size_t count)
{
    struct tier *tier = &tiered->tiers[index];
    size_t bytes = count * block_bytes(index);
    char *chunk = arena_take(&tiered->arena, (bytes + 15) & ~(size_t)15);
    if (chunk == NULL) return false;
    tier->fresh = chunk;
    tier->fresh_end = chunk + bytes;
    tier->total_blocks += count;
    return true;
}

static void *take_fresh(struct tier *tier, size_t bytes)
{
    void *block = tier->fresh;
    tier->fresh += bytes;
    tier->used_blocks++;
    return block;
}

/* From the tier's free list. */
static inline void *take_free(struct tier *tier)
{
    struct free_block *block = tier->free_list;
    if (block == NULL) return NULL;
    tier->free_list = block->next;
    tier->used_blocks++;
    return block;
}

/* From this tier alone; a chunk is added when it is full and may grow. */
static void *take_from(struct tiered *tiered, size_t index)
{
    struct tier *tier = &tiered->tiers[index];
    void *block = take_free(tier);
    if (block != NULL) return block;
    if (tier->fresh == tier->fresh_end &&
        !(tiered->grows && add_chunk(tiered, index, CHUNK_BYTES / block_bytes(index)))) {
        return NULL;
    }
    return take_fresh(tier, block_bytes(index));
}

/* From this tier, or borrowed from the smallest larger one that has a block. */
static void *take(struct tiered *tiered, size_t index)
{
    void *block = take_from(tiered, index);
    if (tiered->grows) return block;
    while (block == NULL && ++index < tiered->tier_count) block = take_from(tiered, index);
    return block;
}

/* The tier that a block of this size came from. */
static inline struct tier *home(struct tiered *tiered, const void *block, size_t old_size)
{
    struct tier *tier = &tiered->tiers[tier_index(old_size)];
    while (__builtin_expect((uintptr_t)block >= tier->home_end, 0)) tier++;
    return tier;
}

static inline void give_back(struct tier *tier, void *freed)
{
    struct free_block *block = freed;
    block->next = tier->free_list;
    tier->free_list = block;
    tier->used_blocks--;
}

static void *ask_backing(struct tiered *tiered, void *block, size_t old_size, size_t new_size)
{
    void *result = tiered->backing->resize(tiered->backing->state, block, old_size, new_size);
    tiered->backing_calls++;
    if (result == NULL && new_size != 0) return NULL;
    tiered->live_bytes += new_size - old_size;
    tiered->backing_live_bytes += new_size - old_size;
    tiered->backing_live_blocks += (size_t)(new_size != 0) - (size_t)(block != NULL);
    return result;
}

static __attribute__((noinline)) void *new_block_slowly(struct tiered *tiered, size_t new_size)
{
    if (new_size == 0) return NULL;
    void *block = NULL;
    if (new_size <= tiered->maximum) block = take(tiered, tier_index(new_size));
    if (block == NULL) return ask_backing(tiered, NULL, 0, new_size);
    tiered->live_bytes += new_size;
    return block;
}

static inline void *new_block(struct tiered *tiered, size_t new_size)
{
    /* 0 wraps round and fails the comparison. */
    if (new_size - 1 < tiered->maximum) {
        void *block = take_free(&tiered->tiers[tier_index(new_size)]);
        if (block != NULL) {
            tiered->live_bytes += new_size;
            return block;
        }
    }
    return new_block_slowly(tiered, new_size);
}

/* A block that must shrink and cannot move: the smaller tier keeps it from now on, though larger
 * than its own, because the next old_size will name that tier. */
static void adopt(struct tier *from, struct tier *to)
{
    from->used_blocks--, from->total_blocks--;
    to->used_blocks++, to->total_blocks++;
}

static void *shrink_own(struct tiered *tiered, void *block, size_t old_size, size_t new_size)
{
    size_t index = tier_index(new_size);
    struct tier *old_tier = home(tiered, block, old_size), *tier = &tiered->tiers[index];
    tiered->live_bytes -= old_size - new_size;
    if (old_tier == tier) return block;
    void *moved = take_from(tiered, index);
    if (moved == NULL) {
        if (tiered->grows) adopt(old_tier, tier);
        return block;
    }
    memcpy(moved, block, new_size);
    give_back(old_tier, block);
    return moved;
}

static void *grow_own(struct tiered *tiered, void *block, size_t old_size, size_t new_size)
{
    struct tier *old_tier = home(tiered, block, old_size);
    size_t room = block_bytes((size_t)(old_tier - tiered->tiers));
    if (new_size <= room) {
        tiered->live_bytes += new_size - old_size;
        return block;
    }
    void *moved = new_block(tiered, new_size);
    if (moved == NULL) return NULL;
    memcpy(moved, block, old_size);
    tiered->live_bytes -= old_size;
    give_back(old_tier, block);
    return moved;
}

static __attribute__((noinline)) void *resize_backed(struct tiered *tiered, void *block,
                                                     size_t old_size, size_t new_size)
{
    bool fits = new_size != 0 && new_size <= tiered->maximum;
    void *moved = fits ? take(tiered, tier_index(new_size)) : NULL;
    /* With all tiers full the block stays where it is: so a shrink cannot fail. */
    if (moved == NULL) return ask_backing(tiered, block, old_size, new_size);
    memcpy(moved, block, old_size < new_size ? old_size : new_size);
    ask_backing(tiered, block, old_size, 0);
    tiered->live_bytes += new_size;
    return moved;
}

static __attribute__((noinline)) void *resize_own(struct tiered *tiered, void *block,
                                                  size_t old_size, size_t new_size)
{
    if (new_size <= old_size) return shrink_own(tiered, block, old_size, new_size);
    return grow_own(tiered, block, old_size, new_size);
}

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct tiered *tiered = heap;
    if (block == NULL) return new_block(tiered, new_size);
    if (!arena_owns(&tiered->arena, block)) {
        return resize_backed(tiered, block, old_size, new_size);
    }
    if (new_size != 0) return resize_own(tiered, block, old_size, new_size);
    tiered->live_bytes -= old_size;
    give_back(home(tiered, block, old_size), block);
    return NULL;
}

static bool add_first_chunks(struct tiered *tiered)
{
    for (size_t i = 0; i < tiered->tier_count; i++) {
        if (!add_chunk(tiered, i, first_count(i))) return false;
        struct tier *tier = &tiered->tiers[i];
        tier->home_end = tiered->grows ? UINTPTR_MAX : (uintptr_t)tier->fresh_end;
    }
    return true;
}

static bool reserve(struct tiered *tiered)
{
    size_t bytes = 0;
    for (size_t i = 0; i < tiered->tier_count; i++) bytes += first_count(i) * block_bytes(i) + 15;
    bool is_reserved = tiered->grows ? arena_reserve_up_to(&tiered->arena, RESERVE_BYTES, bytes)
                                     : arena_reserve(&tiered->arena, bytes);
    if (!is_reserved) return false;
    if (add_first_chunks(tiered)) return true;
    arena_release(&tiered->arena);
    return false;
}

static bool check_options(const struct settings *settings, struct error *error)
{
    size_t maximum = settings->values[TIER_MAXIMUM].number;
    if ((maximum & (maximum - 1)) != 0) {
        return error_set(error, "tiered: max=%zu is no power of two", maximum);
    }
    if (settings->values[PRESET].number == PRESET_SOURCE && maximum != SOURCE_MAXIMUM) {
        return error_set(error, "tiered: preset=source fixes max at %d; leave max=%zu out",
                         SOURCE_MAXIMUM, maximum);
    }
    return true;
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    (void)self;
    assert(inner != NULL);
    struct tiered *tiered = pages_map(sizeof *tiered);
    if (tiered != NULL) {
        tiered->maximum = settings->values[TIER_MAXIMUM].number;
        tiered->tier_count = tier_index(tiered->maximum) + 1;
        tiered->grows =
            settings->values[GROW].number && settings->values[PRESET].number != PRESET_SOURCE;
        tiered->backing = inner;
        if (reserve(tiered)) return tiered;
        pages_unmap(tiered, sizeof *tiered);
    }
    error_set(error, "tiered: the system refuses address space for the tiers");
    return NULL;
}

static void close_heap(void *heap)
{
    struct tiered *tiered = heap;
    arena_release(&tiered->arena);
    pages_unmap(tiered, sizeof *tiered);
}

static bool read_tier(const void *heap, size_t index, struct tier_statistics *out)
{
    const struct tiered *tiered = heap;
    if (index >= tiered->tier_count) return false;
    const struct tier *tier = &tiered->tiers[index];
    *out = (struct tier_statistics){.block_bytes = block_bytes(index),
                                    .total_blocks = tier->total_blocks,
                                    .used_blocks = tier->used_blocks,
                                    .free_blocks = tier->total_blocks - tier->used_blocks};
    return true;
}

static void read_statistics(const void *heap, struct heap_statistics *out)
{
    const struct tiered *tiered = heap;
    struct tier_statistics tier;
    size_t blocks = 0, bytes = 0, largest = 0;
    for (size_t i = 0; read_tier(heap, i, &tier); i++) {
        blocks += tier.used_blocks;
        bytes += tier.used_blocks * tier.block_bytes;
        if (tier.free_blocks > 0) largest = tier.block_bytes;
    }
    out->live_bytes = tiered->live_bytes;
    out->live_blocks = blocks + tiered->backing_live_blocks;
    out->usable_bytes = bytes + tiered->backing_live_bytes;
    out->footprint_bytes = arena_footprint(&tiered->arena) + sizeof *tiered;
    out->metadata_bytes = sizeof *tiered;
    out->free_bytes = arena_footprint(&tiered->arena) - bytes;
    out->largest_free_bytes = largest;
    out->backing_calls = tiered->backing_calls;
    out->backing_live_bytes = tiered->backing_live_bytes;
}

static const struct option_row options[] = {
    [TIER_MAXIMUM] = {"max", OPTION_BYTES, "256", 8, 64 << 10, NULL,
                      "blocks of the largest tier, a power of two"},
    [GROW] = {"grow", OPTION_BOOLEAN, "yes", 0, 1, NULL,
              "a full tier grows; no: it borrows from larger tiers, then asks the backing"},
    [PRESET] = {"preset", OPTION_CHOICE, "growing", 0, 0, "growing source",
                "source: six tiers up to 256 bytes with the counts first published, no growth"},
    {0},
};

const struct allocator allocator_tiered = {
    .name = "tiered",
    .summary = "pools of power-of-two blocks without headers, found by old_size",
    .alignment = 16,
    .options = options,
    .backing = "libc",
    .open = open_heap,
    .check = check_options,
    .resize = resize,
    .close = close_heap,
    .statistics = read_statistics,
    .tier = read_tier,
};
