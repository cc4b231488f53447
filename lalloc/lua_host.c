/* All of this runs inside lua_Alloc, where almost nothing of Lua may be called. What is legal:
 *
 *   collecting  lua_gc(SETSTEPMUL) and lua_gc(RESTART) store integers and nothing else. With a step
 *               multiplier of 0 the next step of the collector has no bound: it is a full cycle.
 *   locating    lua_getstack and lua_getinfo read the state, as long as the latter is not asked to
 *               push the function: that makes a full stack grow.
 *
 * The line is that of the last instruction that could fail: Lua 5.1 notes its place before those
 * alone, so that a table constructor may be told with the line of the call before it.
 */
#include "lua_host.h"

#include <lauxlib.h>
#include <lualib.h>

#include "lua_heap.h"

enum { LEVELS_MAXIMUM = 16 };

static void collect(void *program, bool is_wanted)
{
    struct lua_host *host = program;
    if (is_wanted) {
        int before = lua_gc(host->L, LUA_GCSETSTEPMUL, 0);
        if (before != 0) host->step_multiplier = before;
        lua_gc(host->L, LUA_GCRESTART, 0);
    } else if (host->step_multiplier >= 0) {
        int before = lua_gc(host->L, LUA_GCSETSTEPMUL, host->step_multiplier);
        if (before != 0) lua_gc(host->L, LUA_GCSETSTEPMUL, before); /* the script's own wish */
        host->step_multiplier = -1;
    }
}

/* The nearest line up the stack; C functions have none. */
static bool locate_in(const struct lua_host *host, lua_State **L, lua_Debug *frame)
{
    for (int level = 0; level < LEVELS_MAXIMUM && lua_getstack(*L, level, frame); level++) {
        lua_getinfo(*L, "Sl", frame);
        if (frame->currentline > 0) return true;
        if (level > 0) continue;
        lua_State *entered = lua_lines_entered(&host->lines, *L, host->resume, host->wrap);
        if (!entered || !lua_getstack(entered, 0, frame)) continue;
        *L = entered;
        level = -1;
    }
    return false;
}

static bool locate(void *program, struct place *out)
{
    static _Thread_local lua_Debug frame; /* its short_src outlives the call */
    struct lua_host *host = program;
    lua_State *L = host->L;
    if (lua_lines_find(&host->lines, L, host->resume, host->wrap, out)) return true;
    if (!locate_in(host, &L, &frame)) return false;
    lua_lines_learn(&host->lines, L, &frame);
    *out = (struct place){frame.short_src, frame.currentline};
    return true;
}

static bool walk(void *program, size_t bytes_of_kind[KIND_COUNT])
{
    struct lua_host *host = program;
    return lua_heap_walk(host->L, bytes_of_kind);
}

static enum collector_phase tell_collector(void *program)
{
    return lua_heap_collector(((const struct lua_host *)program)->L);
}

/* What coroutine.resume is, and what coroutine.wrap returns; NULL where there is no such library
 * or no memory to find out. */
static int find_entries(lua_State *L)
{
    struct lua_host *host = lua_touserdata(L, 1);
    lua_getglobal(L, "coroutine");
    if (!lua_istable(L, -1)) return 0;
    lua_getfield(L, -1, "resume");
    host->resume = lua_tocfunction(L, -1);
    lua_getfield(L, -2, "wrap");
    if (luaL_loadstring(L, "")) return 0; /* only functions of Lua can be wrapped */
    if (lua_pcall(L, 1, 1, 0) == 0) host->wrap = lua_tocfunction(L, -1);
    return 0;
}

void lua_host_watch(struct lua_host *host, struct heap *heap, lua_State *L)
{
    struct host surroundings = *heap->host;
    *host = (struct lua_host){.heap = heap, .L = L, .step_multiplier = -1};
    surroundings.program = host;
    surroundings.collector = lua_heap_is_known(L) ? tell_collector : NULL;
    heap_surround(heap, &surroundings);
}

void lua_host_attach(struct lua_host *host, struct heap *heap, lua_State *L)
{
    struct host surroundings = *heap->host;
    bool is_again = host->heap == heap && host->L == L;
    int step_multiplier = is_again ? host->step_multiplier : -1;
    *host = (struct lua_host){.heap = heap, .L = L, .step_multiplier = step_multiplier};
    if (lua_cpcall(L, find_entries, host)) lua_pop(L, 1);
    lua_lines_attach(&host->lines, L);
    surroundings.program = host;
    /* LuaJIT crashes when a full cycle begins in compiled code. */
    surroundings.collect = lua_heap_is_known(L) ? collect : NULL;
    surroundings.locate = locate;
    surroundings.walk = walk;
    surroundings.collector = lua_heap_is_known(L) ? tell_collector : NULL;
    heap_surround(heap, &surroundings);
}

void lua_host_detach(struct lua_host *host)
{
    struct host surroundings = *host->heap->host;
    collect(host, false);
    surroundings.collect = NULL;
    surroundings.locate = NULL;
    surroundings.walk = NULL;
    surroundings.collector = NULL;
    heap_surround(host->heap, &surroundings);
}

void lua_host_open_libraries(lua_State *L)
{
    lua_gc(L, LUA_GCSTOP, 0);
    luaL_openlibs(L);
    lua_gc(L, LUA_GCRESTART, 0);
}
