/* What the tests of the public library share. */
#ifndef LALLOC_TEST_H
#define LALLOC_TEST_H

#include "heap_test.h"

#include <lauxlib.h>

#include "../lalloc/lalloc.h"

static char error[LALLOC_ERROR_BYTES];

static inline struct lalloc_statistics figures_of(const struct lalloc_heap *heap)
{
    struct lalloc_statistics figures;
    lalloc_statistics(heap, &figures);
    return figures;
}

static inline size_t counted(lua_State *L)
{
    return (size_t)lua_gc(L, LUA_GCCOUNT, 0) * 1024 + (size_t)lua_gc(L, LUA_GCCOUNTB, 0);
}

static inline void run(lua_State *L, const char *script)
{
    if (luaL_dostring(L, script)) fail_msg("%s", lua_tostring(L, -1));
}

#endif
