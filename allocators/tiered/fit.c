/* Two levels of lists, and a bit for each that has a block: the first level by powers of two, the
 * second in SECOND_COUNT steps between them. Every path but fit_largest is O(1). */
#include "fit.h"

struct place {
    unsigned first, second;
};

static struct place place_of(size_t size)
{
    unsigned log = 63u - (unsigned)__builtin_clzll(size);
    unsigned second = (unsigned)(size >> (log - SECOND_SHIFT)) & (SECOND_COUNT - 1);
    return (struct place){log - FIRST_SHIFT, second};
}

/* What its memory would come to if it were returned. */
size_t fit_worth(struct large_block *block)
{
    char *start = page_up(block + 1), *end = page_down(end_of(block) - sizeof(size_t));
    return end > start ? (size_t)(end - start) : 0;
}

static void list_kept(struct large *large, struct large_block *block)
{
    block->next_kept = large->kept;
    block->previous_kept = NULL;
    if (large->kept) large->kept->previous_kept = block;
    large->kept = block;
}

static bool is_kept(const struct large *large, const struct large_block *block)
{
    return block->previous_kept || large->kept == block;
}

void fit_unlist_kept(struct large *large, struct large_block *block)
{
    if (!is_kept(large, block)) return;
    if (block->previous_kept) block->previous_kept->next_kept = block->next_kept;
    else large->kept = block->next_kept;
    if (block->next_kept) block->next_kept->previous_kept = block->previous_kept;
    block->previous_kept = NULL;
}

/* A free block with its tag at both ends. Its neighbours are not free. */
void fit_insert(struct large *large, struct large_block *block, size_t size, size_t returned)
{
    struct place place = place_of(size);
    struct large_block **list = &large->lists[place.first][place.second];
    *block = (struct large_block){.size = size | FREE, .next = *list, .returned_bytes = returned};
    *(size_t *)((char *)block + size - sizeof(size_t)) = size;
    block_at(end_of(block))->size |= PREVIOUS_IS_FREE;
    if (*list) (*list)->previous = block;
    *list = block;
    large->first_map |= (uint64_t)1 << place.first;
    large->second_maps[place.first] |= (uint32_t)1 << place.second;
    large->free_bytes += size;
    large->returned_bytes += returned;
    if (fit_worth(block) >= returned + WORTH_BYTES) list_kept(large, block);
}

void fit_extract(struct large *large, struct large_block *block)
{
    struct place place = place_of(size_of(block));
    if (block->next) block->next->previous = block->previous;
    if (block->previous) {
        block->previous->next = block->next;
    } else {
        large->lists[place.first][place.second] = block->next;
        if (!block->next) large->second_maps[place.first] &= ~((uint32_t)1 << place.second);
        if (!large->second_maps[place.first]) large->first_map &= ~((uint64_t)1 << place.first);
    }
    fit_unlist_kept(large, block);
    large->free_bytes -= size_of(block);
    large->returned_bytes -= block->returned_bytes;
}

/* One that is large enough, or NULL: the head of its own list, or of the next that has any. */
struct large_block *fit_find(const struct large *large, size_t size)
{
    struct place place = place_of(size);
    struct large_block *head = large->lists[place.first][place.second];
    if (head && size_of(head) >= size) return head;
    uint64_t seconds = large->second_maps[place.first] & (~(uint64_t)1 << place.second);
    if (!seconds) {
        uint64_t firsts = large->first_map & (~(uint64_t)1 << place.first);
        if (!firsts) return NULL;
        place.first = (unsigned)__builtin_ctzll(firsts);
        seconds = large->second_maps[place.first];
    }
    return large->lists[place.first][__builtin_ctzll(seconds)];
}

size_t fit_largest(const struct large *large)
{
    size_t largest = 0;
    if (!large->first_map) return 0;
    unsigned first = 63u - (unsigned)__builtin_clzll(large->first_map);
    unsigned second = 31u - (unsigned)__builtin_clz(large->second_maps[first]);
    for (const struct large_block *block = large->lists[first][second]; block;
         block = block->next) {
        if (size_of(block) > largest) largest = size_of(block);
    }
    return largest - HEADER_BYTES;
}
