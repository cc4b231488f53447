/* The allocator for Lua 5.1: three tiers by size, all of them found again by address.
 *
 *     tiny     up to 24 B     classes of 8 bytes, pages of 8 KiB         tier.h
 *     small    up to 1 KiB    classes of 8 bytes, pages of 16 KiB        tier.h
 *     large    above          segregated fit, grows in place             large.h
 *
 * A block of up to 1 KiB carries no header. old_size is used for the figures alone: which tier and
 * class a block is of follows from its address, so a wrong old_size harms nothing else, and a block
 * that cannot shrink for want of memory stays where it is. The tiers share what they keep of the
 * memory that no block uses, and give back what is too much (memory.h).
 * Invariant: a block's room is its class's block_bytes, or its header's size. Cost: 22 instructions
 * for a new small block, 34 for a free one; O(1) for all others.
 */
#include "tiered.h"

#include <string.h>

#include "../spec.h"

static inline struct size_class *small_class(struct tiered *tiered, size_t size)
{
    return &tiered->classes[(size + 7) >> 3];
}

/* Where a tier can get no page, the large one may still have room. */
static __attribute__((noinline)) void *new_slowly(struct tiered *tiered, size_t size)
{
    void *block = NULL;
    if (size == 0) return NULL;
    if (size <= SMALL_MAXIMUM) block = tier_new(small_class(tiered, size));
    if (!block) block = large_new(&tiered->large, size);
    if (!block) return NULL;
    tiered->memory.live_bytes += size;
    return block;
}

static inline void *new_block(struct tiered *tiered, size_t size)
{
    /* 0 wraps round and fails the comparison. */
    if (size - 1 < SMALL_MAXIMUM) {
        struct size_class *size_class = small_class(tiered, size);
        if (__builtin_expect(size_class->mask != 0, 1)) {
            tiered->memory.live_bytes += size;
            return tier_new(size_class);
        }
    }
    return new_slowly(tiered, size);
}

/* The tier that a block lies in; NULL: in the large one. */
static struct tier *tier_of(struct tiered *tiered, const void *block)
{
    if (tier_owns(&tiered->small, block)) return &tiered->small;
    return tier_owns(&tiered->tiny, block) ? &tiered->tiny : NULL;
}

static __attribute__((noinline)) void free_slowly(struct tiered *tiered, void *block)
{
    struct tier *tier = tier_of(tiered, block);
    if (tier) tier_free(tier, tier->page_shift, block);
    else large_free(&tiered->large, block);
}

static inline void free_block(struct tiered *tiered, void *block, size_t old_size)
{
    tiered->memory.live_bytes -= old_size;
    if (tier_owns(&tiered->small, block)) tier_free(&tiered->small, SMALL_SHIFT, block);
    else free_slowly(tiered, block);
}

static size_t room_of(struct tiered *tiered, const void *block)
{
    const struct tier *tier = tier_of(tiered, block);
    return tier ? tier_room(tier, block) : large_room(block);
}

static bool stays(struct tiered *tiered, void *block, size_t room, size_t size)
{
    if (tier_of(tiered, block)) {
        return size <= SMALL_MAXIMUM && small_class(tiered, size)->block_bytes == room;
    }
    return size > SMALL_MAXIMUM && large_resize(&tiered->large, block, size);
}

/* NULL when there is no room elsewhere; then the block is as it was. */
static void *move(struct tiered *tiered, void *block, size_t old_size, size_t new_size)
{
    size_t kept = old_size < new_size ? old_size : new_size;
    if (new_size > SMALL_MAXIMUM && !tier_of(tiered, block)) {
        void *moved = large_regrow(&tiered->large, block, kept, new_size);
        if (moved) tiered->memory.live_bytes += new_size - old_size;
        return moved;
    }
    void *moved = new_block(tiered, new_size);
    if (!moved) return NULL;
    memcpy(moved, block, kept);
    free_block(tiered, block, old_size);
    return moved;
}

static __attribute__((noinline)) void *resize_block(struct tiered *tiered, void *block,
                                                    size_t old_size, size_t new_size)
{
    size_t room = room_of(tiered, block);
    if (!stays(tiered, block, room, new_size)) {
        void *moved = move(tiered, block, old_size, new_size);
        if (moved) return moved;
        if (new_size > room) return NULL;
        tiered->memory.stayed_blocks++;
    }
    tiered->memory.live_bytes += new_size - old_size;
    return block;
}

