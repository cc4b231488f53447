/* Radix sort by bytes, the least one first. Bytes that are the same in all keys take no pass: of
 * addresses about five are left. */
#include "keyed.h"

#include <string.h>

#include "../pages.h"

enum { DIGITS = 8, VALUES = 256 };

static unsigned digit_of(const struct keyed *row, unsigned digit)
{
    return row->key >> (8 * digit) & (VALUES - 1);
}

/* False when all rows have one value there. */
static bool find_starts(const struct keyed *rows, size_t count, unsigned digit,
                        size_t starts[VALUES])
{
    size_t sum = 0;
    memset(starts, 0, VALUES * sizeof *starts);
    for (size_t i = 0; i < count; i++) starts[digit_of(&rows[i], digit)]++;
    if (starts[digit_of(&rows[0], digit)] == count) return false;
    for (unsigned value = 0; value < VALUES; value++) {
        size_t here = starts[value];
        starts[value] = sum;
        sum += here;
    }
    return true;
}

bool keyed_sort(struct keyed *rows, size_t count)
{
    size_t starts[VALUES], bytes = count * sizeof *rows;
    if (count < 2) return true;
    struct keyed *spare = pages_map(bytes), *from = rows, *to = spare;
    if (!spare) return false;
    for (unsigned digit = 0; digit < DIGITS; digit++) {
        if (!find_starts(from, count, digit, starts)) continue;
        for (size_t i = 0; i < count; i++) to[starts[digit_of(&from[i], digit)]++] = from[i];
        struct keyed *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != rows) memcpy(rows, from, bytes);
    pages_unmap(spare, bytes);
    return true;
}
