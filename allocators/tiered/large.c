#include "large.h"

#include <string.h>

#define RESERVE_BYTES ((size_t)64 << 30) /* address space, not memory */
#define LEAST_BYTES ((size_t)1 << 20)

enum {
    FREE = 1,
    PREVIOUS_IS_FREE = 2,
    FLAGS = 15,
    HEADER_BYTES = sizeof(size_t),
    SIZE_MINIMUM = 64,
    SYSTEM_PAGE = 4096,
    WORTH_BYTES = 64 << 10, /* less is not worth a system call */
    MOVED_FROM = 128 << 10, /* blocks at least that large begin a page, so that pages can move */
};

static size_t size_of(const struct large_block *block)
{
    return block->size & ~(size_t)FLAGS;
}

static struct large_block *block_at(void *address)
{
    return address;
}

static struct large_block *block_of(const void *payload)
{
    return block_at((char *)payload - HEADER_BYTES);
}

static char *end_of(struct large_block *block)
{
    return (char *)block + size_of(block);
}

static char *page_up(const void *address)
{
    return (char *)(((uintptr_t)address + SYSTEM_PAGE - 1) & ~(uintptr_t)(SYSTEM_PAGE - 1));
}

static char *page_down(const void *address)
{
    return (char *)((uintptr_t)address & ~(uintptr_t)(SYSTEM_PAGE - 1));
}

/* ---- lists by size */

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
static size_t worth(struct large_block *block)
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

static void unlist_kept(struct large *large, struct large_block *block)
{
    if (!is_kept(large, block)) return;
    if (block->previous_kept) block->previous_kept->next_kept = block->next_kept;
    else large->kept = block->next_kept;
    if (block->next_kept) block->next_kept->previous_kept = block->previous_kept;
    block->previous_kept = NULL;
}

/* A free block with its tag at both ends. Its neighbours are not free. */
static void insert(struct large *large, struct large_block *block, size_t size, size_t returned)
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
    if (worth(block) >= returned + WORTH_BYTES) list_kept(large, block);
}

static void extract(struct large *large, struct large_block *block)
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
    unlist_kept(large, block);
    large->free_bytes -= size_of(block);
    large->returned_bytes -= block->returned_bytes;
}

/* One that is large enough, or NULL: the head of its own list, or of the next that has any. */
static struct large_block *find(const struct large *large, size_t size)
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

/* ---- what is held, and what of it is kept */

static void tell_memory(struct large *large)
{
    if (large->touched_end < large->region.used_end) large->touched_end = large->region.used_end;
    size_t beyond = (size_t)(large->touched_end - large->region.used_end);
    size_t kept = large->free_bytes - large->returned_bytes + beyond;
    size_t held = (size_t)(large->touched_end - large->region.start) - large->returned_bytes;
    large->memory->kept_bytes += kept - large->kept_bytes;
    large->kept_bytes = kept;
    size_t before = large->held_bytes;
    large->held_bytes = held;
    if (held > before) memory_grow(large->memory, held - before);
    else large->memory->held_bytes -= before - held;
}

static bool return_beyond(struct large *large)
{
    char *start = page_up(large->region.used_end);
    if (large->touched_end < start + WORTH_BYTES) return false;
    size_t bytes = (size_t)(page_up(large->touched_end) - start);
    pages_purge(start, bytes);
    large->memory->returned_bytes += bytes;
    large->touched_end = start;
    return true;
}

static bool return_kept(struct large *large)
{
    struct large_block *block = large->kept;
    if (!block) return false;
    size_t bytes = worth(block);
    unlist_kept(large, block);
    pages_purge(page_up(block + 1), bytes);
    large->memory->returned_bytes += bytes - block->returned_bytes;
    large->returned_bytes += bytes - block->returned_bytes;
    block->returned_bytes = bytes;
    return true;
}

bool large_return(struct large *large)
{
    if (!return_beyond(large) && !return_kept(large)) return false;
    tell_memory(large);
    return true;
}

