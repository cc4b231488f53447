/* Two-level segregated fit (Masmano, Ripoll, Crespo, Real 2004): a good fit in constant time.
 *
 *     row 0   0 8 16 24 ... 248      one list a size         a bit for each row that has blocks,
 *     row 1   256 264 ... 504        one list a size         and in each row a bit for each list
 *     row 2   512 528 ... 1008       32 lists a power of two from here on
 *
 * A request is rounded up to the next list, whose every block then fits: the first one is taken. A
 * block of up to 1/32 more than the request may be passed over for a larger one.
 * Invariant: bits are set exactly for lists and rows with blocks. Cost: two bit scans, no search.
 */
#include "boundary_tags.h"

#include <stdint.h>

enum { ROWS = 32, COLUMNS = 32, COLUMN_LOG = 5, EXACT_LOG = 8, EXACT_BYTES = 512 };

struct tlsf {
    struct free_list heap;
    uint32_t rows_filled, columns_filled[ROWS];
    struct block *lists[ROWS * COLUMNS];
};

static void prepare(struct free_list *heap)
{
    (void)heap; /* all zero is all empty */
}

/* Rows below 2^EXACT_LOG lie as if they were the first power of two. */
static inline unsigned row_log(size_t bytes)
{
    return 63 ^ (unsigned)__builtin_clzll(bytes | (size_t)1 << EXACT_LOG);
}

static inline size_t list_index(size_t bytes)
{
    unsigned log = row_log(bytes);
    return (log - EXACT_LOG) * COLUMNS + (bytes >> (log - COLUMN_LOG));
}

/* The least size of a list. */
static size_t list_bytes(size_t index)
{
    size_t row = index / COLUMNS;
    if (row == 0) return index * 8;
    return (index % COLUMNS + COLUMNS) << (row + EXACT_LOG - 1 - COLUMN_LOG);
}

static inline struct block *find(struct free_list *heap, size_t bytes)
{
    const struct tlsf *tlsf = (struct tlsf *)heap;
    size_t index = bytes / 8;
    if (bytes >= EXACT_BYTES) {
        index = list_index(bytes + ((size_t)1 << (row_log(bytes) - COLUMN_LOG)) - 1);
    }
    size_t row = index / COLUMNS;
    uint32_t columns = tlsf->columns_filled[row] & ~(uint32_t)0 << index % COLUMNS;
    if (columns == 0) {
        uint32_t rows = tlsf->rows_filled & ~(uint32_t)1 << row;
        if (rows == 0) return NULL;
        row = (size_t)__builtin_ctz(rows);
        columns = tlsf->columns_filled[row];
    }
    return tlsf->lists[row * COLUMNS + (size_t)__builtin_ctz(columns)];
}

static inline void insert_at(struct tlsf *tlsf, struct block *block, size_t index)
{
    struct block *next = tlsf->lists[index];
    block->next = next;
    block->previous = NULL;
    tlsf->lists[index] = block;
    if (next != NULL) {
        next->previous = block;
        return;
    }
    tlsf->columns_filled[index / COLUMNS] |= (uint32_t)1 << index % COLUMNS;
    tlsf->rows_filled |= (uint32_t)1 << index / COLUMNS;
}

static inline void remove_at(struct tlsf *tlsf, const struct block *block, size_t index)
{
    struct block *next = block->next, *previous = block->previous;
    if (next != NULL) next->previous = previous;
    if (previous != NULL) {
        previous->next = next;
        return;
    }
    tlsf->lists[index] = next;
    if (next != NULL) return;
    uint32_t columns = tlsf->columns_filled[index / COLUMNS] &= ~((uint32_t)1 << index % COLUMNS);
    if (columns == 0) tlsf->rows_filled &= ~((uint32_t)1 << index / COLUMNS);
}

static void insert(struct free_list *heap, struct block *block, size_t bytes)
{
    insert_at((struct tlsf *)heap, block, list_index(bytes));
}

static void remove_block(struct free_list *heap, struct block *block, size_t bytes)
{
    remove_at((struct tlsf *)heap, block, list_index(bytes));
}

/* Old and new may overlap: both links are read before one is written. */
static inline void relink(struct tlsf *tlsf, const struct block *old, struct block *now,
                          size_t index)
{
    struct block *next = old->next, *previous = old->previous;
    now->next = next;
    if (next != NULL) next->previous = now;
    now->previous = previous;
    if (previous != NULL) previous->next = now;
    else tlsf->lists[index] = now;
}

static __attribute__((noinline)) void move_to(struct tlsf *tlsf, const struct block *old,
                                              size_t old_bytes, struct block *now, size_t now_bytes)
{
    remove_at(tlsf, old, list_index(old_bytes));
    insert_at(tlsf, now, list_index(now_bytes));
}

/* A large block that loses or gains a small one mostly stays in its list. */
static inline void change(struct free_list *heap, struct block *old, size_t old_bytes,
                          struct block *now, size_t now_bytes)
{
    struct tlsf *tlsf = (struct tlsf *)heap;
    unsigned shift = row_log(old_bytes) - COLUMN_LOG;
    if ((old_bytes ^ now_bytes) >> shift != 0) move_to(tlsf, old, old_bytes, now, now_bytes);
    else if (now != old) relink(tlsf, old, now, list_index(old_bytes));
}

/* What fits into every block of the highest list. */
static size_t largest(const struct free_list *heap)
{
    const struct tlsf *tlsf = (const struct tlsf *)heap;
    if (tlsf->rows_filled == 0) return 0;
    size_t row = 31 ^ (unsigned)__builtin_clz(tlsf->rows_filled);
    size_t column = 31 ^ (unsigned)__builtin_clz(tlsf->columns_filled[row]);
    return list_bytes(row * COLUMNS + column);
}

const struct policy free_list_tlsf = {
    .heap_bytes = sizeof(struct tlsf),
    .prepare = prepare,
    .find = find,
    .insert = insert,
    .remove = remove_block,
    .change = change,
    .largest = largest,
};

FREE_LIST_POLICY(tlsf)
