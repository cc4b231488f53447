/* How often each size was asked for and let go, every size exactly: an array for sizes that are
 * common, a hash table for the rest. */
#ifndef SIZES_H
#define SIZES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIZES_DIRECT = 2048 }; /* bytes; sizes below are counted in the array */

struct size_counts {
    uint64_t asked, released; /* blocks that came to be of this size, and that ceased to be */
};

struct size_row {
    size_t size; /* 0 in a row that is free */
    struct size_counts counts;
};

/* Zeros at first. 32 KiB, of which programs touch little. */
struct sizes {
    struct size_row *rows;
    size_t row_capacity, row_count; /* the capacity is a power of two, or 0 */
    struct size_counts unrecorded;  /* of sizes that no memory was left to tell apart */
    struct size_counts direct[SIZES_DIRECT];
};

struct size_counts *sizes_find_large(struct sizes *sizes, size_t size);

/* To be counted in. Never NULL: `unrecorded` when the table cannot grow. */
static inline struct size_counts *sizes_find(struct sizes *sizes, size_t size)
{
    return size < SIZES_DIRECT ? &sizes->direct[size] : sizes_find_large(sizes, size);
}

/* One row after the other, in no order; *position starts at 0. Sizes from 1 that were ever asked
 * for or released. False past the last. */
bool sizes_next(const struct sizes *sizes, size_t *position, struct size_row *out);

void sizes_close(struct sizes *sizes);

#endif
