/* The module by which a script tells its heap where it is:
 *
 *     local heapbench = require "heapbench"
 *     heapbench.frame(n)    frame or request n begins
 *     heapbench.phase(n)    part n of the program begins
 *
 * n is a whole number below 2^32. The module is there for scripts whose text has its name alone:
 * the calls of all others stay as they are under any interpreter.
 */
#ifndef LUA_MARKS_H
#define LUA_MARKS_H

#include <lua.h>

#include "../allocators/spec.h"

/* Whether the text names the module; of a file that cannot be read, false. */
bool lua_marks_named_in(const char *text, size_t length);
bool lua_marks_named_in_file(const char *path);

/* Puts the module into package.preload; the heap outlives the state. The libraries are open. May
 * raise Lua's errors (no memory): call it protected. */
void lua_marks_open(lua_State *L, const struct heap *heap);

#endif
