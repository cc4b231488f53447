/* Many blocks of mixed sizes born in a row, then all freed in one order: newest first, oldest
 * first, or shuffled. Only the order differs, so the differences between the three are what an
 * allocator pays for the order of frees.
 *
 * Each block is written at birth and read just before it is freed, as a collector reads the mark in
 * an object's header.
 */
#include "../../allocators/pages.h"
#include "generators.h"
#include "lua_sizes.h"

enum { BLOCK_COUNT = 50000 };

/* In place of slots[i]; called with i falling from BLOCK_COUNT - 1 to 0. */
typedef uint32_t take_fn(uint32_t *slots, size_t i, struct random *random);

static uint32_t take_newest(uint32_t *slots, size_t i, struct random *random)
{
    (void)random;
    return slots[i];
}

static uint32_t take_oldest(uint32_t *slots, size_t i, struct random *random)
{
    (void)random;
    return slots[BLOCK_COUNT - 1 - i];
}

static uint32_t take_any(uint32_t *slots, size_t i, struct random *random)
{
    size_t chosen = random_below(random, i + 1);
    uint32_t slot = slots[chosen];
    slots[chosen] = slots[i];
    return slot;
}

static bool free_in_order(struct trace *trace, struct random *random, take_fn *take)
{
    size_t bytes = BLOCK_COUNT * sizeof(uint32_t);
    uint32_t *slots = pages_map(bytes);
    if (slots == NULL) return false;
    trace->touches_blocks = true;
    for (size_t i = 0; i < BLOCK_COUNT; i++) {
        slots[i] = trace_new(trace, size_draw(lua_block_sizes, random));
    }
    for (size_t i = BLOCK_COUNT; i-- > 0;) {
        uint32_t slot = take(slots, i, random);
        trace_visit(trace, slot);
        trace_free(trace, slot);
    }
    pages_unmap(slots, bytes);
    return !trace->is_full;
}

bool generate_free_lifo(struct trace *trace, struct random *random)
{
    return free_in_order(trace, random, take_newest);
}

bool generate_free_fifo(struct trace *trace, struct random *random)
{
    return free_in_order(trace, random, take_oldest);
}

bool generate_free_random(struct trace *trace, struct random *random)
{
    return free_in_order(trace, random, take_any);
}
