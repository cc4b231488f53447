/* Binary buddy allocation (Knowlton 1965): blocks of powers of two that split and merge in halves.
 *
 * A request gets the smallest power of two that holds it; requests above `max` go to the backing.
 * No block has a header: its order lies in a map beside the memory, which also catches a block that
 * is freed twice. With `front`, requests up to so many bytes come from runs of equal blocks.
 * Merging is delayed for some blocks of each order, as one just freed is mostly wanted again.
 * Invariant: a block of order k starts at a multiple of its size from the arena's start.
 * Cost: new and free take about 60 instructions where a delayed block serves, else a step an order;
 * a third of the memory is lost to rounding where sizes are 40 x 2^k.
 */
#include "buddy.h"

enum { MINIMUM, MAXIMUM, CHUNK_BYTES, GROW, FRONT, DELAYED };

static size_t block_bytes(const void *heap, size_t size)
{
    const struct buddy *buddy = heap;
    if (size > buddy->maximum) return 0;
    return blocks_order_bytes(blocks_order_of(&buddy->blocks, size));
}

static bool owns(const void *heap, const void *block)
{
    return arena_owns(&((const struct buddy *)heap)->blocks.arena, block);
}

static size_t room(const void *heap, const void *block, size_t old_size)
{
    const struct blocks *blocks = &((const struct buddy *)heap)->blocks;
    (void)old_size;
    return blocks_order_bytes(blocks_used_order(blocks, block));
}

static void *take(void *heap, size_t size)
{
    struct buddy *buddy = heap;
    void *block = blocks_take(&buddy->blocks, blocks_order_of(&buddy->blocks, size));
    if (__builtin_expect(block == NULL, 0)) buddy->fallbacks++;
    return block;
}

/* The size names the order, and the map confirms it: so the list is found without waiting for the
 * map. Only a block that could not move to a run when it shrank is larger than its size says. */
static void give(void *heap, void *block, size_t old_size)
{
    struct blocks *blocks = &((struct buddy *)heap)->blocks;
    unsigned order = blocks_order_of(blocks, old_size);
    if (__builtin_expect(*blocks_state(blocks, block) != (STATE_USED | order), 0)) {
        unsigned used_order = blocks_used_order(blocks, block);
        assert(order <= used_order);
        order = used_order;
    }
    blocks_give(blocks, block, order);
}

static bool resize_in_place(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct buddy *buddy = heap;
    unsigned old_order = blocks_used_order(&buddy->blocks, block);
    assert(old_size <= blocks_order_bytes(old_order));
    if (new_size > buddy->maximum) return false;
    unsigned order = blocks_order_of(&buddy->blocks, new_size);
    if (order == old_order) return true;
    if (!blocks_resize(&buddy->blocks, block, old_order, order)) return false;
    if (order > old_order) buddy->grown_in_place++;
    else buddy->shrunk_in_place++;
    return true;
}

static const struct pool_methods methods = {
    .block_bytes = block_bytes,
    .take = take,
    .give = give,
    .owns = owns,
    .room = room,
    .resize_in_place = resize_in_place,
};

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    return backed_resize(heap, &methods, block, old_size, new_size);
}

static size_t fronted_block_bytes(const void *heap, size_t size)
{
    if (size > ((const struct buddy *)heap)->front_bytes) return block_bytes(heap, size);
    return runs_block_bytes(runs_size_index(size));
}

static size_t fronted_room(const void *heap, const void *block, size_t old_size)
{
    const struct run *run = runs_of(&((const struct buddy *)heap)->blocks, block);
    return run->most_blocks != 0 ? runs_block_bytes(run->size_index) : room(heap, block, old_size);
}

static void *fronted_take(void *heap, size_t size)
{
    struct buddy *buddy = heap;
    if (size > buddy->front_bytes) return take(heap, size);
    void *block = runs_take(&buddy->runs, &buddy->blocks, size);
    if (__builtin_expect(block == NULL, 0)) buddy->fallbacks++;
    return block;
}

static void fronted_give(void *heap, void *block, size_t old_size)
{
    struct buddy *buddy = heap;
    struct run *run = runs_of(&buddy->blocks, block);
    if (run->most_blocks == 0) {
        give(heap, block, old_size);
        return;
    }
    assert(old_size <= runs_block_bytes(run->size_index));
    runs_give(&buddy->runs, &buddy->blocks, run, block);
}

static bool fronted_resize_in_place(void *heap, void *block, size_t old_size, size_t new_size)
{
    const struct buddy *buddy = heap;
    const struct run *run = runs_of(&buddy->blocks, block);
    bool is_small = new_size <= buddy->front_bytes;
    if (run->most_blocks != 0) return is_small && runs_size_index(new_size) == run->size_index;
    return !is_small && resize_in_place(heap, block, old_size, new_size);
}

static const struct pool_methods fronted_methods = {
    .block_bytes = fronted_block_bytes,
    .take = fronted_take,
    .give = fronted_give,
    .owns = owns,
    .room = fronted_room,
    .resize_in_place = fronted_resize_in_place,
};

