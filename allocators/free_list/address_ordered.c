/* First fit and next fit: one list of all free blocks in the order of their addresses.
 *
 * First fit takes the lowest block that is large enough; next fit goes on, round and round, from
 * where its last search ended (Knuth's roving pointer). A search looks at one block a step, by
 * definition, and both numbers of steps are kept. A block freed between two that are in use looks
 * for its place from both sides: along the list, and through memory to the next free block.
 * Invariant: the list, closed by `ends`, ascends. Cost: linear in free blocks; else constant.
 */
#include <stdint.h>

#include "boundary_tags.h"

struct address_ordered {
    struct free_list heap;
    struct block ends;   /* before the first and after the last */
    struct block *rover; /* where next fit starts */
};

static void prepare(struct free_list *heap)
{
    struct address_ordered *ordered = (struct address_ordered *)heap;
    ordered->ends.next = ordered->ends.previous = ordered->rover = &ordered->ends;
}

static void note_search(struct free_list *heap, size_t steps)
{
    heap->searches++;
    heap->search_steps += steps;
    if (steps > heap->longest_search) heap->longest_search = steps;
}

static struct block *find_first(struct free_list *heap, size_t bytes)
{
    struct address_ordered *ordered = (struct address_ordered *)heap;
    struct block *block = ordered->ends.next;
    size_t steps = 0;
    while (block != &ordered->ends && (steps++, block->tag < bytes)) block = block->next;
    note_search(heap, steps);
    return block != &ordered->ends ? block : NULL;
}

/* `ends` is passed as a block of no bytes. The rover stays on what is found, to be moved by what
 * becomes of it. */
static struct block *find_next(struct free_list *heap, size_t bytes)
{
    struct address_ordered *ordered = (struct address_ordered *)heap;
    struct block *block = ordered->rover;
    size_t steps = 1;
    while (block->tag < bytes && (block = block->next) != ordered->rover) steps++;
    note_search(heap, steps);
    ordered->rover = block;
    return block->tag >= bytes ? block : NULL;
}

/* The free block that comes after this one, which has no free neighbour. */
static struct block *find_place(struct address_ordered *ordered, const struct block *block,
                                size_t bytes)
{
    struct block *listed = ordered->ends.next, *right = block_after(block, bytes);
    for (;; listed = listed->next, right = block_after(right, tag_bytes(right->tag))) {
        ordered->heap.ordering_steps++;
        if (listed == &ordered->ends || listed > block) return listed;
        if (!(right->tag & TAG_IN_USE)) return right;
        if (right == ordered->heap.fence) return &ordered->ends;
    }
}

static void insert(struct free_list *heap, struct block *block, size_t bytes)
{
    struct address_ordered *ordered = (struct address_ordered *)heap;
    struct block *next = find_place(ordered, block, bytes);
    heap->orderings++;
    block->next = next;
    block->previous = next->previous;
    block->next->previous = block->previous->next = block;
}

static void remove_block(struct free_list *heap, struct block *block, size_t bytes)
{
    struct address_ordered *ordered = (struct address_ordered *)heap;
    (void)bytes;
    block->next->previous = block->previous;
    block->previous->next = block->next;
    if (ordered->rover == block) ordered->rover = block->next;
}

/* Neighbours in the list stay neighbours. */
static void change(struct free_list *heap, struct block *old, size_t old_bytes, struct block *now,
                   size_t now_bytes)
{
    struct address_ordered *ordered = (struct address_ordered *)heap;
    struct block *next = old->next, *previous = old->previous;
    (void)old_bytes, (void)now_bytes;
    now->next = next;
    now->previous = previous;
    next->previous = previous->next = now;
    if (ordered->rover == old) ordered->rover = now;
}

static size_t largest(const struct free_list *heap)
{
    const struct address_ordered *ordered = (const struct address_ordered *)heap;
    size_t bytes = 0;
    for (struct block *block = ordered->ends.next; block != &ordered->ends; block = block->next) {
        if (tag_bytes(block->tag) > bytes) bytes = tag_bytes(block->tag);
    }
    return bytes;
}

#define ADDRESS_ORDERED(find_function)                                                           \
    {                                                                                            \
        .heap_bytes = sizeof(struct address_ordered), .prepare = prepare, .find = find_function, \
        .insert = insert, .remove = remove_block, .change = change, .largest = largest,          \
        .searches = true, .orders = true,                                                        \
    }

const struct policy free_list_first = ADDRESS_ORDERED(find_first);
const struct policy free_list_next = ADDRESS_ORDERED(find_next);

FREE_LIST_POLICY(first)
FREE_LIST_POLICY(next)
