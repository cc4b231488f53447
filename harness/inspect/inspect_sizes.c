/* An open hash table from size to count: programs ask for few sizes, so that the entries of the
 * usual ones lie in few cache lines, and every count is exact.
 *
 * Invariant: at most half of the entries are taken, so that a search ends. Cost: one multiplication
 * and one comparison for most additions; 32 bytes at most for each size, doubling left out.
 */
#include "inspect_sizes.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 1024 };

/* Where the size is, or is to be. */
static struct size_count *find(const struct size_table *table, uint32_t size)
{
    size_t at = (size * UINT64_C(0x9E3779B97F4A7C15)) >> 32;
    for (;; at++) {
        struct size_count *entry = &table->entries[at & (table->capacity - 1)];
        if (entry->size == size || entry->size == 0) return entry;
    }
}

static bool grow(struct size_table *table)
{
    struct size_table grown = {.capacity = table->capacity ? 2 * table->capacity : FIRST_CAPACITY};
    grown.entries = calloc(grown.capacity, sizeof *grown.entries);
    if (!grown.entries) return false;
    grown.count = table->count;
    for (size_t i = 0; i < table->capacity; i++) {
        const struct size_count *entry = &table->entries[i];
        if (entry->size) *find(&grown, entry->size) = *entry;
    }
    free(table->entries);
    *table = grown;
    return true;
}

bool size_table_add(struct size_table *table, uint32_t size)
{
    if (2 * table->count >= table->capacity && !grow(table)) return false;
    struct size_count *entry = find(table, size);
    table->count += entry->size == 0;
    entry->size = size;
    entry->count++;
    return true;
}

static int compare_sizes(const void *left, const void *right)
{
    const struct size_count *a = left, *b = right;
    return (a->size > b->size) - (a->size < b->size);
}

void size_table_sort(struct size_table *table)
{
    size_t kept = 0;
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->entries[i].size) table->entries[kept++] = table->entries[i];
    }
    if (kept) qsort(table->entries, kept, sizeof *table->entries, compare_sizes);
}

void size_table_close(struct size_table *table)
{
    free(table->entries);
    *table = (struct size_table){0};
}