/* ---- blocks */

/* 0 when no such block can exist. */
static size_t size_for(size_t bytes)
{
    if (bytes > (size_t)1 << 40) return 0;
    size_t size = (bytes + HEADER_BYTES + 15) & ~(size_t)15;
    return size < SIZE_MINIMUM ? SIZE_MINIMUM : size;
}

/* A range of no block, of which `returned` bytes hold no memory, becomes free; its tag says
 * whether the block before is. */
static void release(struct large *large, struct large_block *block, size_t size, size_t returned)
{
    char *end = (char *)block + size;
    bool previous_is_free = block->size & PREVIOUS_IS_FREE;
    if (end != large->region.used_end && (block_at(end)->size & FREE)) {
        struct large_block *next = block_at(end);
        extract(large, next);
        returned += next->returned_bytes;
        end = end_of(next);
    }
    if (previous_is_free) {
        struct large_block *previous = block_at((char *)block - ((size_t *)block)[-1]);
        extract(large, previous);
        returned += previous->returned_bytes;
        block = previous;
    }
    if (end == large->region.used_end) large->region.used_end = (char *)block;
    else insert(large, block, (size_t)(end - (char *)block), returned);
}

/* Cuts a live block down to `size`. What it had beyond is free; of it at most `returned` bytes hold
 * no memory, the two pages at its ends excepted. */
static void cut(struct large *large, struct large_block *block, size_t size, size_t returned)
{
    size_t rest = size_of(block) - size;
    if (rest < SIZE_MINIMUM) return;
    block->size -= rest;
    struct large_block *tail = block_at(end_of(block));
    tail->size = rest;
    size_t most = rest > 2 * SYSTEM_PAGE ? rest - 2 * SYSTEM_PAGE : 0;
    release(large, tail, rest, returned < most ? returned : most);
}

/* A free block goes into use, `gap` bytes of it before and what is too much behind left free. */
static struct large_block *use(struct large *large, struct large_block *block, size_t gap,
                               size_t size)
{
    size_t whole = size_of(block), returned = block->returned_bytes;
    extract(large, block);
    struct large_block *used = block_at((char *)block + gap);
    used->size = (whole - gap) | (gap ? PREVIOUS_IS_FREE : 0);
    block_at(end_of(used))->size &= ~(size_t)PREVIOUS_IS_FREE;
    if (gap) insert(large, block, gap, 0);
    cut(large, used, size, returned);
    return used;
}

/* Bytes before the first page in a range, none or enough for a block. */
static size_t gap_to_page(const void *start)
{
    size_t gap = (size_t)(page_up(start) - (const char *)start);
    return gap == 0 || gap >= SIZE_MINIMUM ? gap : gap + SYSTEM_PAGE;
}

/* Takes the memory of a new block, or of a part of one, that lies beyond what was ever touched. */
static void populate(const char *touched_end, char *start, char *end)
{
    char *first = page_up(start > touched_end ? start : touched_end), *last = page_down(end);
    if (last >= first + WORTH_BYTES) pages_populate(first, (size_t)(last - first));
}

static struct large_block *cut_from_region(struct large *large, size_t size)
{
    char *start = large->region.used_end;
    size_t gap = size >= MOVED_FROM ? gap_to_page(start) : 0;
    if (!arena_take(&large->region, gap + size)) return NULL;
    struct large_block *block = block_at(start + gap);
    block->size = size;
    if (gap) insert(large, block_at(start), gap, 0);
    return block;
}

static struct large_block *place(struct large *large, size_t size)
{
    size_t slack = size >= MOVED_FROM ? SYSTEM_PAGE + SIZE_MINIMUM : 0;
    struct large_block *block = size ? find(large, size + slack) : NULL;
    if (block) block = use(large, block, slack ? gap_to_page(block) : 0, size);
    else if (size) block = cut_from_region(large, size);
    if (!block) return NULL;
    large->live_blocks++;
    large->usable_bytes += size_of(block) - HEADER_BYTES;
    return block;
}

