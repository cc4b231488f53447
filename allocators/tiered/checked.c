/* Three tiers that stop at a wrong old_size.
 *
 *     | old_size, sealed with the block's address | payload ... |
 *
 * The word before each block is what old_size has to be; a free breaks the seal. So a size that is
 * not the block's, an address that is none, and a second free all end the program with a line that
 * says which, before anything is harmed. Cost: 8 bytes a block, ten instructions a call.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tiered.h"

#define SEAL ((uint64_t)0x9e3779b97f4a7c15)

enum { WORD_BYTES = sizeof(uint64_t) };

static uint64_t sealed(const void *word, size_t size)
{
    return SEAL ^ (uintptr_t)word ^ ((uint64_t)size << 1);
}

static uint64_t *open_seal(void *block, size_t old_size)
{
    uint64_t *word = (uint64_t *)block - 1;
    uint64_t size = (*word ^ sealed(word, 0)) >> 1;
    if (*word == sealed(word, old_size)) return word;
    if (size >> 40) {
        fprintf(stderr, "tiered: %p is no live block, and was given back as one of %zu bytes\n",
                block, old_size);
    } else {
        fprintf(stderr, "tiered: the block at %p has %zu bytes, and was given back as %zu\n", block,
                (size_t)size, old_size);
    }
    abort();
}

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    uint64_t *word = block ? open_seal(block, old_size) : NULL;
    size_t whole = block ? old_size + WORD_BYTES : 0;
    if (new_size == 0) {
        if (word) *word = 0;
        return tiered_resize(heap, word, whole, 0);
    }
    if (new_size > SIZE_MAX - WORD_BYTES) return NULL;
    uint64_t *resized = tiered_resize(heap, word, whole, new_size + WORD_BYTES);
    if (!resized) return NULL;
    *resized = sealed(resized, new_size);
    return resized + 1;
}

static void read_statistics(const void *heap, struct heap_statistics *out)
{
    tiered_statistics(heap, out);
    size_t words = out->live_blocks * WORD_BYTES;
    out->live_bytes -= words;
    out->usable_bytes -= words;
    out->metadata_bytes += words;
    if (out->largest_free_bytes >= WORD_BYTES) out->largest_free_bytes -= WORD_BYTES;
}

const struct allocator tiered_of_checks = {
    .name = "tiered",
    .summary = "pages of one size class, and the size of each block before it",
    .alignment = 8,
    .options = tiered_options,
    .tier_name = "class",
    .open = tiered_open,
    .resize = resize,
    .close = tiered_close,
    .statistics = read_statistics,
    .tier = tiered_tier,
    .figure = tiered_figure,
};
