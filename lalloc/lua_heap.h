/* A walk over all objects of a Lua 5.1 state. */
#ifndef LUA_HEAP_H
#define LUA_HEAP_H

#include <lua.h>

#include "../allocators/host.h"

/* Bytes of every block that the state holds, by what it belongs to; their sum is what Lua counts.
 * Takes no memory. False for what is no unchanged Lua 5.1 of this ABI (LuaJIT). Not to be called
 * from within the allocator. */
bool lua_heap_walk(lua_State *L, size_t bytes_of_kind[KIND_COUNT]);

/* The same without the bytes that no object owns, which the walk puts under KIND_OTHER: 0, but
 * for the buffers of compilations that wait for a reader written in Lua. */
bool lua_heap_walk_objects(lua_State *L, size_t bytes_of_kind[KIND_COUNT], size_t *unowned_bytes);

/* Whether the state is one that can be walked, of the layout in profile/lua_layout.h. Not to be
 * called from within the allocator. */
bool lua_heap_is_known(lua_State *L);

/* What the collector of a state that is known is at: one load, also from within the allocator. */
enum collector_phase lua_heap_collector(lua_State *L);

#endif
