/* Blocks of the large tier in use: placing, cutting, growing, moving, and what it holds in all. */
#include "large.h"

#include <string.h>

#include "fit.h"

#define RESERVE_BYTES ((size_t)64 << 30) /* address space, not memory */
#define LEAST_BYTES ((size_t)1 << 20)

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
    size_t bytes = (size_t)(page_up(large->populated_end) - start);
    pages_purge(start, bytes);
    large->memory->returned_bytes += bytes;
    large->touched_end = large->populated_end = start;
    return true;
}

static bool return_kept(struct large *large)
{
    struct large_block *block = large->kept;
    if (!block) return false;
    size_t bytes = fit_worth(block);
    fit_unlist_kept(large, block);
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
        fit_extract(large, next);
        returned += next->returned_bytes;
        end = end_of(next);
    }
    if (previous_is_free) {
        struct large_block *previous = block_at((char *)block - ((size_t *)block)[-1]);
        fit_extract(large, previous);
        returned += previous->returned_bytes;
        block = previous;
    }
    if (end == large->region.used_end) large->region.used_end = (char *)block;
    else fit_insert(large, block, (size_t)(end - (char *)block), returned);
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
    fit_extract(large, block);
    struct large_block *used = block_at((char *)block + gap);
    used->size = (whole - gap) | (gap ? PREVIOUS_IS_FREE : 0);
    block_at(end_of(used))->size &= ~(size_t)PREVIOUS_IS_FREE;
    if (gap) fit_insert(large, block, gap, 0);
    cut(large, used, size, returned);
    return used;
}

/* Bytes before the first page in a range, none or enough for a block. */
static size_t gap_to_page(const void *start)
{
    size_t gap = (size_t)(page_up(start) - (const char *)start);
    return gap == 0 || gap >= SIZE_MINIMUM ? gap : gap + SYSTEM_PAGE;
}

/* Takes the memory of a new block, or of a part of one, where it lies beyond what was ever used. */
static void populate(struct large *large, char *start, char *end)
{
    if (end <= large->populated_end) return;
    char *first = page_up(start > large->populated_end ? start : large->populated_end);
    large->populated_end = page_up(end);
    if (large->populated_end < first + WORTH_BYTES) {
        char *batch_end = memory_populate(large->memory, first, large->region.usable_end);
        if (batch_end > large->populated_end) large->populated_end = batch_end;
    } else {
        pages_populate(first, (size_t)(large->populated_end - first));
    }
}

static struct large_block *cut_from_region(struct large *large, size_t size)
{
    char *start = large->region.used_end;
    size_t gap = size >= MOVED_FROM ? gap_to_page(start) : 0;
    if (!arena_take(&large->region, gap + size)) return NULL;
    struct large_block *block = block_at(start + gap);
    block->size = size;
    if (gap) fit_insert(large, block_at(start), gap, 0);
    return block;
}

static struct large_block *place(struct large *large, size_t size)
{
    size_t slack = size >= MOVED_FROM ? SYSTEM_PAGE + SIZE_MINIMUM : 0;
    struct large_block *block = size ? fit_find(large, size + slack) : NULL;
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
    populate(large, (char *)block, end_of(block));
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
    populate(large, (char *)block, end_of(block));
    return true;
}

static bool grow_into_next(struct large *large, struct large_block *block, size_t size)
{
    struct large_block *next = block_at(end_of(block));
    if (!(next->size & FREE) || size_of(block) + size_of(next) < size) return false;
    size_t returned = next->returned_bytes;
    fit_extract(large, next);
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
    populate(large, (char *)to + moved, end_of(to));
    memcpy(result + done, (char *)payload + done, kept - done);
    large->memory->moved_blocks += moved != 0;
    free_block(large, block, moved ? moved - SYSTEM_PAGE : 0);
    memory_settle(large->memory);
    return result;
}

bool large_open(struct large *large, struct memory *memory)
{
    large->memory = memory;
    if (!arena_reserve_up_to(&large->region, RESERVE_BYTES, LEAST_BYTES)) return false;
    if (memory->is_huge) arena_ask_huge(&large->region);
    large->touched_end = large->populated_end = large->region.start;
    return true;
}

void large_close(struct large *large)
{
    if (large->region.start) arena_release(&large->region);
}
