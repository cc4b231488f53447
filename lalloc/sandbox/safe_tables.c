/* Functions of tables whose work does not show in the instructions of their caller: sort compares
 * in C, of two million-byte strings perhaps, up to the square of the length times; insert moves as
 * many elements as its position says, be it -2^31; foreach may call itself for each key of a table
 * whose keys are tables, 2^200 times in all. */
#include <lauxlib.h>
#include <stdbool.h>

#include "sandbox_inner.h"

enum { BYTES_AN_INSTRUCTION = 32 };

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
    if (lua_gettop(L) != 3) return lua_tocfunction(L, lua_upvalueindex(1))(L);
    int position = luaL_checkint(L, 2);
    for (int i = (int)lua_objlen(L, 1) + 1; i > position; i--) {
        sandbox_charge(L, 1);
        lua_rawgeti(L, 1, i - 1);
        lua_rawseti(L, 1, i);
    }
    lua_rawseti(L, 1, position);
    return 0;
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

/* The sum is made where 2^32 results cannot make it overflow. */
static int unpack(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    int first = luaL_optint(L, 2, 1);
    int last = lua_isnoneornil(L, 3) ? (int)lua_objlen(L, 1) : luaL_checkint(L, 3);
    int64_t count = (int64_t)last - first + 1;
    if (count <= 0) return 0;
    if (count >= LUAI_MAXCSTACK || !lua_checkstack(L, (int)count)) {
        return luaL_error(L, "too many results to unpack");
    }
    sandbox_charge(L, (uint64_t)count);
    for (int64_t i = first; i <= last; i++) lua_rawgeti(L, 1, (int)i);
    return (int)count;
}

/* ---- going through all elements */

/* Calls the function at 2 with the key and the value on top, which stay. Whether it answered; the
 * answer is on top then. */
static bool answers(lua_State *L)
{
    sandbox_charge(L, 2);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -3);
    lua_pushvalue(L, -3);
    lua_call(L, 2, 1);
    if (!lua_isnil(L, -1)) return true;
    lua_pop(L, 1);
    return false;
}

static int for_each(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        if (answers(L)) return 1;
    }
    return 0;
}

static int for_each_index(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    int length = (int)lua_objlen(L, 1);
    for (int i = 1; i <= length; i++) {
        lua_pushinteger(L, i);
        lua_rawgeti(L, 1, i);
        if (answers(L)) return 1;
        lua_pop(L, 2);
    }
    return 0;
}

static int greatest_index(lua_State *L)
{
    lua_Number greatest = 0;
    luaL_checktype(L, 1, LUA_TTABLE);
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        sandbox_charge(L, 1);
        bool is_greater = lua_type(L, -2) == LUA_TNUMBER && lua_tonumber(L, -2) > greatest;
        if (is_greater) greatest = lua_tonumber(L, -2);
    }
    lua_pushnumber(L, greatest);
    return 1;
}

static const luaL_Reg functions[] = {
    {"sort", sort},           {"insert", insert},    {"remove", remove_element},
    {"concat", concatenate},  {"foreach", for_each}, {"foreachi", for_each_index},
    {"maxn", greatest_index}, {NULL, NULL},
};

/* Each has Lua's own as its upvalue, needed or not. */
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
