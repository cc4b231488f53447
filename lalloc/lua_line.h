/* The line that runs in a Lua state, read where Lua keeps it: in a tenth of the instructions that
 * lua_getinfo takes, which makes the name of the source anew each time. */
#ifndef LUA_LINE_H
#define LUA_LINE_H

#include <lua.h>

#include "../allocators/host.h"

enum { LINE_SOURCES = 16, LINE_CHUNK_BYTES = 128 };

/* Names of sources as lua_getinfo has given them. Starts as zeros. */
struct lua_lines {
    bool is_known; /* the state is laid out as lua_layout.h says */
    struct lua_source {
        size_t length;
        char chunk[LINE_CHUNK_BYTES]; /* what the source was compiled under */
        char name[LUA_IDSIZE];        /* how that is told */
    } sources[LINE_SOURCES];
};

/* Finds out whether the state can be read. Not to be called from within the allocator. */
void lua_lines_attach(struct lua_lines *lines, lua_State *L);

/* Of the innermost function, or of its caller where that is a C function: the line, where it can be
 * told so. `resume` and `wrap` are functions that have entered another state: never told. The text
 * lives until the next call. */
bool lua_lines_find(struct lua_lines *lines, lua_State *L, lua_CFunction resume, lua_CFunction wrap,
                    struct place *out);

/* The state that the innermost function of this one has entered, as `resume` or as what `wrap`
 * makes; NULL when it has not, or cannot be read. */
lua_State *lua_lines_entered(const struct lua_lines *lines, lua_State *L, lua_CFunction resume,
                             lua_CFunction wrap);

/* lua_getinfo has answered this of a function of Lua, the name of its source included. */
void lua_lines_learn(struct lua_lines *lines, lua_State *L, const lua_Debug *answer);

#endif
