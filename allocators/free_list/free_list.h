/* The heap of free-list, and what a policy is to it: which free block serves a request.
 *
 *     in use    | tag | what the caller has ...                                |
 *     free      | tag | next | previous | ...                           | size |
 *     arena     | block | block | ... | block | fence |  room to grow ->
 *
 * A tag holds a block's bytes, tag included, and says whether it and the block before it are in
 * use. The size is written once more at the end of a free block alone, where the block after it
 * finds it. The fence is the tag of a block without bytes that is always in use.
 */
#ifndef FREE_LIST_H
#define FREE_LIST_H

#include "../backed.h"
#include "../pages.h"

enum tag_bit {
    TAG_IN_USE = 1,
    TAG_PREVIOUS_IN_USE = 2, /* always set in a free block: free neighbours are one block */
    TAG_PURGED = 4,          /* free, and some of its pages were given back */
    TAG_BITS = 7,
};

enum { TAG_BYTES = 8, LEAST_BYTES = 32, PAGE_BYTES = 4096 };

/* Whole pages of a free block that the system has back. */
struct page_range {
    char *start, *end;
};

/* Members beyond the tag are there while the block is free and large enough for them. */
struct block {
    size_t tag;
    struct block *next, *previous;
    struct block *child[2], **slot; /* of blocks in a tree of best_fit.c */
    struct page_range purged;       /* with TAG_PURGED */
};

struct policy;

/* The first member of each policy's own heap. Bytes of blocks count their tags. */
struct free_list {
    struct backed backed;
    size_t maximum; /* largest request served */
    size_t used_bytes, free_blocks, used_blocks;
    struct arena arena;
    struct block *fence;
    size_t splits, merges, grown_in_place;
    size_t searches, search_steps, longest_search; /* of policies that search */
    size_t orderings, ordering_steps;              /* of policies that keep an order */
    size_t fallbacks;                              /* served sizes that found no memory */
    size_t purged_bytes;                           /* now not resident */
    size_t given_back_bytes;                       /* in all */
    const struct policy *policy;
    bool grows;
    bool is_lent; /* the arena is the caller's memory: none of it goes to the system */
};

/* `bytes` is the size of the block named before it, or of the block wanted. Tags are written by the
 * caller, after the call: a policy goes by the bytes that it is told. */
struct policy {
    size_t heap_bytes; /* of the structure that starts with struct free_list */
    void (*prepare)(struct free_list *heap);
    struct block *(*find)(struct free_list *heap, size_t bytes); /* stays in its list; or NULL */
    void (*insert)(struct free_list *heap, struct block *block, size_t bytes);
    void (*remove)(struct free_list *heap, struct block *block, size_t bytes);
    /* One free block has become another that overlaps or touches it. */
    void (*change)(struct free_list *heap, struct block *old, size_t old_bytes, struct block *now,
                   size_t now_bytes);
    /* Bytes of the largest block that a search is sure to find, 0 when there is none. */
    size_t (*largest)(const struct free_list *heap);
    bool searches, orders; /* keeps the counts above */
};

extern const struct policy free_list_first, free_list_next, free_list_best, free_list_tlsf;
resize_fn free_list_resize_first, free_list_resize_next, free_list_resize_best,
    free_list_resize_tlsf;

/* Takes memory until a free block of so many bytes ends the heap; NULL when the system refuses. */
struct block *free_list_grow(struct free_list *heap, size_t bytes);

/* A free block that is smaller is not looked at for pages to give back. */
#define PURGE_BYTES ((size_t)256 << 10)

/* Gives the pages of a free block back, those at its ends apart, where enough are resident. */
void free_list_consider_purge(struct free_list *heap, struct block *block);

/* cut_front of boundary_tags.h for a block with purged pages. */
size_t free_list_cut_purged(struct free_list *heap, struct block *block, size_t bytes);

/* release of boundary_tags.h where a neighbour has purged pages; left is NULL when in use. */
struct block *free_list_join_purged(struct free_list *heap, struct block *block, struct block *left,
                                    size_t bytes);

static inline size_t tag_bytes(size_t tag)
{
    return tag & ~(size_t)TAG_BITS;
}

static inline struct block *block_after(const struct block *block, size_t bytes)
{
    return (struct block *)((char *)block + bytes);
}

/* Only where the tag says that the block before is free. */
static inline struct block *block_before(const struct block *block)
{
    return (struct block *)((char *)block - ((const size_t *)block)[-1]);
}

#endif
