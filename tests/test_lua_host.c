/* The line that runs is asked for within every call of the heap: it must be right in coroutines,
 * and the question must never call the heap itself. */
#include "heap_test.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "../allocators/profile/lua_layout.h"
#include "../lalloc/lua_host.h"

static struct {
    struct heap *heap;
    struct lua_host host;
    lua_State *L;
    int depth;
    char last[64]; /* "script.lua:3" of the last new block of watched_bytes */
    size_t watched_bytes;
} subject;

static void *resize_and_locate(void *state, void *block, size_t old_size, size_t new_size)
{
    struct place place;
    const struct host *host = subject.heap->host;
    (void)state;
    assert_int_equal(subject.depth++, 0);
    bool is_found = host->locate && host->locate(host->program, &place);
    if (is_found && new_size == subject.watched_bytes) {
        snprintf(subject.last, sizeof subject.last, "%s:%d", place.source, place.line);
    }
    subject.depth--;
    return resize(subject.heap, block, old_size, new_size);
}

static void begin(void)
{
    memset(&subject, 0, sizeof subject);
    subject.heap = open_spec("libc");
    subject.L = lua_newstate(resize_and_locate, NULL);
    luaL_openlibs(subject.L);
    lua_host_attach(&subject.host, subject.heap, subject.L);
}

static void end(void)
{
    lua_host_detach(&subject.host);
    lua_close(subject.L);
    heap_close(subject.heap);
}

/* Leaves less room than lua_getinfo would want for a function that it pushes. */
static int fill_stack(lua_State *L)
{
    const struct lua_thread *thread = (const void *)L;
    int room = (int)(thread->stack_last - thread->top) - 1;
    lua_checkstack(L, room);
    for (int i = 0; i < room; i++) lua_pushnil(L);
    assert_int_equal(thread->stack_last - thread->top, 1);
    lua_newuserdata(L, 10);
    return 0;
}

static int call_from_c(lua_State *L)
{
    lua_pushcfunction(L, fill_stack);
    lua_call(L, 0, 0);
    return 0;
}

static void test_a_full_stack_is_left_as_it_is(void **state)
{
    (void)state;
    begin();
    lua_pushcfunction(subject.L, call_from_c);
    lua_call(subject.L, 0, 0);
    end();
}

static int watched(lua_State *L)
{
    lua_newuserdata(L, 5000);
    return 0;
}

static void expect(const char *place, const char *script)
{
    begin();
    lua_register(subject.L, "watched", watched);
    subject.watched_bytes = 5000 + sizeof(struct lua_userdata);
    assert_int_equal(luaL_loadbuffer(subject.L, script, strlen(script), "@script.lua"), 0);
    assert_int_equal(lua_pcall(subject.L, 0, 0, 0), 0);
    assert_string_equal(subject.last, place);
    end();
}

static void test_lines_are_found(void **state)
{
    (void)state;
    expect("script.lua:2", "local x\nwatched()\nx = 1");
    expect("script.lua:3", "local function f()\n\nwatched() end\nf()");
    expect("script.lua:2", "pcall(function()\nwatched() end)");
}

static void test_lines_in_coroutines_are_found(void **state)
{
    (void)state;
    expect("script.lua:2", "coroutine.wrap(function()\nwatched()\nend)()");
    expect("script.lua:2", "coroutine.resume(coroutine.create(function()\nwatched()\nend))");
    expect("script.lua:3", "coroutine.wrap(function()\ncoroutine.wrap(function()\n"
                           "pcall(watched)\nend)() end)()");
    expect("script.lua:3", "local f = coroutine.wrap(function()\ncoroutine.yield()\nwatched()\n"
                           "end) f() f()");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_full_stack_is_left_as_it_is),
        cmocka_unit_test(test_lines_are_found),
        cmocka_unit_test(test_lines_in_coroutines_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
