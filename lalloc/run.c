/* Protected calls that survive a full heap.
 *
 * Lua 5.1 collects nothing when its allocator refuses: it raises LUA_ERRMEM. What to do about it
 * must itself not need memory outside a protected call, so two functions wait in the registry:
 *
 *     stack:  try_twice | attempt | handler | function | arguments ...
 *
 * try_twice calls the function with copies of its arguments, collects in between, and calls again.
 * It stands within a protected call of its own, where growing the stack for the copies may fail.
 */
#include "run.h"

#include <lauxlib.h>
#include <stdbool.h>

#include "handle.h"

enum { ATTEMPT = 1, HANDLER, FUNCTION };

static const char try_key, collect_key;

struct attempt {
    int result_count; /* wanted */
    int status;       /* of the last call */
    bool may_repeat;
};

static int call_copies(lua_State *L, const struct attempt *attempt, int argument_count)
{
    for (int i = 0; i <= argument_count; i++) lua_pushvalue(L, FUNCTION + i);
    int handler = lua_isnil(L, HANDLER) ? 0 : HANDLER;
    return lua_pcall(L, argument_count, attempt->result_count, handler);
}

static int try_twice(lua_State *L)
{
    struct attempt *attempt = lua_touserdata(L, ATTEMPT);
    int top = lua_gettop(L), argument_count = top - FUNCTION;
    luaL_checkstack(L, argument_count + 1, "too many arguments");
    attempt->status = call_copies(L, attempt, argument_count);
    if (attempt->status == LUA_ERRMEM && attempt->may_repeat) {
        lua_settop(L, top);
        lua_gc(L, LUA_GCCOLLECT, 0);
        attempt->status = call_copies(L, attempt, argument_count);
    }
    return attempt->status ? lua_error(L) : lua_gettop(L) - top;
}

static int collect(lua_State *L)
{
    lua_gc(L, LUA_GCCOLLECT, 0);
    return 0;
}

static void enter(lua_State *L, const char *key, lua_CFunction function)
{
    lua_pushlightuserdata(L, (void *)key);
    lua_pushcfunction(L, function);
    lua_rawset(L, LUA_REGISTRYINDEX);
}

void run_register(lua_State *L)
{
    enter(L, &try_key, try_twice);
    enter(L, &collect_key, collect);
}

static void push_entered(lua_State *L, const char *key)
{
    lua_pushlightuserdata(L, (void *)key);
    lua_rawget(L, LUA_REGISTRYINDEX);
}

/* Finalizers may raise errors of their own, which are nobody's here. */
static void collect_protected(lua_State *L)
{
    push_entered(L, &collect_key);
    if (lua_pcall(L, 0, 0, 0)) lua_pop(L, 1);
}

int lalloc_run(struct lalloc_heap *heap, lua_State *L, int nargs, int nresults, int handler,
               enum lalloc_again again)
{
    (void)heap;
    struct attempt attempt = {.result_count = nresults, .may_repeat = again == LALLOC_REPEAT};
    int function = lua_gettop(L) - nargs;
    if (handler) lua_pushvalue(L, handler);
    else lua_pushnil(L);
    lua_insert(L, function);
    lua_pushlightuserdata(L, &attempt);
    lua_insert(L, function);
    push_entered(L, &try_key);
    lua_insert(L, function);
    int status = lua_pcall(L, nargs + 3, nresults, 0);
    if (status && attempt.status) status = attempt.status;
    if (status == LUA_ERRMEM) collect_protected(L);
    return status;
}
