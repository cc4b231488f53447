/* Where live blocks lie, as lines of characters and as a table for a program that draws.
 *
 * Blocks are taken in the order of addresses. Those that are less than a row apart form a range,
 * which is drawn row by row; the gap to the next range is told as a number. A character stands for
 * 10 KiB, or for 2, 5, 10, ... times as much when there would be too many rows.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "keyed.h"
#include "records_state.h"

enum { COLUMNS = 64, ROWS_AIMED_AT = 48, BAR_BYTES = 10 << 10, LINE_BYTES = 512 };

static const char shades[] = {' ', '.', ':', '+', '#'};

struct map {
    const struct keyed *rows;
    size_t block_count, unit; /* bytes of a character */
    records_line *line;
    void *out;
    /* The row at hand: */
    uint64_t start;
    uint64_t live_bytes[COLUMNS];
    bool has_row;
};

static size_t size_at(const struct map *map, size_t i)
{
    return ((const struct record *)map->rows[i].item)->size;
}

static uint64_t row_bytes(const struct map *map)
{
    return (uint64_t)map->unit * COLUMNS;
}

/* ---- how large a character is */

/* The row of the first block begins on a multiple of the unit. */
static uint64_t row_start(const struct map *map, uint64_t address)
{
    return address - address % map->unit;
}

static size_t count_rows(const struct map *map)
{
    size_t count = 0;
    uint64_t end = 0; /* of the last row so far */
    for (size_t i = 0; i < map->block_count; i++) {
        uint64_t first = map->rows[i].key, last = first + size_at(map, i);
        if (last <= end) continue;
        if (count == 0 || first >= end + row_bytes(map)) end = row_start(map, first);
        uint64_t more = (last - end + row_bytes(map) - 1) / row_bytes(map);
        count += more;
        end += more * row_bytes(map);
    }
    return count;
}

static void choose_unit(struct map *map)
{
    static const size_t steps[] = {1, 2, 5};
    size_t power = 1;
    for (unsigned i = 0;; i++) {
        map->unit = BAR_BYTES * power * steps[i % 3];
        if (count_rows(map) <= ROWS_AIMED_AT) return;
        if (i % 3 == 2) power *= 10;
    }
}

/* ---- drawing */

static char shade_of(uint64_t live, size_t unit)
{
    if (live == 0) return shades[0];
    size_t quarter = (size_t)(4 * live / unit);
    return shades[1 + (quarter > 3 ? 3 : quarter)];
}

static void print_row(struct map *map)
{
    char line[LINE_BYTES], bar[COLUMNS + 1] = "";
    uint64_t sum = 0;
    if (!map->has_row) return;
    for (int i = 0; i < COLUMNS; i++) {
        bar[i] = shade_of(map->live_bytes[i], map->unit);
        sum += map->live_bytes[i];
    }
    snprintf(line, sizeof line, "  %#014" PRIx64 " |%s| %3.0f %%", map->start, bar,
             100.0 * (double)sum / (double)row_bytes(map));
    map->line(map->out, line);
    memset(map->live_bytes, 0, sizeof map->live_bytes);
}

static void print_gap(const struct map *map, uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    char line[LINE_BYTES];
    double amount = (double)bytes / 1024;
    int unit = 0;
    for (; amount >= 1024 && unit < 3; unit++) amount /= 1024;
    snprintf(line, sizeof line, "  %14s ... %.1f %s without a block", "", amount, units[unit]);
    map->line(map->out, line);
}

/* Makes the row at hand the one that the address lies in. */
static void seek_row(struct map *map, uint64_t address)
{
    uint64_t end = map->start + row_bytes(map);
    if (map->has_row && address < end) return;
    print_row(map);
    if (map->has_row && address < end + row_bytes(map)) {
        map->start = end;
        return;
    }
    uint64_t next = row_start(map, address);
    if (map->has_row) print_gap(map, next - end);
    map->start = next;
    map->has_row = true;
}

static void draw_block(struct map *map, uint64_t address, size_t size)
{
    while (size > 0) {
        seek_row(map, address);
        size_t column = (size_t)(address - map->start) / map->unit;
        size_t room = (size_t)(map->start + (column + 1) * map->unit - address);
        size_t part = size < room ? size : room;
        map->live_bytes[column] += part;
        address += part;
        size -= part;
    }
}

static void print_head(const struct map *map, const struct records *records)
{
    char line[LINE_BYTES];
    snprintf(line, sizeof line,
             "map: %zu bytes in %zu blocks; a character is %zu KiB, live for up to 25 %% '%c', "
             "50 %% '%c', 75 %% '%c', more '%c'",
             records->live_bytes, records->live_blocks, map->unit / 1024, shades[1], shades[2],
             shades[3], shades[4]);
    map->line(map->out, line);
}

void records_report_map(const struct heap *heap, records_line *line, void *out)
{
    assert(heap->allocator == &allocator_records);
    const struct records *records = heap->state;
    struct keyed *rows = records_in_order(records);
    struct map map = {rows, rows ? records->live_blocks : 0, BAR_BYTES, line, out, 0, {0}, false};
    choose_unit(&map);
    print_head(&map, records);
    for (size_t i = 0; i < map.block_count; i++) draw_block(&map, rows[i].key, size_at(&map, i));
    print_row(&map);
    if (rows) pages_unmap(rows, records->live_blocks * sizeof *rows);
}
