/* Blocks too large for any pool: each a mapping of its own, found again by its address. */
#ifndef DIRECT_MAP_H
#define DIRECT_MAP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct direct_block {
    char *address; /* NULL: an empty place */
    size_t size;   /* asked for */
    size_t mapped_bytes;
};

struct direct_map {
    pthread_mutex_t lock; /* of all below */
    struct direct_block *places;
    size_t place_count; /* a power of two, or 0 before the first block */
    size_t block_count, mapped_bytes;
};

void direct_map_open(struct direct_map *map);
void direct_map_close(struct direct_map *map);

/* NULL when the system refuses. */
void *direct_map_new(struct direct_map *map, size_t size);

/* The size that was asked for, whatever the caller believes. Asserts that there is such a block. */
size_t direct_map_size(struct direct_map *map, const void *block);

void direct_map_free(struct direct_map *map, void *block);

/* Makes a block smaller, or as large as its pages allow, where it stands; else false. */
bool direct_map_resize(struct direct_map *map, void *block, size_t new_size);

struct direct_counts {
    size_t blocks, mapped_bytes, table_bytes;
};

void direct_map_read(struct direct_map *map, struct direct_counts *out);

#endif
