/* A free-list allocator with boundary tags, in four policies: first, next and best fit, and TLSF.
 *
 * One arena holds all blocks, so that whatever is free side by side is one block: a block joins its
 * neighbours when freed, grows into a free one on its right, and leaves its tail when shrunk. The
 * arena grows at its end; pages inside large free blocks go back to the system. Blocks stay where
 * they are, as Lua holds their addresses: this heap can merge free memory, never compact it.
 * With grow=no, and in a buffer of the caller's, it is one region of fixed size over nothing: what
 * does not fit is refused.
 * Invariant: no two free blocks touch; each but the fence is a multiple of 8 bytes, at least 32.
 * Cost: 8 bytes a block; merging and splitting are O(1), a search what its policy says.
 */
#include "boundary_tags.h"

#include <stdint.h>

enum { FIT, FIRST_BYTES, MAXIMUM, GROW };
enum { LENT_MINIMUM = 256 };

#define RESERVE_BYTES ((size_t)64 << 30) /* address space, not memory */

static const struct policy *const policies[] = {&free_list_first, &free_list_next, &free_list_best,
                                                &free_list_tlsf};

/* The fence becomes the tag of a free block, and the last bytes taken are the next fence. */
static struct block *add_region(struct free_list *heap, size_t bytes)
{
    struct arena *arena = &heap->arena;
    if (arena_take(arena, bytes) == NULL) return NULL;
    arena_take(arena, (size_t)(arena->usable_end - arena->used_end));
    struct block *block = heap->fence;
    heap->fence = (struct block *)(arena->used_end - TAG_BYTES);
    heap->fence->tag = TAG_IN_USE | TAG_PREVIOUS_IN_USE;
    return release(heap, heap->policy, block, (size_t)((char *)heap->fence - (char *)block));
}

struct block *free_list_grow(struct free_list *heap, size_t bytes)
{
    size_t last = 0;
    if (!(heap->fence->tag & TAG_PREVIOUS_IN_USE)) {
        struct block *block = block_before(heap->fence);
        last = tag_bytes(block->tag);
        if (last >= bytes) return block; /* a good fit passes over what fits barely */
    }
    struct block *block = heap->grows ? add_region(heap, bytes - last) : NULL;
    if (block == NULL) heap->fallbacks++;
    return block;
}

/* Under a heap of fixed size. */
static void *refuse(void *nothing, void *block, size_t old_size, size_t new_size)
{
    (void)nothing, (void)block, (void)old_size, (void)new_size;
    return NULL;
}

static const struct heap nobody = {.resize = refuse};

static bool reserve(struct free_list *heap, const struct settings *settings, size_t bytes)
{
    if (heap->is_lent) {
        char *start = (char *)(((uintptr_t)settings->buffer + 7) & ~(uintptr_t)7);
        heap->arena = (struct arena){start, start, start + bytes, start + bytes, 0};
        return true;
    }
    return heap->grows ? arena_reserve_up_to(&heap->arena, RESERVE_BYTES, bytes)
                       : arena_reserve(&heap->arena, bytes);
}

static bool open_region(struct free_list *heap, const struct settings *settings, size_t bytes)
{
    if (!reserve(heap, settings, bytes)) return false;
    heap->fence = arena_take(&heap->arena, TAG_BYTES);
    if (heap->fence != NULL) {
        heap->fence->tag = TAG_IN_USE | TAG_PREVIOUS_IN_USE;
        if (add_region(heap, bytes - TAG_BYTES) != NULL) return true;
    }
    if (!heap->is_lent) arena_release(&heap->arena);
    return false;
}

/* Whole tags of the first region: of the lent buffer, or as the spec says. */
static size_t region_bytes(const struct settings *settings)
{
    size_t gap = -(uintptr_t)settings->buffer & 7;
    if (settings->buffer == NULL) return settings->values[FIRST_BYTES].number & ~(size_t)7;
    return settings->buffer_bytes > gap ? (settings->buffer_bytes - gap) & ~(size_t)7 : 0;
}

static void prepare(struct free_list *heap, const struct settings *settings,
                    const struct heap *backing, size_t bytes)
{
    heap->policy = policies[settings->values[FIT].number];
    heap->is_lent = settings->buffer != NULL;
    heap->grows = settings->values[GROW].number && !heap->is_lent;
    heap->maximum = heap->grows ? settings->values[MAXIMUM].number : bytes;
    heap->backed.backing = heap->grows ? backing : &nobody;
    heap->policy->prepare(heap);
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    (void)self;
    const struct policy *policy = policies[settings->values[FIT].number];
    size_t bytes = region_bytes(settings);
    if (settings->buffer != NULL && bytes < LENT_MINIMUM) {
        error_set(error, "free-list: a buffer of %zu bytes is too small: give %d at least",
                  settings->buffer_bytes, LENT_MINIMUM);
        return NULL;
    }
    struct free_list *heap = pages_map(policy->heap_bytes);
    if (heap != NULL) {
        prepare(heap, settings, inner, bytes);
        if (open_region(heap, settings, bytes)) return heap;
        pages_unmap(heap, policy->heap_bytes);
    }
    error_set(error, "free-list: the system refuses %zu bytes; give a smaller size", bytes);
    return NULL;
}

static void close_heap(void *opened)
{
    struct free_list *heap = opened;
    if (!heap->is_lent) arena_release(&heap->arena);
    pages_unmap(heap, heap->policy->heap_bytes);
}

