/* It does what `lua5.1 SCRIPT ARGS` does, the name in its messages included, so that outputs can be
 * compared byte for byte. */
#include "interpreter.h"

#include <lauxlib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../lalloc/inspection.h"
#include "../../workloads/lua_marks.h"
#include "../../workloads/traceback.h"

static const char program_name[] = "lua5.1";
static lua_State *running_state;

static void print_message(const char *message)
{
    fprintf(stderr, "%s: %s\n", program_name, message);
    fflush(stderr);
}

static void stop_at_hook(lua_State *L, lua_Debug *where)
{
    (void)where;
    lua_sethook(L, NULL, 0, 0);
    luaL_error(L, "interrupted!");
}

/* A second interrupt ends the process: the script may never reach a hook. */
static void stop_at_signal(int number)
{
    signal(number, SIG_DFL);
    lua_sethook(running_state, stop_at_hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
}

static int call(lua_State *L, int argument_count, int result_count)
{
    int base = lua_gettop(L) - argument_count;
    lua_pushcfunction(L, traceback_add);
    lua_insert(L, base);
    running_state = L;
    signal(SIGINT, stop_at_signal);
    int status = lua_pcall(L, argument_count, result_count, base);
    signal(SIGINT, SIG_DFL);
    lua_remove(L, base);
    if (status) lua_gc(L, LUA_GCCOLLECT, 0);
    return status;
}

static int report_error(lua_State *L, int status)
{
    if (status && !lua_isnil(L, -1)) {
        const char *message = lua_tostring(L, -1);
        print_message(message ? message : "(error object is not a string)");
        lua_pop(L, 1);
    }
    return status;
}

/* LUA_INIT holds Lua text, or a file's name after an @. */
static int run_init(lua_State *L)
{
    const char *init = getenv("LUA_INIT");
    if (!init) return 0;
    int status = *init == '@' ? luaL_loadfile(L, init + 1)
                              : luaL_loadbuffer(L, init, strlen(init), "=LUA_INIT");
    return report_error(L, status ? status : call(L, 0, 0));
}

/* Pushes what the script is given, and sets `arg`: the script at 0, the interpreter at -1. */
static int push_arguments(lua_State *L, const struct interpreter *interpreter)
{
    int count = interpreter->argument_count - 1;
    luaL_checkstack(L, count + 3, "too many arguments to script");
    for (int i = 1; i <= count; i++) lua_pushstring(L, interpreter->arguments[i]);
    lua_createtable(L, count, 2);
    lua_pushstring(L, program_name);
    lua_rawseti(L, -2, -1);
    for (int i = 0; i <= count; i++) {
        lua_pushstring(L, interpreter->arguments[i]);
        lua_rawseti(L, -2, i);
    }
    lua_setglobal(L, "arg");
    return count;
}

static int run_script(lua_State *L, const struct interpreter *interpreter)
{
    const char *script = interpreter->arguments[0];
    int count = push_arguments(L, interpreter);
    int status = luaL_loadfile(L, strcmp(script, "-") ? script : NULL);
    lua_insert(L, -(count + 1));
    if (status == 0) status = call(L, count, LUA_MULTRET);
    else lua_pop(L, count);
    return report_error(L, status);
}

static int run_protected(lua_State *L)
{
    struct interpreter *interpreter = lua_touserdata(L, 1);
    lua_host_open_libraries(L);
    if (interpreter->host) {
        lua_host_attach(interpreter->host, interpreter->host->heap, L); /* now with coroutines */
        lalloc_inspection_open(L, interpreter->host->heap);
    }
    if (interpreter->marked && lua_marks_named_in_file(interpreter->arguments[0])) {
        lua_marks_open(L, interpreter->marked);
    }
    interpreter->is_ready = true;
    interpreter->status = run_init(L);
    if (interpreter->status == 0) interpreter->status = run_script(L, interpreter);
    return 0;
}

int interpreter_run(struct interpreter *interpreter, lua_State *L)
{
    int status = lua_cpcall(L, run_protected, interpreter);
    if (interpreter->is_ready) report_error(L, status);
    return status;
}