static void *fronted_resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    return backed_resize(heap, &fronted_methods, block, old_size, new_size);
}

static unsigned log_of(size_t power)
{
    return (unsigned)__builtin_ctzll(power);
}

static bool is_power_of_two(const struct settings *settings, size_t option, const char *name,
                            struct error *error)
{
    size_t value = settings->values[option].number;
    if ((value & (value - 1)) == 0) return true;
    return error_set(error, "buddy: option %s=%s is no power of two: give one", name,
                     settings->values[option].text);
}

static bool check_options(const struct settings *settings, struct error *error)
{
    size_t minimum = settings->values[MINIMUM].number, maximum = settings->values[MAXIMUM].number;
    size_t chunk = settings->values[CHUNK_BYTES].number, front = settings->values[FRONT].number;
    if (!is_power_of_two(settings, MINIMUM, "min", error)) return false;
    if (!is_power_of_two(settings, MAXIMUM, "max", error)) return false;
    if (!is_power_of_two(settings, CHUNK_BYTES, "size", error)) return false;
    if (minimum > maximum) {
        return error_set(error,
                         "buddy: min=%zu is above max=%zu; give min 16 .. %zu, or a max of "
                         "%zu .. 16777216",
                         minimum, maximum, maximum, minimum);
    }
    if (chunk < maximum) {
        return error_set(error,
                         "buddy: a chunk of size=%zu has no room for max=%zu; give size "
                         "%zu .. 67108864",
                         chunk, maximum, maximum);
    }
    if (front % 8 == 0 && front <= maximum / 4) return true;
    return error_set(error, "buddy: front=%zu; give a multiple of 8, 0 .. %zu (a quarter of max)",
                     front, maximum / 4 < FRONT_MOST ? maximum / 4 : FRONT_MOST);
}

static void configure(struct buddy *buddy, const struct settings *settings)
{
    struct blocks *blocks = &buddy->blocks;
    buddy->maximum = settings->values[MAXIMUM].number;
    buddy->front_bytes = settings->values[FRONT].number;
    blocks->least_order = log_of(settings->values[MINIMUM].number);
    blocks->top_order = log_of(buddy->maximum);
    blocks->chunk_order = log_of(settings->values[CHUNK_BYTES].number);
    blocks->delayed_most = settings->values[DELAYED].number;
    blocks->grows = settings->values[GROW].number;
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    (void)self;
    assert(inner != NULL);
    struct buddy *buddy = pages_map(sizeof *buddy);
    if (buddy != NULL) {
        configure(buddy, settings);
        buddy->backed.backing = inner;
        if (blocks_open(&buddy->blocks, buddy->front_bytes != 0 ? sizeof(struct run) : 0)) {
            return buddy;
        }
        pages_unmap(buddy, sizeof *buddy);
    }
    error_set(error, "buddy: the system refuses a chunk of %zu bytes; give a smaller size",
              settings->values[CHUNK_BYTES].number);
    return NULL;
}

static void close_heap(void *heap)
{
    struct buddy *buddy = heap;
    blocks_close(&buddy->blocks);
    pages_unmap(buddy, sizeof *buddy);
}

static const struct option_row options[] = {
    [MINIMUM] = {"min", OPTION_BYTES, "32", 16, 64 << 10, NULL, "smallest block, a power of two"},
    [MAXIMUM] = {"max", OPTION_BYTES, "4K", 16, 16 << 20, NULL,
                 "largest block, a power of two; larger requests go to the backing"},
    [CHUNK_BYTES] = {"size", OPTION_BYTES, "64K", 4096, 64 << 20, NULL,
                     "of a chunk, a power of two: what is taken from the system and given back"},
    [GROW] = {"grow", OPTION_BOOLEAN, "yes", 0, 1, NULL,
              "further chunks when the first is used up; no: the backing takes over"},
    [FRONT] = {"front", OPTION_BYTES, "0", 0, FRONT_MOST, NULL,
               "requests up to it, a multiple of 8, come from runs of equal blocks; 0: none do"},
    [DELAYED] = {"delayed", OPTION_COUNT, "32", 0, 4096, NULL,
                 "freed blocks of an order that wait unmerged for the next request"},
    {0},
};

extern const struct allocator allocator_buddy;
static const struct allocator fronted; /* whose blocks lie on multiples of 8 alone */

static const struct allocator *choose_variant(const struct settings *settings)
{
    return settings->values[FRONT].number != 0 ? &fronted : &allocator_buddy;
}

#define VARIANT(its_alignment, its_resize)                                                  \
    {                                                                                       \
        .name = "buddy", .summary = "powers of two that split and merge in halves",         \
        .traits = TRAIT_BY_NAME, .alignment = its_alignment, .options = options,            \
        .backing = "libc", .tier_name = "order", .open = open_heap, .check = check_options, \
        .resize = its_resize, .close = close_heap, .statistics = buddy_statistics,          \
        .tier = buddy_tier, .figure = buddy_figure, .variant = choose_variant,              \
    }

static const struct allocator fronted = VARIANT(8, fronted_resize);
const struct allocator allocator_buddy = VARIANT(16, resize);
