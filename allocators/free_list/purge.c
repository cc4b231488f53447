/* Pages of large free blocks, given back to the system and wanted again.
 *
 *     | tag, links |  resident  |###### purged ######|  resident  | size |
 *
 * A free block has one range of purged pages; it is kept in the block itself, in a page that stays.
 * Cutting the front of the block shortens the range; joining two blocks with ranges gives back what
 * lies between them, so that there is one again. Pages cut off count as resident from then on.
 * Invariant: purged_bytes of the heap is the sum of all ranges. Cost: at most one system call.
 */
#include "boundary_tags.h"

#include <stdint.h>

static char *page_up(const char *address)
{
    return (char *)(((uintptr_t)address + PAGE_BYTES - 1) & ~(uintptr_t)(PAGE_BYTES - 1));
}

static char *page_down(const char *address)
{
    return (char *)((uintptr_t)address & ~(uintptr_t)(PAGE_BYTES - 1));
}

/* What lies clear of the links at one end and the size at the other. */
static struct page_range inner_pages(const struct block *block, size_t bytes)
{
    return (struct page_range){page_up((const char *)(block + 1)),
                               page_down((const char *)block + bytes - sizeof(size_t))};
}

static size_t range_bytes(struct page_range range)
{
    return range.start < range.end ? (size_t)(range.end - range.start) : 0;
}

static void purge_pages(struct free_list *heap, struct page_range range)
{
    if (range_bytes(range) == 0) return;
    pages_purge(range.start, range_bytes(range));
    heap->purged_bytes += range_bytes(range);
    heap->given_back_bytes += range_bytes(range);
}

static void note_purged(struct block *block, struct page_range range)
{
    block->purged = range;
    block->tag |= TAG_PURGED;
}

/* The block's range, which it does not have any more. */
static struct page_range take_range(struct block *block)
{
    if (!(block->tag & TAG_PURGED)) return (struct page_range){NULL, NULL};
    block->tag &= ~(size_t)TAG_PURGED;
    return block->purged;
}

/* A quarter of what is in use may stay resident in a block: less than that, the next wave of the
 * program wants again. */
void free_list_consider_purge(struct free_list *heap, struct block *block)
{
    size_t bytes = tag_bytes(block->tag);
    struct page_range purged = {NULL, NULL}, inner = inner_pages(block, bytes);
    if (heap->is_lent) return;
    if (block->tag & TAG_PURGED) purged = block->purged;
    if (bytes - range_bytes(purged) < PURGE_BYTES + heap->used_bytes / 4) return;
    if (range_bytes(purged) != 0) {
        purge_pages(heap, (struct page_range){inner.start, purged.start});
        purge_pages(heap, (struct page_range){purged.end, inner.end});
    } else {
        purge_pages(heap, inner);
    }
    note_purged(block, inner);
}

/* The rest begins with links of its own, and the page that they are in is resident. */
size_t free_list_cut_purged(struct free_list *heap, struct block *block, size_t bytes)
{
    size_t found = tag_bytes(block->tag);
    struct page_range purged = take_range(block);
    heap->purged_bytes -= range_bytes(purged);
    size_t cut = cut_front(heap, heap->policy, block, bytes);
    if (cut == found) return cut;
    struct block *rest = block_after(block, cut);
    struct page_range inner = inner_pages(rest, found - cut);
    if (purged.start < inner.start) purged.start = inner.start;
    if (range_bytes(purged) == 0) return cut;
    heap->purged_bytes += range_bytes(purged);
    note_purged(rest, purged);
    return cut;
}

struct block *free_list_join_purged(struct free_list *heap, struct block *block, struct block *left,
                                    size_t bytes)
{
    struct page_range before = {NULL, NULL}, after = take_range(block_after(block, bytes));
    if (left != NULL) before = take_range(left);
    struct block *merged = release(heap, heap->policy, block, bytes);
    if (range_bytes(before) == 0) {
        note_purged(merged, after);
    } else if (range_bytes(after) == 0) {
        note_purged(merged, before);
    } else {
        purge_pages(heap, (struct page_range){before.end, after.start});
        note_purged(merged, (struct page_range){before.start, after.end});
    }
    return merged;
}
