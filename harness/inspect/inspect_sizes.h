/* How often each exact size was asked for. */
#ifndef INSPECT_SIZES_H
#define INSPECT_SIZES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct size_count {
    uint32_t size; /* bytes; 0: the entry is free */
    uint64_t count;
};

/* Zeros are an empty table. */
struct size_table {
    struct size_count *entries;
    size_t count, capacity; /* a power of two, or 0 */
};

/* False when memory ran out. Size is not 0. */
bool size_table_add(struct size_table *table, uint32_t size);

/* Lays the entries at the front, the smallest size first; nothing may be added afterwards. */
void size_table_sort(struct size_table *table);

void size_table_close(struct size_table *table);

#endif
