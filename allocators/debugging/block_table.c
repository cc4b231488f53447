/* Linear hashing (Larson, Dynamic Hash Tables, 1988): the bucket array grows by one bucket for each
 * entry that is more than ever before, and that bucket takes its share of one older bucket. So no
 * call pays for a rehash. Both arrays are arenas, which grow in place; links are entries' numbers.
 *
 * The hash keeps neighbours together: addresses of one page lie in neighbouring buckets, from a
 * place that is random by page, since what is allocated together is mostly freed together.
 *
 * Invariant: an entry's bucket is hash & mask, without its top bit where that bucket is yet to
 * come; an entry without a block is on the list of free ones. Cost: at most one entry a bucket on
 * average, 4 bytes and the entry for each block.
 */
#include "block_table.h"

#include <assert.h>
#include <string.h>

enum { PAGE_SHIFT = 12, STEP_SHIFT = 5, BUCKETS_AT_FIRST = 1024 };

#define ENTRIES_MAXIMUM ((size_t)1 << 31)
#define ENTRIES_MINIMUM ((size_t)1 << 12)

static uint32_t hash(const void *block)
{
    uint64_t address = (uintptr_t)block;
    uint32_t page = (uint32_t)((address >> PAGE_SHIFT) * 0x9e3779b97f4a7c15u >> 32);
    return page + (uint32_t)(address >> STEP_SHIFT & ((1u << (PAGE_SHIFT - STEP_SHIFT)) - 1));
}

static uint32_t *bucket_of(const struct block_table *table, const void *block)
{
    uint32_t number = hash(block) & table->mask;
    if (number >= table->bucket_count) number &= table->mask >> 1;
    return &table->buckets[number];
}

bool block_table_open(struct block_table *table, size_t entry_bytes)
{
    assert(entry_bytes >= sizeof(struct block_entry) && entry_bytes % 8 == 0);
    *table = (struct block_table){.entry_bytes = (uint32_t)entry_bytes};
    if (!arena_reserve_up_to(&table->entry_arena, ENTRIES_MAXIMUM * entry_bytes,
                             ENTRIES_MINIMUM * entry_bytes)) {
        return false;
    }
    size_t reserved = (size_t)(table->entry_arena.reserved_end - table->entry_arena.start);
    size_t most = reserved / entry_bytes * sizeof(uint32_t);
    if (!arena_reserve_up_to(&table->bucket_arena, most, ENTRIES_MINIMUM * sizeof(uint32_t)) ||
        !arena_take(&table->bucket_arena, BUCKETS_AT_FIRST * sizeof(uint32_t)) ||
        !arena_take(&table->entry_arena, entry_bytes)) { /* number 0 stands for none */
        block_table_close(table);
        return false;
    }
    table->buckets = (uint32_t *)(void *)table->bucket_arena.start;
    table->entries = table->entry_arena.start;
    table->bucket_count = BUCKETS_AT_FIRST;
    table->mask = BUCKETS_AT_FIRST - 1;
    return true;
}

void block_table_close(struct block_table *table)
{
    arena_release(&table->bucket_arena);
    arena_release(&table->entry_arena);
}

uint32_t block_table_number(const struct block_table *table, const void *entry)
{
    return (uint32_t)((size_t)((const char *)entry - table->entries) / table->entry_bytes);
}

uint32_t block_table_seek(const struct block_table *table, const void *block)
{
    uint32_t number = *bucket_of(table, block);
    while (number) {
        const struct block_entry *entry = block_table_at(table, number);
        if (entry->block == block) break;
        number = entry->next;
    }
    return number;
}

/* Gives the newest bucket its share of the one that has held its entries so far. */
static void divide(struct block_table *table, uint32_t newest)
{
    uint32_t *link = &table->buckets[newest & table->mask >> 1], *moved = &table->buckets[newest];
    while (*link) {
        struct block_entry *entry = block_table_at(table, *link);
        if ((hash(entry->block) & table->mask) != newest) {
            link = &entry->next;
            continue;
        }
        uint32_t number = *link;
        *link = entry->next;
        entry->next = *moved;
        *moved = number;
    }
}

/* Without memory for a bucket, the others become longer: that is no failure. */
static void add_bucket(struct block_table *table)
{
    uint32_t newest = table->bucket_count;
    if (!arena_take(&table->bucket_arena, sizeof(uint32_t))) return;
    if (newest > table->mask) table->mask = table->mask << 1 | 1;
    table->bucket_count++;
    divide(table, newest);
}

/* 0 when there is none to be had. */
static uint32_t take_entry(struct block_table *table)
{
    uint32_t number = table->first_free;
    if (number) {
        table->first_free = ((struct block_entry *)block_table_at(table, number))->next;
        return number;
    }
    if (!arena_take(&table->entry_arena, table->entry_bytes)) return 0;
    number = ++table->entry_count;
    if (number > table->bucket_count) add_bucket(table);
    return number;
}

static void link_entry(struct block_table *table, struct block_entry *entry, uint32_t number)
{
    uint32_t *bucket = bucket_of(table, entry->block);
    entry->next = *bucket;
    *bucket = number;
}

static uint32_t unlink_entry(struct block_table *table, const struct block_entry *removed)
{
    uint32_t *link = bucket_of(table, removed->block);
    for (;;) {
        assert(*link != 0);
        struct block_entry *entry = block_table_at(table, *link);
        if (entry == removed) break;
        link = &entry->next;
    }
    uint32_t number = *link;
    *link = removed->next;
    return number;
}

void *block_table_insert(struct block_table *table, const void *block)
{
    uint32_t number = take_entry(table);
    if (!number) return NULL;
    struct block_entry *entry = block_table_at(table, number);
    memset(entry, 0, table->entry_bytes);
    entry->block = block;
    link_entry(table, entry, number);
    table->live_count++;
    return entry;
}

void block_table_remove(struct block_table *table, void *removed)
{
    struct block_entry *entry = removed;
    uint32_t number = unlink_entry(table, entry);
    entry->block = NULL;
    entry->next = table->first_free;
    table->first_free = number;
    table->live_count--;
}

void block_table_move(struct block_table *table, void *moved, const void *block)
{
    struct block_entry *entry = moved;
    uint32_t number = unlink_entry(table, entry);
    entry->block = block;
    link_entry(table, entry, number);
}

void *block_table_next(const struct block_table *table, uint32_t *place)
{
    while (*place < table->entry_count) {
        struct block_entry *entry = block_table_at(table, ++*place);
        if (entry->block) return entry;
    }
    return NULL;
}

size_t block_table_footprint(const struct block_table *table)
{
    return arena_footprint(&table->bucket_arena) + arena_footprint(&table->entry_arena);
}
