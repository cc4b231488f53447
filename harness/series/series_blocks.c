/* Series that need no workload: what a block takes, what a heap takes beside its blocks, and what
 * becomes of arrays that grow.
 *
 * What a block takes is the step from its address to its neighbour's, the median over some hundred
 * blocks of that size: headers and rounding are in it, whatever the allocator, and no page hides
 * what is less than a page. Beside it stands what the heap's statistics say that a block could
 * hold. What a heap takes beside its blocks is seen from outside as well: by the growth of resident
 * memory under so many blocks that its first pages weigh little. */
#include <stdlib.h>
#include <string.h>

#include "../../allocators/pages.h"
#include "../../workloads/synthetic/growth.h"
#include "../measure.h"
#include "series.h"

enum {
    WASTE_BLOCKS = 512,
    WASTE_LEAST_BLOCKS = 64,
    WASTE_BYTES = 4 << 20,    /* of all blocks of one size, where they are large */
    WASTE_DENSE_TO = 256,     /* every size up to here, */
    WASTE_STEPS_TO = 1024,    /* then every eighth, */
    WASTE_SIZES_TO = 64 << 10 /* then 32 to a doubling */
};

#define METADATA_BYTES ((size_t)16 << 20)

bool series_add(struct cell_result *result, const struct series_row *row)
{
    if (result->row_count == SERIES_ROWS) return false;
    result->rows[result->row_count++] = *row;
    return true;
}

static size_t known_or_none(size_t figure)
{
    return figure == UNKNOWN ? 0 : figure;
}

uint64_t series_footprint_of(const struct heap *heap)
{
    struct heap_statistics statistics;
    while (heap->allocator->traits & TRAIT_WRAPPER) heap = heap->inner;
    heap_statistics(heap, &statistics);
    if (statistics.footprint_bytes == UNKNOWN) return SERIES_UNKNOWN;
    uint64_t bytes = statistics.footprint_bytes;
    while ((heap = heap->inner)) {
        heap_statistics(heap, &statistics);
        bytes += known_or_none(statistics.footprint_bytes);
    }
    return bytes;
}

/* How many blocks could be had: fewer than wanted of a bounded heap. */
static size_t take_blocks(const struct heap *heap, void **blocks, size_t wanted, size_t bytes)
{
    size_t count = 0;
    while (count < wanted && (blocks[count] = heap->resize(heap->state, NULL, 0, bytes))) count++;
    return count;
}

static void give_blocks(const struct heap *heap, void **blocks, size_t count, size_t bytes)
{
    for (size_t i = 0; i < count; i++) heap->resize(heap->state, blocks[i], bytes, 0);
}

/* Shell's: qsort may take memory from the malloc under test. */
static void sort(uintptr_t *values, size_t count)
{
    static const size_t distances[] = {301, 132, 57, 23, 10, 4, 1};
    for (size_t d = 0; d < sizeof distances / sizeof *distances; d++) {
        size_t distance = distances[d];
        for (size_t i = distance; i < count; i++) {
            uintptr_t value = values[i];
            size_t at = i;
            for (; at >= distance && values[at - distance] > value; at -= distance) {
                values[at] = values[at - distance];
            }
            values[at] = value;
        }
    }
}

/* Median distance between neighbours, the lower one where two are in the middle. */
static uint64_t measure_step(void *const *blocks, size_t count)
{
    uintptr_t places[WASTE_BLOCKS];
    for (size_t i = 0; i < count; i++) places[i] = (uintptr_t)blocks[i];
    sort(places, count);
    for (size_t i = 0; i + 1 < count; i++) places[i] = places[i + 1] - places[i];
    sort(places, count - 1);
    return places[(count - 2) / 2];
}

/* Of blocks that the pool itself holds; the C library does not say what it holds as a backing. */
static uint64_t usable_of_each(const struct heap_statistics *before,
                               const struct heap_statistics *after, size_t count)
{
    bool is_known = after->usable_bytes != UNKNOWN && after->backing_calls == before->backing_calls;
    return is_known ? (after->usable_bytes - before->usable_bytes) / count : SERIES_UNKNOWN;
}

static size_t next_waste_size(size_t bytes)
{
    if (bytes < WASTE_DENSE_TO) return bytes + 1;
    if (bytes < WASTE_STEPS_TO) return bytes + 8;
    return bytes + (bytes / 32 + 7) / 8 * 8;
}

static size_t count_waste_blocks(size_t bytes)
{
    size_t count = WASTE_BYTES / bytes;
    return count > WASTE_BLOCKS ? WASTE_BLOCKS : count;
}

static bool measure_waste(const struct heap *heap, size_t bytes, struct cell_result *result)
{
    void *blocks[WASTE_BLOCKS];
    struct heap_statistics before, after;
    heap_statistics(heap, &before);
    size_t count = take_blocks(heap, blocks, count_waste_blocks(bytes), bytes);
    heap_statistics(heap, &after);
    bool is_enough = count >= WASTE_LEAST_BLOCKS;
    struct series_row row = {.values = {bytes}};
    if (is_enough) {
        row.values[1] = measure_step(blocks, count);
        row.values[2] = usable_of_each(&before, &after, count);
    }
    give_blocks(heap, blocks, count, bytes);
    if (is_enough) return series_add(result, &row);
    return error_set(&result->error, "only %zu blocks of %zu bytes could be had", count, bytes);
}

