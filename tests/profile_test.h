/* A Lua state on a heap with `profile`, and the look that holds all accounts of it against each
 * other. */
#ifndef PROFILE_TEST_H
#define PROFILE_TEST_H

#include "heap_test.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "../allocators/profile/profile.h"
#include "../lalloc/lua_heap.h"

static struct {
    struct heap *heap;
    lua_State *L;
    size_t looks;
} subject;

static inline size_t counted_by_lua(lua_State *L)
{
    return (size_t)lua_gc(L, LUA_GCCOUNT, 0) * 1024 + (size_t)lua_gc(L, LUA_GCCOUNTB, 0);
}

/* Walk, profile, Lua's own count and the heap's must all be one. */
static inline void look(lua_State *L)
{
    size_t bytes[KIND_COUNT], unowned_bytes, sum = 0;
    struct profile_kind kinds[KIND_COUNT];
    assert_true(lua_heap_walk_objects(L, bytes, &unowned_bytes));
    assert_int_equal(unowned_bytes, 0);
    assert_true(profile_read(subject.heap, kinds));
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        sum += bytes[kind];
        if (kinds[kind].live_bytes == bytes[kind]) continue;
        fail_msg("look %zu: %s: profile says %zu bytes, the walk %zu", subject.looks,
                 block_kind_names[kind], kinds[kind].live_bytes, bytes[kind]);
    }
    assert_int_equal(sum, counted_by_lua(L));
    assert_int_equal(sum, totals_of(subject.heap).live_bytes);
    subject.looks++;
}

static inline int look_from_lua(lua_State *L)
{
    look(L);
    return 0;
}

static inline void begin(void)
{
    subject.heap = open_spec("profile+libc");
    subject.L = lua_newstate(subject.heap->resize, subject.heap->state);
    subject.looks = 0;
    assert_non_null(subject.L);
    look(subject.L);
    luaL_openlibs(subject.L);
    look(subject.L);
    lua_register(subject.L, "look", look_from_lua);
}

static inline void end(void)
{
    lua_close(subject.L);
    assert_int_equal(totals_of(subject.heap).live_bytes, 0);
    assert_int_equal(totals_of(subject.heap).live_blocks, 0);
    heap_close(subject.heap);
}

static inline void run(const char *script)
{
    if (luaL_dostring(subject.L, script)) fail_msg("%s", lua_tostring(subject.L, -1));
}

#endif
