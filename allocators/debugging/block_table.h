/* Addresses with an entry for each: any number of blocks, in O(1) a call, growth included. */
#ifndef BLOCK_TABLE_H
#define BLOCK_TABLE_H

#include <stdint.h>

#include "../pages.h"

/* The first member of whatever its owner notes of a block. */
struct block_entry {
    const void *block; /* never NULL while in the table */
    uint32_t next;     /* in the same bucket: the table's own */
    uint32_t mark;     /* the owner's, 0 at first */
};

/* An entry stays where it is, and keeps its number, from insertion to removal. */
struct block_table {
    struct arena bucket_arena, entry_arena;
    uint32_t *buckets; /* numbers of first entries; 0 for none */
    char *entries;
    uint32_t bucket_count, mask;      /* mask / 2 < bucket_count <= mask + 1 */
    uint32_t entry_count, live_count; /* ever used at once, and used now */
    uint32_t first_free;              /* a list of removed entries, through `next` */
    uint32_t entry_bytes;             /* a multiple of 8 */
};

/* Memory comes from the system alone. False when it refuses the first of it. */
bool block_table_open(struct block_table *table, size_t entry_bytes);
void block_table_close(struct block_table *table);

/* The number is from 1 and belongs to an entry of the table. */
static inline void *block_table_at(const struct block_table *table, uint32_t number)
{
    return table->entries + (size_t)number * table->entry_bytes;
}

/* By a division, which is slow; block_table_seek knows it for nothing. */
uint32_t block_table_number(const struct block_table *table, const void *entry);

/* The number of the block's entry; 0 when there is none. */
uint32_t block_table_seek(const struct block_table *table, const void *block);

/* NULL when there is none. */
static inline void *block_table_find(const struct block_table *table, const void *block)
{
    uint32_t number = block_table_seek(table, block);
    return number ? block_table_at(table, number) : NULL;
}

/* A zeroed entry for a block, not NULL, that has none yet; NULL when the system refuses memory. A
 * table never shrinks: what was removed is used again. */
void *block_table_insert(struct block_table *table, const void *block);
void block_table_remove(struct block_table *table, void *entry);

/* The entry's block is at another address now, which has no entry. Never fails. */
void block_table_move(struct block_table *table, void *entry, const void *block);

/* The first entry past number *place, which starts at 0 and is stepped on; NULL past the last.
 * Removing the entry at hand is allowed. */
void *block_table_next(const struct block_table *table, uint32_t *place);

/* Bytes held from the system. */
size_t block_table_footprint(const struct block_table *table);

#endif
