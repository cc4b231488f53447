/* A Lua state as the host of the heap it runs on: schedules its collections, knows its lines, walks
 * its objects. See ../allocators/host.h. */
#ifndef LUA_HOST_H
#define LUA_HOST_H

#include <lua.h>

#include "../allocators/spec.h"
#include "lua_line.h"

struct lua_host {
    struct heap *heap;
    lua_State *L;        /* the main state */
    int step_multiplier; /* to be set again after a collection that was asked for; -1: none */
    lua_CFunction resume, wrap; /* how coroutines are entered, to find the one that runs */
    struct lua_lines lines;
};

/* host is zeroed at first. The state must be complete (lua_newstate has returned) and stand on the
 * heap. Call it again after luaL_openlibs, so that lines of coroutines are found. The host must
 * stay where it is until lua_host_detach. Costs the state one C closure, soon garbage. */
void lua_host_attach(struct lua_host *host, struct heap *heap, lua_State *L);

/* The part of it that costs the state nothing, for heaps without wrappers: the host tells what the
 * collector is at, where the state is one whose layout is known. */
void lua_host_watch(struct lua_host *host, struct heap *heap, lua_State *L);

/* luaL_openlibs as the standalone interpreter does: the collector stands still meanwhile. */
void lua_host_open_libraries(lua_State *L);

/* Before lua_close, which takes apart what the answers come from. The heap goes back to the
 * standard host; where the state's step multiplier was changed, it is set again. */
void lua_host_detach(struct lua_host *host);

#endif
