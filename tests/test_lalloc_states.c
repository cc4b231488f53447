/* The library's promises on states in a buffer of the caller's, and out of memory. */
#include "lalloc_test.h"

#include <linux/seccomp.h>
#include <lualib.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { BUFFER_BYTES = 128 << 10, CANARY_BYTES = 4096 };

static char area[CANARY_BYTES + BUFFER_BYTES + CANARY_BYTES + 16];

static bool is_inside(const char *block, size_t size, const char *buffer)
{
    return block >= buffer && block + size <= buffer + BUFFER_BYTES;
}

static void assert_canaries(const char *buffer)
{
    for (const char *at = area; at < area + sizeof area; at++) {
        if (!is_inside(at, 1, buffer) && *at != 0x5A) fail_msg("%td", at - buffer);
    }
}

/* To the last byte, in the smallest blocks that there are; and frees them. */
static void fill_rest(struct lalloc_heap *heap, const char *buffer)
{
    char *blocks[64], *block;
    size_t count = 0;
    while ((block = lalloc_resize(heap, NULL, 0, 1))) {
        assert_true(is_inside(block, 1, buffer));
        *block = 1;
        blocks[count++] = block;
    }
    while (count--) lalloc_resize(heap, blocks[count], 1, 0);
}

/* Fills it until it refuses, then all that were given can be freed. */
static void fill(struct lalloc_heap *heap, const char *buffer)
{
    char *blocks[4096];
    size_t count = 0, size = 0;
    for (;; count++) {
        size = 24 + count * 7 % 200;
        blocks[count] = lalloc_resize(heap, NULL, 0, size);
        if (!blocks[count]) break;
        assert_true(is_inside(blocks[count], size, buffer));
        memset(blocks[count], (int)count, size);
    }
    assert_true(count > 800);
    fill_rest(heap, buffer);
    assert_null(lalloc_resize(heap, NULL, 0, BUFFER_BYTES));
    while (count--) lalloc_resize(heap, blocks[count], 24 + count * 7 % 200, 0);
    assert_int_equal(figures_of(heap).live_bytes, 0);
}

static void a_heap_in_a_buffer_stays_there(void **state)
{
    (void)state;
    const char *const specs[] = {"bump",
                                 "frame",
                                 "free-list",
                                 "free-list:policy=tlsf",
                                 "hard-limit+free-list:policy=first",
                                 "hard-limit+free-list+libc"};
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        char *buffer = area + CANARY_BYTES + i; /* not aligned, but once */
        memset(area, 0x5A, sizeof area);
        struct lalloc_heap *heap =
            lalloc_open_in(specs[i], buffer, BUFFER_BYTES, error, sizeof error);
        if (!heap) fail_msg("%s: %s", specs[i], error);
        fill(heap, buffer);
        assert_canaries(buffer);
        lalloc_close(heap);
        assert_canaries(buffer);
    }
}

static void a_state_in_a_buffer_is_reused_not_given_back(void **state)
{
    (void)state;
    memset(area, 0x5A, sizeof area);
    char *buffer = area + CANARY_BYTES;
    struct lalloc_heap *heap = lalloc_open_in("hard-limit:bytes=120K,collect+free-list:policy=tlsf",
                                              buffer, BUFFER_BYTES, error, sizeof error);
    assert_non_null(heap);
    lua_State *L = lalloc_newstate(heap);
    assert_int_equal(lalloc_openlibs(heap, L), 0);
    run(L, "for i = 1, 20000 do local t = {i, tostring(i)} end");
    assert_true(is_inside((char *)L, 1, buffer));
    assert_int_equal(figures_of(heap).live_bytes, counted(L));
    assert_int_equal(luaL_dostring(L, "local t = {} for i = 1, 1e6 do t[i] = {} end"), 1);
    lua_settop(L, 0);
    lua_gc(L, LUA_GCCOLLECT, 0);
    run(L, "return 1");
    lalloc_closestate(heap, L);
    assert_canaries(buffer);
    lalloc_close(heap);
}

/* Pages of a large free block would read as zero if they had gone back to the system. */
static void a_lent_buffer_keeps_its_pages(void **state)
{
    (void)state;
    enum { BYTES = 4 << 20, BLOCK = 3 << 20 };
    static char buffer[BYTES];
    struct lalloc_heap *heap = lalloc_open_in("free-list", buffer, BYTES, error, sizeof error);
    assert_non_null(heap);
    memset(lalloc_resize(heap, NULL, 0, BLOCK), 0x77, BLOCK);
    lalloc_resize(heap, buffer + 8, BLOCK, 0);
    assert_int_equal(figures_of(heap).live_bytes, 0);
    for (size_t i = 4096; i < BLOCK - 4096; i++) {
        if (buffer[i] != 0x77) fail_msg("byte %zu has changed", i);
    }
    lalloc_close(heap);
    assert_int_equal(buffer[BLOCK / 2], 0x77);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { IS_SANITIZED = 1 };
#else
enum { IS_SANITIZED = 0 };
#endif

enum { WAS_WRONG = 1, CANNOT_TELL = 77 };

/* Any system call but the last ends this process. */
static void run_without_system_calls(const char *script)
{
    static char buffer[256 << 10];
    struct lalloc_heap *heap = lalloc_open_in("hard-limit:bytes=200K,collect+free-list:policy=tlsf",
                                              buffer, sizeof buffer, NULL, 0);
    lua_State *L = heap ? lalloc_newstate(heap) : NULL;
    bool is_ready = L && lalloc_openlibs(heap, L) == 0 && luaL_loadstring(L, script) == 0;
    if (!is_ready) _exit(WAS_WRONG);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)) _exit(CANNOT_TELL);
    int status = lua_pcall(L, 0, 0, 0);
    syscall(SYS_exit, status ? WAS_WRONG : 0);
}

