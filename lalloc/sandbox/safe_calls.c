/* pcall, xpcall and coroutines that hand on the end of a budget instead of catching it, and that
 * pay for every coroutine they make.
 *
 * Lua runs no hooks while a handler of xpcall does, if the error came from a hook: handlers are
 * therefore called after the stack is unwound, where they are counted as anything is. */
#include <lauxlib.h>

#include "sandbox_inner.h"

/* LuaJIT has none, and counts so by itself. */
#pragma weak lua_setlevel

static int call_protected(lua_State *L)
{
    luaL_checkany(L, 1);
    int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
    if (status) sandbox_pass_end(L);
    lua_pushboolean(L, status == 0);
    lua_insert(L, 1);
    return lua_gettop(L);
}

/* As in Lua, running out of memory is not shown to the handler. */
static int call_with_handler(lua_State *L)
{
    luaL_checkany(L, 2);
    lua_settop(L, 2);
    lua_insert(L, 1); /* the handler stays below */
    int status = lua_pcall(L, 0, LUA_MULTRET, 0);
    if (status) sandbox_pass_end(L);
    if (status && status != LUA_ERRMEM) {
        lua_pushvalue(L, 1);
        lua_insert(L, -2);
        if (lua_pcall(L, 1, 1, 0)) sandbox_pass_end(L);
    }
    lua_pushboolean(L, status == 0);
    lua_replace(L, 1);
    return lua_gettop(L);
}

/* ---- coroutines */

static int create(lua_State *L)
{
    luaL_argcheck(L, lua_isfunction(L, 1) && !lua_iscfunction(L, 1), 1, "Lua function expected");
    lua_State *thread = lua_newthread(L);
    sandbox_begin_thread(L, thread);
    lua_pushvalue(L, 1);
    lua_xmove(L, thread, 1);
    return 1;
}

/* Why it cannot be resumed, or NULL. */
static const char *obstacle(lua_State *L, lua_State *thread)
{
    lua_Debug frame;
    int status = lua_status(thread);
    if (thread == L) return "running";
    if (status == LUA_YIELD) return NULL;
    if (status == 0 && lua_getstack(thread, 0, &frame)) return "normal";
    return status != 0 || lua_gettop(thread) == 0 ? "dead" : NULL;
}

/* Moves the arguments on top there and the results, or the error, here. How many; -1: an error. */
static int resume_thread(lua_State *L, lua_State *thread, int argument_count)
{
    const char *why_not = obstacle(L, thread);
    if (why_not) return lua_pushfstring(L, "cannot resume %s coroutine", why_not), -1;
    if (!lua_checkstack(thread, argument_count)) luaL_error(L, "too many arguments to resume");
    lua_xmove(L, thread, argument_count);
    if (lua_setlevel) lua_setlevel(L, thread); /* calls of C are counted across coroutines */
    int status = lua_resume(thread, argument_count);
    if (status != 0 && status != LUA_YIELD) {
        sandbox_pass_end(L);
        lua_xmove(thread, L, 1);
        return -1;
    }
    int result_count = lua_gettop(thread);
    if (!lua_checkstack(L, result_count + 1)) luaL_error(L, "too many results to resume");
    lua_xmove(thread, L, result_count);
    return result_count;
}

static int resume(lua_State *L)
{
    lua_State *thread = lua_tothread(L, 1);
    luaL_argcheck(L, thread, 1, "coroutine expected");
    int count = resume_thread(L, thread, lua_gettop(L) - 1);
    lua_pushboolean(L, count >= 0);
    if (count < 0) count = 1;
    lua_insert(L, -(count + 1));
    return count + 1;
}

static int resume_wrapped(lua_State *L)
{
    lua_State *thread = lua_tothread(L, lua_upvalueindex(1));
    int count = resume_thread(L, thread, lua_gettop(L));
    if (count >= 0) return count;
    if (lua_status(thread) != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int wrap(lua_State *L)
{
    create(L);
    lua_pushcclosure(L, resume_wrapped, 1);
    return 1;
}

static const luaL_Reg call_functions[] = {
    {"pcall", call_protected},
    {"xpcall", call_with_handler},
    {NULL, NULL},
};

static const luaL_Reg coroutine_functions[] = {
    {"create", create},
    {"resume", resume},
    {"wrap", wrap},
    {NULL, NULL},
};

void safe_calls_open(lua_State *L)
{
    lua_pushvalue(L, LUA_GLOBALSINDEX);
    luaL_register(L, NULL, call_functions);
    lua_getglobal(L, "coroutine");
    luaL_register(L, NULL, coroutine_functions);
    lua_pop(L, 2);
}
