/* Which number belongs to a block at an address. Addresses are multiples of 8. Memory from malloc;
 * it belongs to the reading command, not to what is recorded. */
#ifndef ADDRESS_TABLE_H
#define ADDRESS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address_page {
    uint64_t number;
    uint32_t *cells; /* NULL: no page here */
};

/* All zero: empty. */
struct address_table {
    struct address_page *pages; /* open addressing, at most half full */
    size_t page_count, capacity;
    uint32_t *fresh, *fresh_end; /* cells not yet in use */
    void *slabs;                 /* a list, through the first word of each */
    struct address_page last;    /* found last */
};

enum { ADDRESS_PAGE_BITS = 12, ADDRESS_CELLS = 1 << (ADDRESS_PAGE_BITS - 3) };

/* Makes the page of that number the last found, new where there was none. */
bool address_table_find(struct address_table *table, uint64_t number);

/* The cell of an address, 0 when it has none yet; NULL when memory ran out. */
static inline uint32_t *address_table_cell(struct address_table *table, uint64_t address)
{
    uint64_t number = address >> ADDRESS_PAGE_BITS;
    bool is_last = table->last.cells && table->last.number == number;
    if (!is_last && !address_table_find(table, number)) return NULL;
    return &table->last.cells[(address >> 3) & (ADDRESS_CELLS - 1)];
}

void address_table_close(struct address_table *table);

#endif