static size_t least_of(size_t one, size_t other)
{
    return one < other ? one : other;
}

static void read_statistics(const void *opened, struct heap_statistics *out)
{
    const struct free_list *heap = opened;
    size_t tags = TAG_BYTES * (heap->used_blocks + heap->free_blocks + 1);
    size_t usable = heap->used_bytes - TAG_BYTES * heap->used_blocks;
    size_t resident = arena_footprint(&heap->arena) - heap->purged_bytes;
    size_t largest = heap->policy->largest(heap);
    backed_statistics(&heap->backed, heap->used_blocks, usable, out);
    out->footprint_bytes = resident + heap->policy->heap_bytes;
    out->metadata_bytes = tags + heap->policy->heap_bytes;
    out->free_bytes = resident - usable - tags;
    /* A large block may count for more than what of it is resident. */
    out->largest_free_bytes = largest == 0 ? 0 : least_of(largest - TAG_BYTES, out->free_bytes);
    if (heap->grows) return;
    out->capacity_bytes = out->footprint_bytes + heap->purged_bytes;
    out->backing_calls = out->backing_live_bytes = UNKNOWN;
}

/* A row for each power of two, tags included, from a walk through the heap. */
static bool read_tier(const void *opened, size_t index, struct tier_statistics *out)
{
    const struct free_list *heap = opened;
    const struct block *block = (const struct block *)heap->arena.start;
    size_t least = index == 0 ? 0 : ((size_t)LEAST_BYTES / 2 << index) + 1, above = 0;
    *out = (struct tier_statistics){.block_bytes = (size_t)LEAST_BYTES << index};
    for (size_t bytes; block != heap->fence; block = block_after(block, bytes)) {
        bytes = tag_bytes(block->tag);
        above += bytes >= least;
        if (bytes < least || bytes > out->block_bytes) continue;
        if (block->tag & TAG_IN_USE) out->used_blocks++;
        else out->free_blocks++;
    }
    out->total_blocks = out->used_blocks + out->free_blocks;
    return above != 0;
}

static double mean(size_t sum, size_t count)
{
    return count != 0 ? (double)sum / (double)count : 0;
}

static bool read_figure(const void *opened, size_t index, struct heap_figure *out)
{
    const struct free_list *heap = opened;
    const struct policy *policy = heap->policy;
    const struct {
        struct heap_figure figure;
        bool is_kept;
    } rows[] = {
        {{"blocks split", "count", (double)heap->splits}, true},
        {{"neighbours merged", "count", (double)heap->merges}, true},
        {{"grown in place", "count", (double)heap->grown_in_place}, true},
        {{"searches", "count", (double)heap->searches}, policy->searches},
        {{"mean search", "steps a search", mean(heap->search_steps, heap->searches)},
         policy->searches},
        {{"longest search", "steps a search", (double)heap->longest_search}, policy->searches},
        {{"keeping the order", "steps a block", mean(heap->ordering_steps, heap->orderings)},
         policy->orders},
        {{"fallbacks", "count", (double)heap->fallbacks}, heap->grows},
        {{"refused", "count", (double)heap->backed.backing_calls}, !heap->grows},
        {{"given back to the system", "bytes", (double)heap->given_back_bytes}, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!rows[i].is_kept || index-- != 0) continue;
        *out = rows[i].figure;
        return true;
    }
    return false;
}

static const struct option_row options[] = {
    [FIT] = {"policy", OPTION_CHOICE, "best", 0, 0, "first next best tlsf",
             "which free block is taken: the lowest that fits, the next that fits, the smallest "
             "that fits, or a good fit in constant time"},
    [FIRST_BYTES] = {"size", OPTION_BYTES, "64K", 4096, (size_t)16 << 30, NULL, "first region"},
    [MAXIMUM] = {"max", OPTION_BYTES, "1M", 64, (size_t)1 << 30, NULL,
                 "larger requests go to the backing; with grow=no there is none, and no limit"},
    [GROW] = {"grow", OPTION_BOOLEAN, "yes", 0, 1, NULL,
              "further memory when the region is full; no: refuse"},
    {0},
};

static const struct allocator *choose_variant(const struct settings *settings);

#define VARIANT(policy, other_traits, its_backing)                                               \
    {                                                                                            \
        .name = "free-list",                                                                     \
        .summary = "boundary tags, merged at once; first, next or best fit, or TLSF",            \
        .traits = TRAIT_BY_NAME | TRAIT_TAKES_BUFFER | other_traits, .alignment = 8,             \
        .options = options, .backing = its_backing, .tier_name = "blocks to", .open = open_heap, \
        .resize = free_list_resize_##policy, .close = close_heap, .statistics = read_statistics, \
        .tier = read_tier, .figure = read_figure, .variant = choose_variant,                     \
    }
#define VARIANTS(policy)                                                  \
    {                                                                     \
        VARIANT(policy, TRAIT_BOUNDED, NULL), VARIANT(policy, 0, "libc"), \
    }

/* By policy, then by whether it grows. */
static const struct allocator variants[][2] = {VARIANTS(first), VARIANTS(next), VARIANTS(best),
                                               VARIANTS(tlsf)};

static const struct allocator *choose_variant(const struct settings *settings)
{
    return &variants[settings->values[FIT].number][settings->values[GROW].number];
}

const struct allocator allocator_free_list = VARIANT(best, 0, "libc");
