/* What a program in a sandbox finds. Lua's own functions stay where they are sound; those that
 * reach outside are taken away, and those that could work without end, catch what must not be
 * caught, or load bytecode are replaced: calls, strings, tables. Nothing here is in the registry
 * or in an environment that getfenv could lead to. */
#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <string.h>

#include "sandbox_inner.h"

enum { BYTES_AN_INSTRUCTION = 64 }; /* that the collector goes through */

static const char *const removed[] = {"dofile", "loadfile", "require", "module", "newproxy"};

/* ---- print */

static void write_text(struct sandbox *sandbox, const char *text, size_t length)
{
    if (length > sandbox->output_left) {
        length = sandbox->output_left;
        sandbox->is_output_cut = true;
    }
    if (length == 0) return;
    sandbox->output_left -= length;
    sandbox->options.write(sandbox->options.outlet, text, length);
}

/* As in Lua, by whatever the program has made of tostring. */
static const char *push_text(lua_State *L, int index, size_t *length)
{
    lua_getglobal(L, "tostring");
    lua_pushvalue(L, index);
    lua_call(L, 1, 1);
    if (!lua_isstring(L, -1)) luaL_error(L, "'tostring' must return a string to 'print'");
    return lua_tolstring(L, -1, length);
}

static int print(lua_State *L)
{
    struct sandbox *sandbox = sandbox_of(L);
    int count = lua_gettop(L);
    for (int i = 1; i <= count; i++) {
        size_t length;
        const char *text = push_text(L, i, &length);
        sandbox_charge(L, 1 + length / BYTES_AN_INSTRUCTION);
        if (i > 1) write_text(sandbox, "\t", 1);
        write_text(sandbox, text, length);
        lua_pop(L, 1);
    }
    write_text(sandbox, "\n", 1);
    return 0;
}

/* ---- the collector: what could keep it from collecting is the host's affair */

static int collect_garbage(lua_State *L)
{
    static const char *const names[] = {"collect", "count", "step", NULL};
    enum { COLLECT, COUNT } choice = luaL_checkoption(L, 1, "collect", names);
    int amount = luaL_optint(L, 2, 0);
    double kilobytes = lua_gc(L, LUA_GCCOUNT, 0) + lua_gc(L, LUA_GCCOUNTB, 0) / 1024.0;
    if (choice == COUNT) return lua_pushnumber(L, kilobytes), 1;
    sandbox_charge(L, (uint64_t)(kilobytes * 1024 / BYTES_AN_INSTRUCTION));
    if (choice == COLLECT) lua_pushnumber(L, lua_gc(L, LUA_GCCOLLECT, 0));
    else lua_pushboolean(L, lua_gc(L, LUA_GCSTEP, amount < 0 ? 0 : amount));
    return 1;
}

/* ---- random numbers: C's are one sequence for the whole process. xorshift64* (Vigna 2016) */

static double next_random(struct sandbox *sandbox)
{
    uint64_t x = sandbox->random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    sandbox->random = x;
    return (double)((x * 0x2545f4914f6cdd1d) >> 11) * 0x1p-53;
}

static int random_number(lua_State *L)
{
    double number = next_random(sandbox_of(L));
    if (lua_gettop(L) == 0) return lua_pushnumber(L, number), 1;
    if (lua_gettop(L) > 2) return luaL_error(L, "wrong number of arguments");
    bool has_low = lua_gettop(L) > 1;
    double low = has_low ? floor(luaL_checknumber(L, 1)) : 1;
    double high = floor(luaL_checknumber(L, has_low ? 2 : 1));
    luaL_argcheck(L, low <= high, has_low ? 2 : 1, "interval is empty");
    lua_pushnumber(L, low + floor(number * (high - low + 1)));
    return 1;
}

static int seed_random(lua_State *L)
{
    lua_Number seed = luaL_checknumber(L, 1);
    struct sandbox *sandbox = sandbox_of(L);
    memcpy(&sandbox->random, &seed, sizeof sandbox->random);
    sandbox->random |= 1; /* never 0, which it would stay */
    for (int i = 0; i < 8; i++) next_random(sandbox);
    return 0;
}

static const luaL_Reg base_functions[] = {
    {"print", print},    {"collectgarbage", collect_garbage},
    {"load", safe_load}, {"loadstring", safe_load_string},
    {NULL, NULL},
};

static const luaL_Reg math_functions[] = {
    {"random", random_number},
    {"randomseed", seed_random},
    {NULL, NULL},
};

static void open_library(lua_State *L, const char *name, lua_CFunction open)
{
    lua_pushcfunction(L, open);
    lua_pushstring(L, name);
    lua_call(L, 1, 0);
}

void safe_libraries_open(lua_State *L)
{
    open_library(L, "", luaopen_base);
    open_library(L, LUA_STRLIBNAME, luaopen_string);
    open_library(L, LUA_TABLIBNAME, luaopen_table);
    open_library(L, LUA_MATHLIBNAME, luaopen_math);
    for (size_t i = 0; i < sizeof removed / sizeof *removed; i++) {
        lua_pushnil(L);
        lua_setglobal(L, removed[i]);
    }
    lua_pushvalue(L, LUA_GLOBALSINDEX);
    luaL_register(L, NULL, base_functions);
    lua_getglobal(L, LUA_MATHLIBNAME);
    luaL_register(L, NULL, math_functions);
    safe_calls_open(L);
    safe_strings_open(L);
    safe_tables_open(L);
    lua_settop(L, 0);
}
