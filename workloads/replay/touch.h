/* What a replay reads and writes of a block, in the very loops that replay.
 *
 * The first word is written at birth and holds a value drawn from slot and size. What grows and
 * shrinks leave of a block is never written again, so its owner reads that value at each visit,
 * before each change of size and before the free, as a sweep reads an object's header. All are
 * folded into a checksum, which therefore is the same under all allocators that keep contents. A
 * block below 8 bytes has no word and is left alone. */
#ifndef REPLAY_TOUCH_H
#define REPLAY_TOUCH_H

#include <string.h>

#include "../trace.h"
#include "options.h"

enum { TOUCH_LINE = 64 };

static inline void touch_word(char *block, size_t offset, uint64_t word)
{
    memcpy(block + offset, &word, sizeof word);
}

static inline uint64_t touch_read(uint64_t checksum, const void *block)
{
    uint64_t word;
    memcpy(&word, block, sizeof word);
    return checksum * 31 + word; /* the order counts, so exchanged contents show */
}

/* Before its size changes, or it is freed. */
static inline uint64_t touch_last(uint64_t checksum, const void *block, uint32_t old_size,
                                  enum touch touch)
{
    if (touch == TOUCH_NONE || old_size < TRACE_WORD) return checksum;
    return touch_read(checksum, block);
}

static inline void touch_lines(char *block, size_t from, size_t last, uint64_t word)
{
    size_t first_new_line = (from + TOUCH_LINE - 1) & ~(size_t)(TOUCH_LINE - 1);
    for (size_t offset = first_new_line; offset < last; offset += TOUCH_LINE) {
        touch_word(block, offset, word);
    }
}

/* After a birth or a growth. */
static inline void touch_new(char *block, uint32_t slot, uint32_t old_size, uint32_t new_size,
                             enum touch touch)
{
    if (touch == TOUCH_NONE || new_size <= old_size || new_size < TRACE_WORD) return;
    /* Multiplied so that neighbours in slot or size differ in every byte. */
    uint64_t word = ((uint64_t)slot << 32 | new_size) * 0x9E3779B97F4A7C15u;
    size_t last = (new_size - TRACE_WORD) & ~(size_t)(TRACE_WORD - 1);
    size_t from = old_size < TRACE_WORD ? 0 : old_size;
    if (touch == TOUCH_LINES) touch_lines(block, from, last, word);
    if (touch == TOUCH_ALL) memset(block + from, (int)(word >> 56), new_size - from);
    if (last >= TRACE_WORD && touch != TOUCH_ALL) touch_word(block, last, word);
    if (from == 0) touch_word(block, 0, word);
}

#endif
