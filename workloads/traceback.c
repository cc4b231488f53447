/* Level 2 leaves out this function and the one that raised the error. */
#include "traceback.h"

int traceback_add(lua_State *L)
{
    if (!lua_isstring(L, 1)) return 1;
    lua_getfield(L, LUA_GLOBALSINDEX, "debug");
    if (!lua_istable(L, -1)) return lua_pop(L, 1), 1;
    lua_getfield(L, -1, "traceback");
    if (!lua_isfunction(L, -1)) return lua_pop(L, 2), 1;
    lua_pushvalue(L, 1);
    lua_pushinteger(L, 2);
    lua_call(L, 2, 1);
    return 1;
}
