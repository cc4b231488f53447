/* Two older forms of a tiered pool: one free list a tier, and a backing for what is larger.
 *
 *     source   tiers of 8, 16, 32, 64, 128, 256 bytes with 2000, 1500, 1000, 500, 250, 125 blocks;
 *              a full tier borrows from the larger ones, then from the backing
 *     lists    tiers of 8, 16, 24, ... 64 bytes, which grow
 *
 *     arena    | tier 0 | tier 1 | ...    in GRAINs, each of one tier
 *     owners   a byte a grain: its tier
 *
 * The free lists are threaded through the free blocks, last in, first out: the fewest instructions
 * a call there are, and neighbours in use become strangers in memory as a heap ages, which is why
 * neither is the standard. Invariant: the grain that a block lies in tells its tier, whatever
 * old_size says. Cost: about 15 instructions for new and free, O(tiers) when borrowing.
 */
#include <assert.h>
#include <stdint.h>

#include "../backed.h"
#include "../pages.h"
#include "tiered.h"

enum { LIST_MAXIMUM = 8, GRAIN_SHIFT = 12, GRAIN = 1 << GRAIN_SHIFT, CHUNK_BYTES = 64 << 10 };

#define RESERVE_BYTES ((size_t)64 << 30) /* address space, not memory */

struct free_block {
    struct free_block *next;
};

struct list {
    struct free_block *free;
    char *fresh, *fresh_end; /* blocks never used */
    size_t used_blocks, total_blocks;
};

struct lists {
    struct backed backed;
    bool is_source;
    size_t count;
    struct list lists[LIST_MAXIMUM];
    struct arena arena, owners;
    size_t borrowed;
};

static const size_t source_counts[] = {2000, 1500, 1000, 500, 250, 125};

static size_t bytes_of(const struct lists *lists, size_t index)
{
    return lists->is_source ? (size_t)8 << index : 8 * (index + 1);
}

/* The tier whose blocks are the smallest that hold so many bytes, at least lists->count if none. */
static inline size_t index_of(const struct lists *lists, size_t size)
{
    if (!lists->is_source) return (size - 1) >> 3;
    return 63 ^ (size_t)__builtin_clzll((size - 1) >> 2 | 1);
}

static inline size_t owner_of(const struct lists *lists, const void *block)
{
    size_t offset = (size_t)((const char *)block - lists->arena.start);
    return (uint8_t)lists->owners.start[offset >> GRAIN_SHIFT];
}

static bool add_chunk(struct lists *lists, size_t index, size_t count)
{
    struct list *list = &lists->lists[index];
    size_t bytes = count * bytes_of(lists, index);
    size_t grains = (bytes + GRAIN - 1) >> GRAIN_SHIFT;
    char *chunk = arena_take(&lists->arena, grains << GRAIN_SHIFT);
    if (chunk == NULL) return false;
    char *owners = arena_take(&lists->owners, grains);
    if (owners == NULL) {
        lists->arena.used_end = chunk;
        return false;
    }
    memset(owners, (int)index, grains);
    list->fresh = chunk;
    list->fresh_end = chunk + bytes;
    list->total_blocks += count;
    return true;
}

static void *take_from(struct lists *lists, size_t index)
{
    struct list *list = &lists->lists[index];
    struct free_block *block = list->free;
    if (block != NULL) {
        list->free = block->next;
    } else {
        size_t bytes = bytes_of(lists, index);
        if (list->fresh == list->fresh_end &&
            (lists->is_source || !add_chunk(lists, index, CHUNK_BYTES / bytes))) {
            return NULL;
        }
        block = (struct free_block *)list->fresh;
        list->fresh += bytes;
    }
    list->used_blocks++;
    return block;
}

static size_t block_bytes(const void *heap, size_t size)
{
    const struct lists *lists = heap;
    size_t index = index_of(lists, size);
    return index < lists->count ? bytes_of(lists, index) : 0;
}

static void *take(void *heap, size_t size)
{
    struct lists *lists = heap;
    size_t index = index_of(lists, size);
    void *block = take_from(lists, index);
    if (block != NULL || !lists->is_source) return block;
    while (block == NULL && ++index < lists->count) block = take_from(lists, index);
    lists->borrowed += block != NULL;
    return block;
}

