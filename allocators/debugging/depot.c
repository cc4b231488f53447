/* A table of hashes leads to bytes in an arena. Two texts with one hash of 64 bits are told apart
 * by comparing them: the later one stands under the next hash that is free.
 *
 * Invariant: nothing is ever removed, so that entry numbers serve as names. Cost: a multiplication
 * for each 8 bytes and one comparison; 32 bytes beside the text.
 */
#include "depot.h"

#include <string.h>

struct depot_entry {
    struct block_entry entry; /* block: the hash; mark: the length */
    char *bytes;
};

#define BYTES_MAXIMUM ((size_t)64 << 30)
#define BYTES_MINIMUM ((size_t)64 << 10)

bool depot_open(struct depot *depot)
{
    if (!arena_reserve_up_to(&depot->bytes, BYTES_MAXIMUM, BYTES_MINIMUM)) return false;
    if (block_table_open(&depot->table, sizeof(struct depot_entry))) return true;
    depot_close(depot);
    return false;
}

void depot_close(struct depot *depot)
{
    block_table_close(&depot->table);
    arena_release(&depot->bytes);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static uintptr_t hash_of(const char *bytes, size_t length)
{
    uint64_t hash = length, word = 0;
    for (; length >= sizeof word; bytes += sizeof word, length -= sizeof word) {
        memcpy(&word, bytes, sizeof word);
        hash = mix(hash, word);
    }
    word = 0;
    memcpy(&word, bytes, length);
    hash = mix(hash, word);
    return hash ? hash : 1; /* the table holds no NULL */
}

static uint32_t add(struct depot *depot, const void *key, const void *bytes, size_t length)
{
    size_t rounded = (length + 7) & ~(size_t)7;
    char *kept = length <= UINT32_MAX ? arena_take(&depot->bytes, rounded) : NULL;
    struct depot_entry *entry = kept ? block_table_insert(&depot->table, key) : NULL;
    if (!entry) return 0;
    memcpy(kept, bytes, length);
    entry->bytes = kept;
    entry->entry.mark = (uint32_t)length;
    return block_table_number(&depot->table, entry);
}

uint32_t depot_intern(struct depot *depot, const void *bytes, size_t length)
{
    for (uintptr_t key = hash_of(bytes, length);; key += key == UINTPTR_MAX ? 2 : 1) {
        uint32_t number = block_table_seek(&depot->table, (const void *)key);
        if (!number) return add(depot, (const void *)key, bytes, length);
        const struct depot_entry *entry = block_table_at(&depot->table, number);
        if (entry->entry.mark == length && !memcmp(entry->bytes, bytes, length)) return number;
    }
}

const void *depot_at(const struct depot *depot, uint32_t number, size_t *length)
{
    *length = 0;
    if (!number) return NULL;
    const struct depot_entry *entry = block_table_at(&depot->table, number);
    *length = entry->entry.mark;
    return entry->bytes;
}

size_t depot_footprint(const struct depot *depot)
{
    return block_table_footprint(&depot->table) + arena_footprint(&depot->bytes);
}