static void nothing_is_asked_of_the_system_after_opening(void **state)
{
    (void)state;
    int status;
    if (IS_SANITIZED || getenv("LD_PRELOAD")) skip(); /* sanitizers and valgrind make their own */
    pid_t child = fork();
    if (child == 0) {
        run_without_system_calls("for i = 1, 20000 do local t = {i, tostring(i)} end "
                                 "assert(not pcall(string.rep, 'x', 1e6)) collectgarbage()");
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_TELL) skip();
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void what_cannot_live_in_a_buffer_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *spec, *reason;
        size_t bytes;
    } cases[] = {{"tiered", "tiered cannot live in a buffer", BUFFER_BYTES},
                 {"fixed-pool+free-list", "only wrappers can go over a buffer", BUFFER_BYTES},
                 {"free-list", "too small", 200},
                 {"bump", "holds no block", 3},
                 {"teired", "no allocator is called", BUFFER_BYTES}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_null(lalloc_open_in(cases[i].spec, area, cases[i].bytes, error, sizeof error));
        if (!strstr(error, cases[i].reason)) fail_msg("%s: %s", cases[i].spec, error);
    }
    assert_null(lalloc_open_in("bump", NULL, 100, error, sizeof error));
}

/* A state that holds much garbage under a limit that has no room for it twice. */
static lua_State *full_state(struct lalloc_heap **heap)
{
    *heap = lalloc_open("hard-limit:bytes=1M+tiered", error, sizeof error);
    lua_State *L = lalloc_newstate(*heap);
    assert_int_equal(lalloc_openlibs(*heap, L), 0);
    run(L, "calls = 0 collectgarbage('stop') "
           "function work(a, b) calls = calls + 1 return #string.rep('x', 300000) + a, b end "
           "function impossible() calls = calls + 1 return string.rep('x', 2e6) end "
           "function fail() calls = calls + 1 error('told', 0) end "
           "while collectgarbage('count') < 700 do calls = calls + 1 "
           "local s = string.rep('y' .. calls, 1000) end calls = 0");
    lua_settop(L, 0);
    return L;
}

static int calls_of(lua_State *L)
{
    lua_getglobal(L, "calls");
    int calls = (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
    return calls;
}

static void out_of_memory_is_repeated_after_a_collection(void **state)
{
    (void)state;
    struct lalloc_heap *heap;
    lua_State *L = full_state(&heap);
    lua_pushinteger(L, 77); /* what lies below is left alone */
    lua_getglobal(L, "work");
    lua_pushinteger(L, 5);
    lua_pushliteral(L, "second");
    assert_int_equal(lalloc_run(heap, L, 2, LUA_MULTRET, 0, LALLOC_REPEAT), 0);
    assert_int_equal(calls_of(L), 2);
    assert_int_equal(lua_gettop(L), 3);
    assert_int_equal(lua_tointeger(L, 1), 77);
    assert_int_equal(lua_tointeger(L, 2), 300005);
    assert_string_equal(lua_tostring(L, 3), "second");
    lalloc_closestate(heap, L);
    lalloc_close(heap);
}

static void without_leave_to_repeat_the_state_is_usable_again(void **state)
{
    (void)state;
    struct lalloc_heap *heap;
    lua_State *L = full_state(&heap);
    lua_getglobal(L, "work");
    assert_int_equal(lalloc_run(heap, L, 0, 1, 0, LALLOC_ONCE), LUA_ERRMEM);
    assert_int_equal(calls_of(L), 1);
    assert_int_equal(lua_gettop(L), 1);
    assert_string_equal(lua_tostring(L, 1), "not enough memory");
    assert_true(counted(L) < 100 << 10);
    lua_getglobal(L, "impossible");
    assert_int_equal(lalloc_run(heap, L, 0, 1, 0, LALLOC_REPEAT), LUA_ERRMEM);
    assert_int_equal(calls_of(L), 3);
    lalloc_closestate(heap, L);
    lalloc_close(heap);
}

static int handle(lua_State *L)
{
    lua_pushfstring(L, "handled: %s", lua_tostring(L, 1));
    return 1;
}

static void other_errors_reach_the_handler_and_are_not_repeated(void **state)
{
    (void)state;
    struct lalloc_heap *heap;
    lua_State *L = full_state(&heap);
    lua_pushcfunction(L, handle);
    lua_getglobal(L, "fail");
    assert_int_equal(lalloc_run(heap, L, 0, 0, -2, LALLOC_REPEAT), LUA_ERRRUN);
    assert_int_equal(calls_of(L), 1);
    assert_string_equal(lua_tostring(L, -1), "handled: told");
    assert_int_equal(lua_gettop(L), 2);
    lalloc_closestate(heap, L);
    lalloc_close(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_heap_in_a_buffer_stays_there),
        cmocka_unit_test(a_state_in_a_buffer_is_reused_not_given_back),
        cmocka_unit_test(a_lent_buffer_keeps_its_pages),
        cmocka_unit_test(nothing_is_asked_of_the_system_after_opening),
        cmocka_unit_test(what_cannot_live_in_a_buffer_is_refused),
        cmocka_unit_test(out_of_memory_is_repeated_after_a_collection),
        cmocka_unit_test(without_leave_to_repeat_the_state_is_usable_again),
        cmocka_unit_test(other_errors_reach_the_handler_and_are_not_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
