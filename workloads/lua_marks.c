/* Each function of the module holds its heap as an upvalue, so that nothing is looked up by name
 * when it is called, and calling it takes no memory. */
#include "lua_marks.h"

#include <fcntl.h>
#include <lauxlib.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char module_name[] = "heapbench";

bool lua_marks_named_in(const char *text, size_t length)
{
    return memmem(text, length, module_name, strlen(module_name)) != NULL;
}

bool lua_marks_named_in_file(const char *path)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    size_t length = fstat(file, &status) || !S_ISREG(status.st_mode) ? 0 : (size_t)status.st_size;
    char *text = length ? mmap(NULL, length, PROT_READ, MAP_PRIVATE, file, 0) : MAP_FAILED;
    close(file);
    if (text == MAP_FAILED) return false;
    bool is_named = lua_marks_named_in(text, length);
    munmap(text, length);
    return is_named;
}

static int tell(lua_State *L, enum heap_mark mark)
{
    lua_Number number = luaL_checknumber(L, 1);
    bool is_whole = number >= 0 && number <= UINT32_MAX && number == (lua_Number)(uint32_t)number;
    luaL_argcheck(L, is_whole, 1, "a whole number from 0 to 4294967295 is wanted");
    heap_mark(lua_touserdata(L, lua_upvalueindex(1)), mark, (size_t)number);
    return 0;
}

static int frame(lua_State *L)
{
    return tell(L, HEAP_FRAME);
}

static int phase(lua_State *L)
{
    return tell(L, HEAP_PHASE);
}

static void add(lua_State *L, const char *name, lua_CFunction function)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
}

static int load(lua_State *L)
{
    lua_newtable(L);
    add(L, "frame", frame);
    add(L, "phase", phase);
    return 1;
}

void lua_marks_open(lua_State *L, const struct heap *heap)
{
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "preload");
    lua_pushlightuserdata(L, (void *)(uintptr_t)heap);
    lua_pushcclosure(L, load, 1);
    lua_setfield(L, -2, module_name);
    lua_pop(L, 2);
}
