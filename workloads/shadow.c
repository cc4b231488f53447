/* A shadow model fills each block with words that its slot and its life alone determine.
 *
 * Word i of a block is key + i * an odd constant, so contents can be checked at any size without a
 * copy, and a byte that another block wrote shows. Its own memory comes from pages, not from a
 * heap.
 * Cost: one pass over the block a check.
 */
#include "shadow.h"

#include <string.h>

#include "../allocators/pages.h"

static const uint64_t STRIDE = 0x9e3779b97f4a7c15u; /* 2^64 / golden ratio */

bool shadow_open(struct shadow *shadow, uint32_t slot_count)
{
    *shadow = (struct shadow){.slot_count = slot_count};
    shadow->blocks = pages_map(slot_count * sizeof *shadow->blocks);
    return shadow->blocks != NULL;
}

void shadow_close(struct shadow *shadow)
{
    if (shadow->blocks) pages_unmap(shadow->blocks, shadow->slot_count * sizeof *shadow->blocks);
}

static size_t piece(size_t at, size_t end)
{
    size_t to_word_end = 8 - at % 8;
    return end - at < to_word_end ? end - at : to_word_end;
}

static uint64_t word_at(uint64_t key, size_t at)
{
    return key + at / 8 * STRIDE;
}

static void fill_piece(const struct shadow_block *block, size_t at)
{
    uint64_t word = word_at(block->key, at);
    memcpy(block->address + at, (char *)&word + at % 8, piece(at, block->size));
}

static void fill_block(const struct shadow_block *block, size_t from)
{
    size_t whole_begin = (from + 7) & ~(size_t)7, whole_end = block->size & ~(size_t)7;
    if (from >= block->size) return;
    if (from < whole_begin) fill_piece(block, from);
    uint64_t word = word_at(block->key, whole_begin);
    for (size_t at = whole_begin; at < whole_end; at += 8, word += STRIDE) {
        memcpy(block->address + at, &word, 8);
    }
    if (whole_begin <= whole_end && whole_end < block->size) fill_piece(block, whole_end);
}

static bool word_matches(uint64_t key, const char *address, size_t at, size_t bytes)
{
    uint64_t word = word_at(key, at);
    return memcmp(address + at, &word, piece(at, bytes)) == 0;
}

bool shadow_matches(const struct shadow *shadow, uint32_t slot, const void *address, size_t bytes)
{
    uint64_t key = shadow->blocks[slot].key, word = key;
    size_t whole_end = bytes & ~(size_t)7;
    for (size_t at = 0; at < whole_end; at += 8, word += STRIDE) {
        if (memcmp((const char *)address + at, &word, 8) != 0) return false;
    }
    return whole_end == bytes || word_matches(key, address, whole_end, bytes);
}

bool shadow_ends_match(const struct shadow *shadow, uint32_t slot, const void *address,
                       size_t bytes)
{
    uint64_t key = shadow->blocks[slot].key;
    if (bytes == 0) return true;
    return word_matches(key, address, 0, bytes) &&
           word_matches(key, address, (bytes - 1) & ~(size_t)7, bytes);
}

void shadow_note(struct shadow *shadow, uint32_t slot, void *address, size_t size, bool fill)
{
    struct shadow_block *block = &shadow->blocks[slot];
    size_t filled = size < block->size ? size : block->size;
    shadow->live_bytes += size - block->size;
    shadow->live_blocks += (size_t)(size != 0) - (size_t)(block->size != 0);
    if (block->size == 0) block->key = (++shadow->births * STRIDE) ^ slot;
    block->address = address;
    block->size = size;
    if (fill) fill_block(block, filled);
}

static bool shares_bytes(const struct shadow_block *one, const struct shadow_block *other)
{
    uintptr_t a = (uintptr_t)one->address, b = (uintptr_t)other->address;
    return a < b + other->size && b < a + one->size;
}

uint32_t shadow_overlap(const struct shadow *shadow, uint32_t slot)
{
    for (uint32_t i = 0; i < shadow->slot_count; i++) {
        if (i != slot && shares_bytes(&shadow->blocks[i], &shadow->blocks[slot])) return i;
    }
    return shadow->slot_count;
}
