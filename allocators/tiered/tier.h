/* A tier: pages of one size class each, with a bit for every block.
 *
 *     region   | page 0 | page 1 | page 2 | ...   all of one size, each of one class or of none
 *     records  | 0      | 1      | 2      | ...   elsewhere: class, counts, a bit a free block
 *     class    neighbouring free blocks out of one page, as a mask of 64: the next to go
 *
 * A new block is the lowest bit of its class's mask: nothing but the class's own line is read, and
 * blocks born together lie side by side. A free sets a bit in the page's record and never touches
 * the block itself, which the collector often has not looked at for long. Records lie together
 * and apart from the pages: at the head of each page they would meet in the same cache sets.
 *
 * A page is *current* (its class's mask comes from it), *listed* (it has room, and waits), *full*
 * (unlisted until a 64th of it is free), or *empty* (of no class, for any to take). `threshold` is
 * the count of used blocks at which a free changes that; a free compares, and does no more.
 */
#ifndef TIER_H
#define TIER_H

#include <stdint.h>

#include "../pages.h"
#include "memory.h"

enum {
    PAGE_WORDS = 8, /* at most 512 blocks a page: the end of a page of smaller ones stays unused */
    THRESHOLD_NONE = -1,
};

struct page {
    uint64_t free[PAGE_WORDS]; /* a bit for each free block that no mask has */
    uint32_t reciprocal;       /* of block bytes: gives a block's number without a division */
    int16_t used;              /* blocks not free here: live, or in the class's mask */
    int16_t threshold;
    /* Neighbours in the class's list, or in that of empty pages; 0 is none. */
    uint32_t next : 24, class_index : 8; /* 0: of no class */
    uint32_t previous : 24, words : 8;   /* a bit for each word of `free` that is not 0 */
};

struct size_class {
    uint64_t mask; /* free blocks, counted from `first` */
    char *first;
    uint32_t block_bytes;
    uint32_t current; /* the page that the mask came from; 0 is none */
    uint32_t listed;  /* first of the other pages with room */
    struct tier *tier;
};

struct tier {
    struct size_class *classes; /* the caller's; the tier has first_class to last_class of them */
    size_t first_class, last_class;
    char *start;  /* of page 0, which is never used: 0 means none */
    size_t bytes; /* of the region */
    struct page *pages;
    unsigned page_shift;
    struct memory *memory;
    struct arena region, records;
    char *populated_end;
    uint32_t page_count;               /* cut from the region so far, page 0 included */
    uint32_t empty, empty_count;       /* of no class, still holding memory */
    uint32_t returned, returned_count; /* of no class, their memory given back */
};

/* Before it the caller sets page_shift, memory, classes, first_class and last_class, and
 * the classes' block_bytes: multiples of 8, up to half a page. When it returns false, tier_close is
 * still to be called. */
bool tier_open(struct tier *tier);
void tier_close(struct tier *tier);

/* NULL when the system refuses. For tier_new alone. */
void *tier_refill(struct size_class *size_class);

/* The page's `used` has come down to its threshold. For tier_free alone. */
void tier_notice(struct tier *tier, struct page *page);

/* Takes masks and pages from all classes that use no block of them. */
void tier_trim(struct tier *tier);

/* Gives back the memory of an empty page, or of a row of them; false when there is none. */
bool tier_return(struct tier *tier);

/* Blocks of one class, free ones in its mask included, and its pages. Passes over all pages. */
struct class_census {
    size_t used_blocks, total_blocks, full_pages, partial_pages;
};
void tier_count(const struct tier *tier, size_t class_index, struct class_census *out);

static inline bool tier_owns(const struct tier *tier, const void *block)
{
    return (size_t)((const char *)block - tier->start) < tier->bytes;
}

static inline size_t tier_room(const struct tier *tier, const void *block)
{
    size_t offset = (size_t)((const char *)block - tier->start);
    return tier->classes[tier->pages[offset >> tier->page_shift].class_index].block_bytes;
}

static inline void *tier_new(struct size_class *size_class)
{
    uint64_t mask = size_class->mask;
    if (__builtin_expect(mask == 0, 0)) return tier_refill(size_class);
    size_class->mask = mask & (mask - 1);
    return size_class->first + (size_t)__builtin_ctzll(mask) * size_class->block_bytes;
}

/* shift is the tier's page_shift: a constant where the caller knows it. */
static inline void tier_free(struct tier *tier, unsigned shift, void *block)
{
    size_t offset = (size_t)((char *)block - tier->start);
    struct page *page = &tier->pages[offset >> shift];
    size_t within = offset & (((size_t)1 << shift) - 1);
    uint32_t number = (uint32_t)((within * page->reciprocal) >> 32);
    page->free[number >> 6] |= (uint64_t)1 << (number & 63);
    page->words |= 1u << (number >> 6);
    if (__builtin_expect(--page->used == page->threshold, 0)) tier_notice(tier, page);
}

#endif
