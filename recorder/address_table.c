/* Cells lie in the order of addresses, an array for each 4 KiB page of the recorded program, so that
 * neighbours there are neighbours here: a program whose blocks are in the cache is followed from the
 * cache. Pages are found by open addressing, and the last one is kept at hand.
 *
 * Cost: O(1), about 10 ns; memory: half of the pages that ever held the start of a block.
 */
#include "address_table.h"

#include <stdlib.h>
#include <string.h>

enum {
    SLAB_PAGES = 256,
    FIRST_CAPACITY = 1024,
    HEADER_CELLS = sizeof(void *) / sizeof(uint32_t),
};

/* Fibonacci hashing: neighbouring pages go far apart. */
static struct address_page *place(const struct address_table *table, uint64_t number)
{
    size_t mask = table->capacity - 1;
    size_t i = (size_t)((number * 0x9E3779B97F4A7C15u) >> 32) & mask;
    while (table->pages[i].cells && table->pages[i].number != number) i = (i + 1) & mask;
    return &table->pages[i];
}

static bool grow(struct address_table *table)
{
    struct address_table larger = *table;
    larger.capacity = table->capacity ? 2 * table->capacity : FIRST_CAPACITY;
    larger.pages = calloc(larger.capacity, sizeof *larger.pages);
    if (!larger.pages) return false;
    for (size_t i = 0; i < table->capacity; i++) {
        const struct address_page *page = &table->pages[i];
        if (page->cells) *place(&larger, page->number) = *page;
    }
    free(table->pages);
    *table = larger;
    return true;
}

static uint32_t *take_cells(struct address_table *table)
{
    if (table->fresh == table->fresh_end) {
        size_t count = HEADER_CELLS + (size_t)SLAB_PAGES * ADDRESS_CELLS;
        uint32_t *slab = calloc(count, sizeof *slab);
        if (!slab) return NULL;
        memcpy(slab, &table->slabs, sizeof table->slabs);
        table->slabs = slab;
        table->fresh = slab + HEADER_CELLS;
        table->fresh_end = slab + count;
    }
    table->fresh += ADDRESS_CELLS;
    return table->fresh - ADDRESS_CELLS;
}

bool address_table_find(struct address_table *table, uint64_t number)
{
    if (2 * (table->page_count + 1) > table->capacity && !grow(table)) return false;
    struct address_page *page = place(table, number);
    if (!page->cells) {
        uint32_t *cells = take_cells(table);
        if (!cells) return false;
        *page = (struct address_page){number, cells};
        table->page_count++;
    }
    table->last = *page;
    return true;
}

void address_table_close(struct address_table *table)
{
    void *slab = table->slabs, *next;
    for (; slab; slab = next) {
        memcpy(&next, slab, sizeof next);
        free(slab);
    }
    free(table->pages);
    *table = (struct address_table){0};
}