void *tiered_resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct tiered *tiered = heap;
    if (!block) return new_block(tiered, new_size);
    if (new_size != 0) return resize_block(tiered, block, old_size, new_size);
    free_block(tiered, block, old_size);
    return NULL;
}

static bool open_tiers(struct tiered *tiered)
{
    struct memory *memory = &tiered->memory;
    memory->tiers[0] = &tiered->small;
    memory->tiers[1] = &tiered->tiny;
    memory->large = &tiered->large;
    for (size_t i = 1; i <= CLASS_COUNT; i++) tiered->classes[i].block_bytes = (uint32_t)i * 8;
    tiered->tiny = (struct tier){.page_shift = TINY_SHIFT,
                                 .memory = memory,
                                 .classes = tiered->classes,
                                 .first_class = 1,
                                 .last_class = FIRST_SMALL - 1};
    tiered->small = (struct tier){.page_shift = SMALL_SHIFT,
                                  .memory = memory,
                                  .classes = tiered->classes,
                                  .first_class = FIRST_SMALL,
                                  .last_class = CLASS_COUNT};
    return tier_open(&tiered->tiny) && tier_open(&tiered->small) &&
           large_open(&tiered->large, memory);
}

void *tiered_open(const struct allocator *self, const struct settings *settings,
                  const struct heap *inner, struct error *error)
{
    (void)self, (void)inner;
    struct tiered *tiered = pages_map(sizeof *tiered);
    if (tiered) {
        tiered->memory.is_huge = settings->values[TIERED_HUGE].number;
        if (open_tiers(tiered)) return tiered;
        tiered_close(tiered);
    }
    error_set(error, "tiered: the system refuses memory for a heap's own description");
    return NULL;
}

void tiered_close(void *heap)
{
    struct tiered *tiered = heap;
    tier_close(&tiered->tiny);
    tier_close(&tiered->small);
    large_close(&tiered->large);
    pages_unmap(tiered, sizeof *tiered);
}

static const struct allocator *variant(const struct settings *settings)
{
    if (settings->values[TIERED_PRESET].number == PRESET_SOURCE) return &tiered_of_source;
    if (settings->values[TIERED_PRESET].number == PRESET_LISTS) return &tiered_of_lists;
    return settings->values[TIERED_CHECKED].number ? &tiered_of_checks : &allocator_tiered;
}

static bool check_options(const struct settings *settings, struct error *error)
{
    if (settings->values[TIERED_PRESET].number == PRESET_LUA) return true;
    if (!settings->values[TIERED_CHECKED].number && !settings->values[TIERED_HUGE].number) {
        return true;
    }
    return error_set(error, "tiered: preset=%s has no checked and no huge; leave them out",
                     settings->values[TIERED_PRESET].text);
}

const struct option_row tiered_options[] = {
    [TIERED_PRESET] = {"preset", OPTION_CHOICE, "lua", 0, 0, "lua source lists",
                       "lua: three tiers without a backing; source: powers of two up to 256 "
                       "bytes, with fixed counts; lists: steps of 8 up to 64 bytes, one list each"},
    [TIERED_HUGE] = {"huge", OPTION_BOOLEAN, "no", 0, 1, NULL,
                     "2 MiB pages where the system has them: faster growth, up to 6 MiB more"},
    [TIERED_CHECKED] = {"checked", OPTION_BOOLEAN, "no", 0, 1, NULL,
                        "stop at a wrong old_size, at 8 bytes more a block"},
    {0},
};

const struct allocator allocator_tiered = {
    .name = "tiered",
    .summary = "for Lua: pages of one size class, a bit a block; large blocks by segregated fit",
    .alignment = 8,
    .options = tiered_options,
    .tier_name = "class",
    .variant = variant,
    .check = check_options,
    .open = tiered_open,
    .resize = tiered_resize,
    .close = tiered_close,
    .statistics = tiered_statistics,
    .tier = tiered_tier,
    .figure = tiered_figure,
};
