/* The error handler of every Lua state here. */
#ifndef TRACEBACK_H
#define TRACEBACK_H

#include <lua.h>

/* A lua_CFunction for lua_pcall: adds a traceback to a message that is text, as the standalone
 * interpreter does; leaves it as it is where the script took debug.traceback away. */
int traceback_add(lua_State *L);

#endif
