/* Block sizes as Lua 5.1 programs ask for them: tables of shares, and a draw from one. */
#ifndef LUA_SIZES_H
#define LUA_SIZES_H

#include <stddef.h>

#include "../random.h"

/* Sizes from lowest to highest, both allowed, are equally likely. A table ends with share 0. */
struct size_row {
    unsigned share;           /* of the sum of the table's shares */
    unsigned lowest, highest; /* bytes */
};

extern const struct size_row lua_block_sizes[];   /* of every kind of block together */
extern const struct size_row lua_string_sizes[];  /* 25 + length */
extern const struct size_row lua_closure_sizes[]; /* 40 + 8 for each upvalue */
extern const struct size_row lua_tuple_sizes[];   /* array parts of known length: 16 each */
extern const struct size_row lua_record_sizes[];  /* hash parts of known size: 40 * 2^k */

/* One size in bytes, independent of all others. */
size_t size_draw(const struct size_row *table, struct random *random);

#endif
