/* Functions of tables whose work does not show in the instructions of their caller: sort compares
 * in C, of two million-byte strings perhaps, up to the square of the length times; insert moves as
 * many elements as its position says, be it -2^31. */
#include <lauxlib.h>

#include "sandbox_inner.h"

enum { RESULTS_MAXIMUM = 7000, BYTES_AN_INSTRUCTION = 32 };

/* ---- sort */

static int is_less(lua_State *L)
{
    size_t shorter = 0;
    if (lua_type(L, 1) == LUA_TSTRING && lua_type(L, 2) == LUA_TSTRING) {
        size_t first = lua_objlen(L, 1), second = lua_objlen(L, 2);
        shorter = first < second ? first : second;
    }
    sandbox_charge(L, 4 + shorter / BYTES_AN_INSTRUCTION);
    lua_pushboolean(L, lua_lessthan(L, 1, 2));
    return 1;
}

/* Of a comparator that is written in C. */
static int compare_counted(lua_State *L)
{
    sandbox_charge(L, 8);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

static int sort(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    bool is_in_c = lua_iscfunction(L, 2);
    if (is_in_c) lua_pushcclosure(L, compare_counted, 1); /* in the place of its upvalue */
    else if (lua_isnil(L, 2)) lua_pushcfunction(L, is_less), lua_replace(L, 2);
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* ---- moving elements */

static int insert(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    if (lua_gettop(L) == 3) {
        double moved = (double)lua_objlen(L, 1) - luaL_checkint(L, 2);
        if (moved > 0) sandbox_charge(L, (uint64_t)moved);
    }
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

static int remove_element(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Number length = (lua_Number)lua_objlen(L, 1), position = luaL_optnumber(L, 2, length);
    if (position >= 1 && position < length) sandbox_charge(L, (uint64_t)(length - position));
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* What it joins may be empty strings, any number of them. */
static int concatenate(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    sandbox_charge(L, lua_objlen(L, 1));
    int count = lua_tocfunction(L, lua_upvalueindex(1))(L);
    sandbox_charge(L, lua_objlen(L, -1) / BYTES_AN_INSTRUCTION);
    return count;
}

/* The bound is checked before 2^31 results can make its arithmetic overflow. */
static int unpack(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Number first = luaL_optnumber(L, 2, 1);
    lua_Number last = luaL_optnumber(L, 3, (lua_Number)lua_objlen(L, 1));
    if (!(last - first < RESULTS_MAXIMUM)) return luaL_error(L, "too many results to unpack");
    int from = luaL_optint(L, 2, 1), count = (int)(last - first) + 1;
    if (count <= 0) return 0;
    luaL_checkstack(L, count, "too many results to unpack");
    sandbox_charge(L, (uint64_t)count);
    for (int i = 0; i < count; i++) lua_rawgeti(L, 1, (int)((unsigned)from + (unsigned)i));
    return count;
}

static const luaL_Reg functions[] = {
    {"sort", sort},          {"insert", insert}, {"remove", remove_element},
    {"concat", concatenate}, {NULL, NULL},
};

/* Each has Lua's own as its upvalue. */
void safe_tables_open(lua_State *L)
{
    lua_getglobal(L, "table");
    for (const luaL_Reg *function = functions; function->name; function++) {
        lua_getfield(L, -1, function->name);
        lua_pushcclosure(L, function->func, 1);
        lua_setfield(L, -2, function->name);
    }
    lua_pop(L, 1);
    lua_pushcfunction(L, unpack);
    lua_setglobal(L, "unpack");
}
