/* Free blocks of the large tier: lists by size, and one of those that still hold much memory. */
#ifndef FIT_H
#define FIT_H

#include "large.h"

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

static inline size_t size_of(const struct large_block *block)
{
    return block->size & ~(size_t)FLAGS;
}

static inline struct large_block *block_at(void *address)
{
    return address;
}

static inline struct large_block *block_of(const void *payload)
{
    return block_at((char *)payload - HEADER_BYTES);
}

static inline char *end_of(struct large_block *block)
{
    return (char *)block + size_of(block);
}

static inline char *page_up(const void *address)
{
    return (char *)(((uintptr_t)address + SYSTEM_PAGE - 1) & ~(uintptr_t)(SYSTEM_PAGE - 1));
}

static inline char *page_down(const void *address)
{
    return (char *)((uintptr_t)address & ~(uintptr_t)(SYSTEM_PAGE - 1));
}

/* Makes a free block of a range, with its size at both ends. Its neighbours are not free, and one
 * lies behind it. `returned` bytes of its whole pages hold no memory. */
void fit_insert(struct large *large, struct large_block *block, size_t size, size_t returned);
void fit_extract(struct large *large, struct large_block *block);

/* One that is large enough, or NULL: the head of its own list, or of the next that has any. */
struct large_block *fit_find(const struct large *large, size_t size);

/* Bytes of the whole pages inside a free block. */
size_t fit_worth(struct large_block *block);

/* Takes a block off the list of those that hold much memory, if it is on it. */
void fit_unlist_kept(struct large *large, struct large_block *block);

/* Bytes of the largest free block's payload; passes over the longest list of those that can be. */
size_t fit_largest(const struct large *large);

#endif
