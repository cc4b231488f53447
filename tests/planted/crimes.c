/* A Lua module that breaks each rule of memory once, as a C module with a bug would. */
#include <lauxlib.h>
#include <lua.h>

enum { BYTES = 40 };

static lua_Alloc resize;
static void *heap;

static char *make(void)
{
    return resize(heap, NULL, 0, BYTES);
}

static void drop(void *block, size_t bytes)
{
    resize(heap, block, bytes, 0);
}

static int overflow(lua_State *L)
{
    char *block = make();
    block[BYTES + 3] = 1;
    drop(block, BYTES);
    return (void)L, 0;
}

static int underflow(lua_State *L)
{
    char *block = make();
    block[-5] = 1;
    drop(block, BYTES);
    return (void)L, 0;
}

static int twice(lua_State *L)
{
    char *block = make();
    drop(block, BYTES);
    drop(block, BYTES);
    return (void)L, 0;
}

static int interior(lua_State *L)
{
    char *block = make();
    drop(block + 8, BYTES - 8);
    drop(block, BYTES);
    return (void)L, 0;
}

static int wild(lua_State *L)
{
    static char never_handed_out[64];
    drop(never_handed_out, sizeof never_handed_out);
    return (void)L, 0;
}

static int after(lua_State *L)
{
    char *block = make();
    drop(block, BYTES);
    block[7] = 7;
    return (void)L, 0;
}

static int size(lua_State *L)
{
    drop(make(), BYTES + 1);
    return (void)L, 0;
}

static int resurrect(lua_State *L)
{
    char *block = make();
    drop(block, BYTES);
    lua_pushboolean(L, resize(heap, block, BYTES, 2 * BYTES) != NULL);
    return 1;
}

static int leak(lua_State *L)
{
    return (void)L, (void)make(), 0;
}

/* What Lua still uses. */
static int steal(lua_State *L)
{
    drop((void *)lua_topointer(L, 1), 64);
    return 0;
}

static const luaL_Reg functions[] = {
    {"overflow", overflow},
    {"underflow", underflow},
    {"twice", twice},
    {"after", after},
    {"interior", interior},
    {"wild", wild},
    {"resurrect", resurrect},
    {"size", size},
    {"leak", leak},
    {"steal", steal},
    {NULL, NULL},
};

int luaopen_crimes(lua_State *L);

int luaopen_crimes(lua_State *L)
{
    resize = lua_getallocf(L, &heap);
    luaL_register(L, "crimes", functions);
    return 1;
}
