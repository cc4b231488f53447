/* The library's promises on heaps that are attached to a running state. */
#include "lalloc_test.h"

#include <lualib.h>

/* With a megabyte alive that no heap of ours has seen. */
static lua_State *running_state(void)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    run(L, "held = {} for i = 1, 10000 do held[i] = {i, 'text ' .. i} end");
    assert_true(counted(L) > 1 << 20);
    return L;
}

static void an_attached_limit_starts_from_what_is_alive(void **state)
{
    (void)state;
    lua_State *L = running_state();
    struct lalloc_heap *heap = lalloc_attach(L, "hard-limit:bytes=4M", error, sizeof error);
    assert_non_null(heap);
    assert_int_equal(figures_of(heap).live_bytes, counted(L));
    run(L, "more = {} for i = 1, 1000 do more[i] = {} end");
    assert_int_equal(figures_of(heap).live_bytes, counted(L));
    run(L, "held, more = nil collectgarbage() collectgarbage()");
    assert_int_equal(figures_of(heap).live_bytes, counted(L));
    assert_true(counted(L) < 1 << 17);
    assert_int_equal(luaL_dostring(L, "string.rep('x', 5e6)"), 1);
    assert_string_equal(lua_tostring(L, -1), "not enough memory");
    assert_int_equal(figures_of(heap).refused_calls, 1);
    lalloc_closestate(heap, L);
    assert_int_equal(figures_of(heap).live_bytes, 0);
    lalloc_close(heap);
}

static void a_detached_state_has_its_own_function_back(void **state)
{
    (void)state;
    void *before, *after;
    lua_State *L = running_state();
    lua_Alloc own = lua_getallocf(L, &before);
    int top = lua_gettop(L);
    struct lalloc_heap *heap =
        lalloc_attach(L, "hard-limit:bytes=4M+soft-limit:bytes=2M", error, sizeof error);
    if (!heap) fail_msg("%s", error);
    assert_ptr_equal(lua_getallocf(L, &after), lalloc_function(heap));
    run(L, "more = {} for i = 1, 1000 do more[i] = {} end");
    assert_true(lalloc_detach(heap, L));
    assert_ptr_equal(lua_getallocf(L, &after), own);
    assert_ptr_equal(after, before);
    assert_int_equal(lua_gettop(L), top);
    run(L, "held, more = nil collectgarbage()");
    lua_close(L);
}

static void detaching_what_is_not_on_top_is_refused(void **state)
{
    (void)state;
    lua_State *L = running_state(), *other = luaL_newstate();
    struct lalloc_heap *lower = lalloc_attach(L, "hard-limit", error, sizeof error);
    struct lalloc_heap *upper = lalloc_attach(L, "hard-limit", error, sizeof error);
    assert_false(lalloc_detach(lower, L));
    assert_false(lalloc_detach(upper, other));
    assert_true(lalloc_detach(upper, L));
    assert_true(lalloc_detach(lower, L));
    lua_close(L);
    lua_close(other);
}

static void a_state_outlives_what_was_attached_to_it(void **state)
{
    (void)state;
    lua_State *L = running_state();
    for (int round = 0; round < 2; round++) {
        struct lalloc_heap *heap = lalloc_attach(L, "hard-limit", error, sizeof error);
        assert_int_equal(lalloc_inspection(heap, L), 0);
        run(L, "old = old or memory_report assert(memory_report() and old())");
        assert_int_equal(lalloc_inspection(heap, L), 0); /* twice is once */
        assert_true(lalloc_detach(heap, L));
        for (const char *const *call =
                 (const char *const[]){"old()", "memory_report()", "set_memory_limit(1)", NULL};
             *call; call++) {
            assert_int_equal(luaL_dostring(L, *call), 1);
            assert_non_null(strstr(lua_tostring(L, -1), "was detached"));
        }
    }
    lua_close(L);
}

static void write_there(void *pipe_end, const char *message)
{
    if (write(*(int *)pipe_end, message, strlen(message)) < 0) _exit(1);
}

static void panic_is_told_by_the_heap_that_is_left(void **state)
{
    (void)state;
    int ends[2];
    char told[256] = "";
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        struct lalloc_heap *heap = lalloc_open("tiered", error, sizeof error);
        lua_State *L = lalloc_newstate(heap);
        lalloc_set_listener(heap, write_there, &ends[1]);
        lalloc_detach(lalloc_attach(L, "hard-limit", error, sizeof error), L);
        lua_pushliteral(L, "unexpected");
        lua_error(L);
    }
    close(ends[1]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(read(ends[0], told, sizeof told - 1) > 0);
    assert_non_null(strstr(told, "panic: unexpected"));
    close(ends[0]);
}

static void closing_a_state_takes_it_off_all_its_heaps(void **state)
{
    (void)state;
    struct lalloc_heap *lower = lalloc_open("hard-limit+tiered", error, sizeof error);
    for (int outer = 0; outer < 2; outer++) {
        lua_State *L = lalloc_newstate(lower);
        assert_non_null(L);
        assert_int_equal(lalloc_openlibs(lower, L), 0);
        struct lalloc_heap *upper = lalloc_attach(L, "hard-limit", error, sizeof error);
        run(L, "held = newproxy(true) getmetatable(held).__gc = function() ended = {} end");
        lalloc_set_limit(lower, 1, true);
        lalloc_set_limit(upper, 1, true);
        lalloc_closestate(outer ? upper : lower, L);
        assert_int_equal(figures_of(upper).live_bytes, 0);
        assert_int_equal(figures_of(upper).refused_calls, 0);
        assert_int_equal(figures_of(lower).live_bytes, 0);
        assert_int_equal(figures_of(lower).refused_calls, 0);
        lalloc_close(upper);
        lalloc_set_limit(lower, 1 << 20, true);
    }
    lalloc_close(lower);
}

static void attach_refuses(lua_State *L, const char *spec, const char *reason)
{
    void *userdata;
    lua_Alloc own = lua_getallocf(L, &userdata);
    assert_null(lalloc_attach(L, spec, error, sizeof error));
    if (!strstr(error, reason)) fail_msg("%s: `%s` lacks `%s`", spec, error, reason);
    assert_ptr_equal(lua_getallocf(L, &userdata), own);
}

static void pools_and_what_must_know_all_blocks_are_not_attached(void **state)
{
    (void)state;
    lua_State *L = running_state();
    attach_refuses(L, "tiered", "tiered has memory of its own");
    attach_refuses(L, "hard-limit+tiered", "tiered has memory of its own");
    attach_refuses(L, "guards", "guards must see a block from its beginning");
    attach_refuses(L, "hrad-limit", "hard-limit");
    attach_refuses(lua_newthread(L), "hard-limit", "main state");
    lua_close(L);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_attached_limit_starts_from_what_is_alive),
        cmocka_unit_test(a_detached_state_has_its_own_function_back),
        cmocka_unit_test(detaching_what_is_not_on_top_is_refused),
        cmocka_unit_test(a_state_outlives_what_was_attached_to_it),
        cmocka_unit_test(panic_is_told_by_the_heap_that_is_left),
        cmocka_unit_test(closing_a_state_takes_it_off_all_its_heaps),
        cmocka_unit_test(pools_and_what_must_know_all_blocks_are_not_attached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