/* A heap that never reuses a block is opened anew for each size. A bounded one ends where its
 * blocks become too few. */
enum outcome series_waste(const struct cell_request *request, struct cell_result *result)
{
    bool is_good = true;
    struct heap *heap = heap_open(request->spec, &result->error);
    for (size_t bytes = 1; heap && is_good && bytes <= WASTE_SIZES_TO;
         bytes = next_waste_size(bytes)) {
        is_good = measure_waste(heap, bytes, result);
        if (!(heap->allocator->traits & TRAIT_RETAINS)) continue;
        heap_close(heap);
        heap = heap_open(request->spec, &result->error);
    }
    if (!heap) return OUTCOME_UNAVAILABLE;
    heap_close(heap);
    return is_good || result->row_count ? OUTCOME_OK : OUTCOME_OUT_OF_MEMORY;
}

/* The first and the last byte, so that every page of blocks up to a page is taken. */
static void touch_blocks(void **blocks, size_t count, size_t bytes)
{
    for (size_t i = 0; i < count; i++) {
        volatile char *block = blocks[i];
        block[0] = block[bytes - 1] = 1;
    }
}

static uint64_t subtract(uint64_t after, uint64_t before)
{
    bool is_known = after != SERIES_UNKNOWN && before != SERIES_UNKNOWN;
    return is_known ? after - before : SERIES_UNKNOWN;
}

static size_t fill(const struct heap *heap, void **blocks, size_t bytes, struct cell_result *result)
{
    struct heap_statistics before, after;
    uint64_t footprint = series_footprint_of(heap), resident = measure_resident_bytes();
    heap_statistics(heap, &before);
    size_t count = take_blocks(heap, blocks, METADATA_BYTES / bytes, bytes);
    touch_blocks(blocks, count, bytes);
    heap_statistics(heap, &after);
    struct series_row row = {.values = {count, measure_resident_bytes() - resident,
                                        subtract(series_footprint_of(heap), footprint),
                                        subtract(after.usable_bytes, before.usable_bytes),
                                        subtract(after.metadata_bytes, before.metadata_bytes)}};
    if (count) series_add(result, &row);
    return count;
}

enum outcome series_metadata(const struct cell_request *request, struct cell_result *result)
{
    size_t bytes = request->parameter, list_bytes = METADATA_BYTES / bytes * sizeof(void *);
    struct heap *heap = heap_open(request->spec, &result->error);
    void **blocks = pages_map(list_bytes);
    if (!heap || !blocks) return OUTCOME_UNAVAILABLE;
    memset(blocks, 0xff, list_bytes); /* resident before anything is measured */
    measure_touch_code();
    size_t count = fill(heap, blocks, bytes, result);
    give_blocks(heap, blocks, count, bytes);
    heap_close(heap);
    if (count) return OUTCOME_OK;
    error_set(&result->error, "no block of %zu bytes could be had", bytes);
    return OUTCOME_OUT_OF_MEMORY;
}

struct grown {
    char *block;
    uint64_t in_place, moved, moved_elements;
};

static bool grow(const struct heap *heap, struct grown *array, size_t room, size_t next)
{
    size_t old_bytes = room * GROWTH_ELEMENT_BYTES, new_bytes = next * GROWTH_ELEMENT_BYTES;
    uintptr_t place = (uintptr_t)array->block;
    char *block = heap->resize(heap->state, array->block, old_bytes, new_bytes);
    if (!block) return false;
    memset(block + old_bytes, 1, new_bytes - old_bytes);
    array->block = block;
    if (!room) return true;
    if ((uintptr_t)block == place) array->in_place++;
    else array->moved++, array->moved_elements += room;
    return true;
}

/* Two arrays take turns, so that neither is the newest block; the first is counted. */
enum outcome series_growth(const struct cell_request *request, struct cell_result *result)
{
    static growth_fn *const rules[] = {growth_by_double, growth_by_half, growth_by_1000};
    growth_fn *rule = rules[request->parameter];
    struct growth_counts counts = growth_count(rule, GROWTH_ELEMENTS);
    struct grown first = {0}, second = {0};
    struct heap *heap = heap_open(request->spec, &result->error);
    if (!heap) return OUTCOME_UNAVAILABLE;
    bool is_good = true;
    for (size_t room = 0, next; is_good && room < GROWTH_ELEMENTS; room = next) {
        next = rule(room);
        is_good = grow(heap, &first, room, next) && grow(heap, &second, room, next);
    }
    heap_close(heap);
    struct series_row row = {.values = {counts.reallocations, counts.copied_elements, counts.room,
                                        first.in_place, first.moved, first.moved_elements}};
    if (is_good) return series_add(result, &row), OUTCOME_OK;
    error_set(&result->error, "an array of fewer than %d elements could not grow", GROWTH_ELEMENTS);
    return OUTCOME_OUT_OF_MEMORY;
}