void *large_new(struct large *large, size_t bytes)
{
    struct large_block *block = place(large, size_for(bytes));
    if (!block) return NULL;
    populate(large->touched_end, (char *)block, end_of(block));
    tell_memory(large);
    return (char *)block + HEADER_BYTES;
}

static void free_block(struct large *large, struct large_block *block, size_t returned)
{
    large->live_blocks--;
    large->usable_bytes -= size_of(block) - HEADER_BYTES;
    release(large, block, size_of(block), returned);
    tell_memory(large);
}

void large_free(struct large *large, void *payload)
{
    free_block(large, block_of(payload), 0);
    memory_settle(large->memory);
}

size_t large_room(const void *payload)
{
    return size_of(block_of(payload)) - HEADER_BYTES;
}

static bool grow_at_end(struct large *large, struct large_block *block, size_t size)
{
    size_t more = size - size_of(block);
    if (!arena_take(&large->region, more)) return false;
    block->size += more;
    populate(large->touched_end, (char *)block, end_of(block));
    return true;
}

static bool grow_into_next(struct large *large, struct large_block *block, size_t size)
{
    struct large_block *next = block_at(end_of(block));
    if (!(next->size & FREE) || size_of(block) + size_of(next) < size) return false;
    size_t returned = next->returned_bytes;
    extract(large, next);
    block->size += size_of(next);
    block_at(end_of(block))->size &= ~(size_t)PREVIOUS_IS_FREE;
    cut(large, block, size, returned);
    return true;
}

bool large_resize(struct large *large, void *payload, size_t bytes)
{
    struct large_block *block = block_of(payload);
    size_t size = size_for(bytes), before = size_of(block);
    if (size == 0) return false;
    if (size <= before) {
        cut(large, block, size, 0);
    } else {
        bool is_last = end_of(block) == large->region.used_end;
        bool has_grown =
            is_last ? grow_at_end(large, block, size) : grow_into_next(large, block, size);
        if (!has_grown) return false;
    }
    large->usable_bytes += size_of(block) - before;
    tell_memory(large);
    return true;
}

/* The headers lie in the first pages, so both are put right afterwards. */
static size_t move_pages(struct large_block *from, struct large_block *to, size_t bytes)
{
    size_t moved = (bytes + HEADER_BYTES) & ~(size_t)(SYSTEM_PAGE - 1);
    size_t from_size = from->size, to_size = to->size;
    if (moved < MOVED_FROM / 2 || page_up(from) != (char *)from || page_up(to) != (char *)to ||
        !pages_move(from, to, moved)) {
        return 0;
    }
    from->size = from_size;
    to->size = to_size;
    return moved;
}

/* Pages that hold memory already are cheaper to copy to than to lose. */
void *large_regrow(struct large *large, void *payload, size_t kept, size_t bytes)
{
    struct large_block *block = block_of(payload), *to = place(large, size_for(bytes));
    if (!to) return NULL;
    char *result = (char *)to + HEADER_BYTES;
    size_t moved = (char *)to >= large->touched_end ? move_pages(block, to, kept) : 0;
    size_t done = moved ? moved - HEADER_BYTES : 0;
    populate(large->touched_end, (char *)to + moved, end_of(to));
    memcpy(result + done, (char *)payload + done, kept - done);
    large->memory->moved_blocks += moved != 0;
    free_block(large, block, moved ? moved - SYSTEM_PAGE : 0);
    memory_settle(large->memory);
    return result;
}

size_t large_largest_free(const struct large *large)
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

bool large_open(struct large *large, struct memory *memory)
{
    large->memory = memory;
    if (!arena_reserve_up_to(&large->region, RESERVE_BYTES, LEAST_BYTES)) return false;
    if (memory->is_huge) arena_ask_huge(&large->region);
    large->touched_end = large->region.start;
    return true;
}

void large_close(struct large *large)
{
    if (large->region.start) arena_release(&large->region);
}