static void give(void *heap, void *freed, size_t old_size)
{
    (void)old_size;
    struct lists *lists = heap;
    struct list *list = &lists->lists[owner_of(lists, freed)];
    struct free_block *block = freed;
    block->next = list->free;
    list->free = block;
    list->used_blocks--;
}

static bool owns(const void *heap, const void *block)
{
    return arena_owns(&((const struct lists *)heap)->arena, block);
}

static size_t room(const void *heap, const void *block, size_t old_size)
{
    (void)old_size;
    return bytes_of(heap, owner_of(heap, block));
}

static const struct pool_methods methods = {
    .block_bytes = block_bytes,
    .take = take,
    .give = give,
    .owns = owns,
    .room = room,
};

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    return backed_resize(heap, &methods, block, old_size, new_size);
}

static bool add_source_chunks(struct lists *lists)
{
    for (size_t i = 0; i < lists->count; i++) {
        if (!add_chunk(lists, i, source_counts[i])) return false;
    }
    return true;
}

static void close_heap(void *heap)
{
    struct lists *lists = heap;
    if (lists->owners.start) arena_release(&lists->owners);
    if (lists->arena.start) arena_release(&lists->arena);
    pages_unmap(lists, sizeof *lists);
}

static bool reserve(struct lists *lists)
{
    if (!arena_reserve_up_to(&lists->arena, RESERVE_BYTES, (size_t)1 << 20)) return false;
    size_t bytes = (size_t)(lists->arena.reserved_end - lists->arena.start);
    return arena_reserve(&lists->owners, bytes >> GRAIN_SHIFT) &&
           (!lists->is_source || add_source_chunks(lists));
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    (void)settings;
    assert(inner != NULL);
    struct lists *lists = pages_map(sizeof *lists);
    if (lists != NULL) {
        lists->is_source = self == &tiered_of_source;
        lists->count = lists->is_source ? sizeof source_counts / sizeof *source_counts : 8;
        lists->backed.backing = inner;
        if (reserve(lists)) return lists;
        close_heap(lists);
    }
    error_set(error, "tiered: the system refuses address space for the tiers");
    return NULL;
}

static bool read_tier(const void *heap, size_t index, struct tier_statistics *out)
{
    const struct lists *lists = heap;
    if (index >= lists->count) return false;
    const struct list *list = &lists->lists[index];
    *out = (struct tier_statistics){
        .block_bytes = bytes_of(lists, index),
        .total_blocks = list->total_blocks,
        .used_blocks = list->used_blocks,
        .free_blocks = list->total_blocks - list->used_blocks,
    };
    return true;
}

static void read_statistics(const void *heap, struct heap_statistics *out)
{
    const struct lists *lists = heap;
    size_t blocks = 0, bytes = 0, largest = 0;
    struct tier_statistics tier;
    for (size_t i = 0; read_tier(heap, i, &tier); i++) {
        blocks += tier.used_blocks;
        bytes += tier.used_blocks * tier.block_bytes;
        if (tier.free_blocks > 0) largest = tier.block_bytes;
    }
    size_t metadata = arena_footprint(&lists->owners) + sizeof *lists;
    backed_statistics(&lists->backed, blocks, bytes, out);
    out->footprint_bytes = arena_footprint(&lists->arena) + metadata;
    out->metadata_bytes = metadata;
    out->free_bytes = arena_footprint(&lists->arena) - bytes;
    out->largest_free_bytes = largest;
}

static bool read_figure(const void *heap, size_t index, struct heap_figure *out)
{
    const struct lists *lists = heap;
    if (index > 0 || !lists->is_source) return false;
    *out = (struct heap_figure){"borrowed from larger tiers", "blocks", (double)lists->borrowed};
    return true;
}

const struct allocator tiered_of_source = {
    .name = "tiered",
    .summary = "six tiers of powers of two with fixed counts",
    .alignment = 8,
    .options = tiered_options,
    .backing = "libc",
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
    .statistics = read_statistics,
    .tier = read_tier,
    .figure = read_figure,
};

const struct allocator tiered_of_lists = {
    .name = "tiered",
    .summary = "small objects from one list a size of 8 bytes more, up to 64",
    .alignment = 8,
    .options = tiered_options,
    .backing = "libc",
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
    .statistics = read_statistics,
    .tier = read_tier,
};
