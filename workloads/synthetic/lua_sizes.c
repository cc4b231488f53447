/* The shares of block sizes in 36 Lua programs: compilers, JSON, templates, simulations, text tools
 * and the test suite of Lua 5.1.
 *
 * The first table is their mean, whatever the block was for; 81 % are at most 64 bytes. The others
 * are chosen so that the objects of lua_objects.c together come near it. A wide range is several
 * rows, about an octave each, so that its small sizes prevail.
 * Cost of a draw: a walk down the table, likely sizes first.
 */
#include "lua_sizes.h"

const struct size_row lua_block_sizes[] = {
    {3140, 64, 64},   {2060, 40, 40},    {980, 16, 16},      {620, 160, 160}, {610, 48, 48},
    {360, 33, 39},    {350, 80, 80},     {300, 17, 31},      {270, 41, 47},   {250, 81, 159},
    {210, 320, 320},  {190, 513, 1024},  {180, 49, 63},      {160, 32, 32},   {110, 161, 319},
    {110, 321, 512},  {70, 65, 79},      {8, 1025, 2048},    {7, 2049, 4096}, {6, 4097, 8192},
    {6, 8193, 16384}, {6, 16385, 32768}, {3, 32769, 131072}, {0, 0, 0},
};

/* 8217 is what a full luaL_Buffer becomes. Beyond 1 KiB about half as many as the mean of the
 * programs has, as most of those come from a few that work on texts. */
const struct size_row lua_string_sizes[] = {
    {360, 33, 39},   {300, 26, 31},   {270, 41, 47},    {250, 81, 159},    {200, 40, 40},
    {180, 49, 63},   {110, 161, 319}, {110, 321, 512},  {100, 32, 32},     {100, 48, 48},
    {70, 65, 79},    {60, 513, 1024}, {40, 64, 64},     {4, 1025, 2048},   {3, 2049, 4096},
    {3, 4097, 8192}, {2, 8217, 8217}, {2, 8218, 16384}, {1, 16385, 32768}, {0, 0, 0},
};

const struct size_row lua_closure_sizes[] = {
    {60, 48, 48}, {20, 40, 40}, {15, 64, 64}, {5, 56, 56}, {0, 0, 0},
};

const struct size_row lua_tuple_sizes[] = {
    {50, 16, 16}, {20, 48, 48}, {20, 64, 64}, {10, 32, 32}, {0, 0, 0},
};

const struct size_row lua_record_sizes[] = {
    {43, 160, 160}, {36, 40, 40}, {13, 320, 320}, {8, 640, 640}, {0, 0, 0},
};

static unsigned sum_shares(const struct size_row *table)
{
    unsigned sum = 0;
    while (table->share != 0) sum += table++->share;
    return sum;
}

size_t size_draw(const struct size_row *table, struct random *random)
{
    uint64_t left = random_below(random, sum_shares(table));
    const struct size_row *row = table;
    while (left >= row->share) left -= row++->share;
    return row->lowest + random_below(random, row->highest - row->lowest + 1);
}
