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

static void expect_of(size_t bytes, const char *place, const char *script)
{
    begin();
    lua_register(subject.L, "watched", watched);
    subject.watched_bytes = bytes;
    assert_int_equal(luaL_loadbuffer(subject.L, script, strlen(script), "@script.lua"), 0);
    assert_int_equal(lua_pcall(subject.L, 0, 0, 0), 0);
    assert_string_equal(subject.last, place);
    end();
}

static void expect(const char *place, const char *script)
{
    expect_of(5000 + sizeof(struct lua_userdata), place, script);
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

/* The message is a block of its own, made while a thread that was not entered stands where one that
 * was would stand. */
static void expect_refusal(const char *why, const char *place, const char *script)
{
    expect_of(strlen(why) + 1 + sizeof(struct lua_string), place, script);
}

static void test_refused_resumes_enter_nothing(void **state)
{
    (void)state;
    alarm(60); /* to follow threads in a circle would take for ever */
    expect_refusal("cannot resume running coroutine", "script.lua:3",
                   "local f\nf = coroutine.wrap(function()\npcall(f)\nend) f()");
    expect_refusal("cannot resume running coroutine", "script.lua:3",
                   "local a\na = coroutine.create(function()\ncoroutine.resume(a)\nend)\n"
                   "coroutine.resume(a)");
    expect_refusal("cannot resume normal coroutine", "script.lua:3",
                   "local a, b\na = coroutine.create(function()\ncoroutine.resume(b) end)\n"
                   "b = coroutine.create(function() coroutine.resume(a) end)\n"
                   "coroutine.resume(b)");
    expect_refusal("cannot resume dead coroutine", "script.lua:3",
                   "local a = coroutine.create(function()\nend) coroutine.resume(a)\n"
                   "coroutine.resume(a)");
    alarm(0);
}

enum { THREADS = 60, DEPTH = 40 };

/* On a stack that keeps them past its top. */
static int leave_threads(lua_State *L)
{
    luaL_checkstack(L, THREADS, "");
    for (int i = 0; i < THREADS; i++) lua_newthread(L);
    return 0;
}

/* Its argument is coroutine.resume. */
static int resume_nothing(lua_State *L)
{
    luaL_checkstack(L, THREADS, "");
    lua_settop(L, DEPTH);
    lua_pushvalue(L, 1);
    assert_int_equal(((const struct lua_thread *)L)->top->type, LUA_TYPE_THREAD);
    assert_int_equal(lua_pcall(L, 0, 0, 0), LUA_ERRRUN);
    return 0;
}

/* Address sanitizer sees the reading of one that was freed. */
static void test_a_resume_of_nothing_finds_no_thread_that_was(void **state)
{
    (void)state;
    begin();
    lua_register(subject.L, "leave_threads", leave_threads);
    lua_register(subject.L, "resume_nothing", resume_nothing);
    lua_gc(subject.L, LUA_GCSTOP, 0);
    assert_int_equal(luaL_dostring(subject.L, "leave_threads() collectgarbage()\n"
                                              "resume_nothing(coroutine.resume)"),
                     0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_full_stack_is_left_as_it_is),
        cmocka_unit_test(test_lines_are_found),
        cmocka_unit_test(test_lines_in_coroutines_are_found),
        cmocka_unit_test(test_refused_resumes_enter_nothing),
        cmocka_unit_test(test_a_resume_of_nothing_finds_no_thread_that_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
