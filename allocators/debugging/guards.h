/* The state of the wrapper `guards`, and what it does when something is wrong.
 *
 *     | index 8 | guard 24 | the caller's bytes | guard 24 |
 *     ^ the inner heap's block                  ^ at any address
 */
#ifndef GUARDS_H
#define GUARDS_H

#include <stdint.h>
#include <string.h>

#include "../pages.h"
#include "../wrappers/wrapped.h"

/* 32 in front keep the inner heap's alignment; 24 bytes a side show a write of 17 bytes beyond an
 * end, and one of the 17th byte alone. */
enum {
    GUARD_BYTES = 24,
    GUARD_FRONT_BYTES = 8 + GUARD_BYTES,
    GUARD_OVERHEAD_BYTES = GUARD_FRONT_BYTES + GUARD_BYTES,
};

#define GUARD_WORD 0xDEADBEEFDEADBEEFu

/* Two of them end the front of a block that was freed, until the inner heap uses the memory. */
#define GUARD_FREED_WORD 0xFEEDFACEFEEDFACEu

/* A live block; or, where `block` is NULL, a hole in the array of them. */
struct guarded {
    char *block; /* the caller's */
    union {
        size_t size; /* the caller's */
        struct guarded *next_hole;
    };
};

/* How many live blocks begin in each page of 4 GiB of the address space: 73 at most. */
struct page_map {
    struct page_map *older;
    unsigned char counts[1 << 20];
};

/* The array has no order: a block's index stands before it. */
struct guards {
    struct wrapped wrapped;
    struct guarded *entries, *first_hole;
    size_t entry_count; /* holes included */
    size_t live_bytes, live_blocks;
    struct arena entry_arena;
    bool fills;
    size_t overflows, underflows, wrong_sizes, refusals, audits, blocks_checked;
    struct page_map *newest_map;
    size_t map_count;
    struct page_map *maps[32768]; /* by 4 GiB of the address space; NULL: no block was there */
};

static inline size_t guarded_index(const struct guards *guards, const struct guarded *entry)
{
    return (size_t)(entry - guards->entries);
}

/* The count of the page that a block begins in; NULL where there is no map, and none can be. */
static inline unsigned char *guards_page(const struct guards *guards, const char *block)
{
    uintptr_t page = ((uintptr_t)block - GUARD_FRONT_BYTES) >> 12;
    if (page >> 20 >= sizeof guards->maps / sizeof *guards->maps) return NULL;
    struct page_map *map = guards->maps[page >> 20];
    return map ? &map->counts[page % (1 << 20)] : NULL;
}

/* The same, of a block that is new. Without memory for a map, the system will be asked whether what
 * lies there can be read. */
unsigned char *guards_add_page(struct guards *guards, const char *block);
void guards_forget_pages(struct guards *guards);

/* The entry of a block that the short way did not find: in a page without live blocks, or with a
 * front that was written over. NULL when there is no such live block. */
struct guarded *guards_seek(struct guards *guards, const char *block);

/* Compares every byte of both guards; complains of each that is damaged and repairs it. Returns how
 * many were. */
size_t guards_inspect(struct guards *guards, struct guarded *entry);

/* The same, where the caller states a size that may be wrong. */
void guards_judge(struct guards *guards, struct guarded *entry, size_t old_size);

/* What was asked for no live block: complains, and answers with what does the least harm. */
void *guards_refuse(struct guards *guards, char *block, size_t old_size, size_t new_size);

#endif
