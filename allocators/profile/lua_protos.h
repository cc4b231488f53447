/* The prototypes of Lua functions that are being compiled or loaded: what may own the next blocks
 * that are no objects. */
#ifndef LUA_PROTOS_H
#define LUA_PROTOS_H

#include <stdbool.h>

#include "lua_layout.h"

enum { OPEN_PROTOS_MAXIMUM = 256 }; /* Lua nests functions 200 deep */

/* All pointers are to blocks that live. */
struct lua_protos {
    struct lua_open_proto {
        const struct lua_proto *proto;
        const void *const *children; /* its array of prototypes; NULL once that was resized */
        size_t child_count, done_count;
    } open[OPEN_PROTOS_MAXIMUM]; /* innermost last */
    size_t count;
};

/* A prototype has been made. */
void lua_protos_open(struct lua_protos *protos, const struct lua_proto *proto);

/* A function has been made of it, so that it and those in it are done. */
void lua_protos_finish(struct lua_protos *protos, const void *proto);

/* Whether a new block is an array of one of them. */
bool lua_protos_own(struct lua_protos *protos, const void *block, size_t bytes);

/* To be told before a block is resized or freed. */
void lua_protos_change(struct lua_protos *protos, const void *block, size_t old_size,
                       size_t new_size);

#endif
