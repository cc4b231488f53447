/* A hash table from addresses to mappings: linear probing, at most half full, no tombstones, as
 * those behind a removed one move up (Knuth, volume 3, 6.4, algorithm R).
 *
 * The size comes from the table and never from the caller, so that a wrong old_size cannot unmap
 * what belongs to others. Cost: O(1) expected under one lock, plus the system calls.
 */
#include "direct_map.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "../pages.h"

enum { FIRST_PLACES = 128, MAP_PAGE_BYTES = 4096 };

void direct_map_open(struct direct_map *map)
{
    *map = (struct direct_map){0};
    pthread_mutex_init(&map->lock, NULL);
}

static size_t table_bytes(size_t place_count)
{
    return place_count * sizeof(struct direct_block);
}

void direct_map_close(struct direct_map *map)
{
    for (size_t i = 0; i < map->place_count; i++) {
        struct direct_block *place = &map->places[i];
        if (place->address != NULL) pages_unmap(place->address, place->mapped_bytes);
    }
    if (map->places != NULL) pages_unmap(map->places, table_bytes(map->place_count));
    pthread_mutex_destroy(&map->lock);
}

/* Addresses differ in their page numbers: multiplied by 2^64 / golden ratio, the high half. */
static size_t home_of(const struct direct_map *map, const char *address)
{
    uint64_t hash = ((uintptr_t)address >> 12) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash >> 32) & (map->place_count - 1);
}

static size_t after(const struct direct_map *map, size_t index)
{
    return (index + 1) & (map->place_count - 1);
}

/* Where the block is, or the empty place where it would be. */
static size_t find(const struct direct_map *map, const char *address)
{
    size_t index = home_of(map, address);
    while (map->places[index].address != NULL && map->places[index].address != address) {
        index = after(map, index);
    }
    return index;
}

static struct direct_block *find_block(const struct direct_map *map, const void *block)
{
    struct direct_block *place = map->place_count > 0 ? &map->places[find(map, block)] : NULL;
    /* Otherwise the block is none of this heap. */
    assert(place != NULL && place->address != NULL);
    return place;
}

static bool double_table(struct direct_map *map)
{
    size_t old_count = map->place_count, new_count = old_count > 0 ? old_count * 2 : FIRST_PLACES;
    struct direct_block *old_places = map->places, *new_places = pages_map(table_bytes(new_count));
    if (new_places == NULL) return false;
    map->places = new_places;
    map->place_count = new_count;
    for (size_t i = 0; i < old_count; i++) {
        if (old_places[i].address == NULL) continue;
        map->places[find(map, old_places[i].address)] = old_places[i];
    }
    if (old_places != NULL) pages_unmap(old_places, table_bytes(old_count));
    return true;
}

static size_t whole_pages(size_t bytes)
{
    return (bytes + MAP_PAGE_BYTES - 1) & ~(size_t)(MAP_PAGE_BYTES - 1);
}

static char *add_block(struct direct_map *map, size_t size)
{
    if (map->block_count >= map->place_count / 2 && !double_table(map)) return NULL;
    size_t mapped_bytes = whole_pages(size);
    char *address = pages_map(mapped_bytes);
    if (address == NULL) return NULL;
    map->places[find(map, address)] = (struct direct_block){address, size, mapped_bytes};
    map->block_count++;
    map->mapped_bytes += mapped_bytes;
    return address;
}

void *direct_map_new(struct direct_map *map, size_t size)
{
    if (size > SIZE_MAX / 2) return NULL;
    pthread_mutex_lock(&map->lock);
    char *address = add_block(map, size);
    pthread_mutex_unlock(&map->lock);
    return address;
}

size_t direct_map_size(struct direct_map *map, const void *block)
{
    pthread_mutex_lock(&map->lock);
    size_t size = find_block(map, block)->size;
    pthread_mutex_unlock(&map->lock);
    return size;
}

/* A later one moves into the hole unless its home lies between the hole and itself. */
static void remove_place(struct direct_map *map, size_t hole)
{
    size_t mask = map->place_count - 1;
    for (size_t i = after(map, hole); map->places[i].address != NULL; i = after(map, i)) {
        size_t home = home_of(map, map->places[i].address);
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        map->places[hole] = map->places[i];
        hole = i;
    }
    map->places[hole].address = NULL;
}

void direct_map_free(struct direct_map *map, void *block)
{
    pthread_mutex_lock(&map->lock);
    struct direct_block *place = find_block(map, block), freed = *place;
    remove_place(map, (size_t)(place - map->places));
    map->block_count--;
    map->mapped_bytes -= freed.mapped_bytes;
    pages_unmap(freed.address, freed.mapped_bytes);
    pthread_mutex_unlock(&map->lock);
}

static bool resize_place(struct direct_map *map, struct direct_block *place, size_t new_size)
{
    size_t kept_bytes = whole_pages(new_size);
    if (new_size > place->mapped_bytes) return false;
    if (kept_bytes < place->mapped_bytes) {
        pages_unmap(place->address + kept_bytes, place->mapped_bytes - kept_bytes);
        map->mapped_bytes -= place->mapped_bytes - kept_bytes;
        place->mapped_bytes = kept_bytes;
    }
    place->size = new_size;
    return true;
}

bool direct_map_resize(struct direct_map *map, void *block, size_t new_size)
{
    pthread_mutex_lock(&map->lock);
    bool is_resized = resize_place(map, find_block(map, block), new_size);
    pthread_mutex_unlock(&map->lock);
    return is_resized;
}

void direct_map_read(struct direct_map *map, struct direct_counts *out)
{
    pthread_mutex_lock(&map->lock);
    *out =
        (struct direct_counts){map->block_count, map->mapped_bytes, table_bytes(map->place_count)};
    pthread_mutex_unlock(&map->lock);
}
