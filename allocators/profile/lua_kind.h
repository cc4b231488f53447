/* Tells what a block is to Lua 5.1 by looking at it in the call that follows its making: by then it
 * is what it will be. */
#ifndef LUA_KIND_H
#define LUA_KIND_H

#include "../host.h"
#include "lua_layout.h"
#include "lua_protos.h"

enum { LUA_STATES_MAXIMUM = 16 };

/* All pointers are to blocks that live. */
struct lua_kinds {
    struct lua_protos protos;
    const struct lua_main *states[LUA_STATES_MAXIMUM]; /* newest last */
    size_t state_count;
    const struct lua_thread *thread; /* the newest: its stacks are about to be made */
};

/* The call that follows. */
struct lua_next_call {
    const void *block;
    size_t old_size, new_size;
};

/* Fills a new block's start with what no object has there, so that what it held before does not
 * count. */
void lua_kind_blur(void *block, size_t bytes);

/* What a block is that lua_kind_blur has seen and that Lua may have filled since. Reads no byte
 * outside the block and those that it has judged before; remembers what may own blocks to come. */
enum block_kind lua_kind_judge(struct lua_kinds *kinds, const void *block, size_t bytes,
                               const struct lua_next_call *next);

/* To be told before a block that was judged is resized or freed. */
void lua_kind_change(struct lua_kinds *kinds, const void *block, size_t old_size, size_t new_size);

#endif
