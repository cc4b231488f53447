/* Limits under several threads, heaps and states, and collections that keep scripts within them. */
#include "limits_test.h"

#include <pthread.h>

#include <lauxlib.h>
#include <lualib.h>

#include "../lalloc/lua_host.h"

/* ---- several threads */

enum { ROUNDS = 300000, HELD = 64, BLOCK = 100 };

static void *churn(void *heap)
{
    char *blocks[HELD] = {NULL};
    for (int i = 0; i < ROUNDS; i++) {
        char **block = &blocks[i % HELD];
        if (*block) drop(heap, *block, BLOCK);
        *block = make(heap, BLOCK);
    }
    for (int i = 0; i < HELD; i++) {
        if (blocks[i]) drop(heap, blocks[i], BLOCK);
    }
    return NULL;
}

static void churn_twice(struct heap *first, struct heap *second)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, churn, first), 0);
    churn(second);
    pthread_join(thread, NULL);
}

static void the_thread_safe_variant_is(void **state)
{
    (void)state;
    struct heap *heap = open_spec("production-limit:thread-safe,bytes=10000+tiered");
    assert_true(heap->allocator->traits & TRAIT_THREAD_SAFE);
    churn_twice(heap, heap);
    assert_int_equal(used_of(heap), 0);
    assert_in_range(state_of(heap).peak, HELD * BLOCK, 10000);
    assert_int_equal(figure_of(heap, "allocations") + (double)state_of(heap).refused, 2 * ROUNDS);
    assert_int_equal(figure_of(heap, "allocations"), figure_of(heap, "frees"));
    heap_close(heap);
}

static void heaps_share_a_budget_between_threads(void **state)
{
    (void)state;
    struct budget budget;
    struct budget_state read;
    struct heap *first = open_spec("hard-limit+tiered"), *second = open_spec("soft-limit+tiered");
    budget_begin(&budget, 10000);
    assert_true(budget_join(first, &budget) && budget_join(second, &budget));
    churn_twice(first, second);
    budget_read(&budget, &read);
    assert_int_equal(read.used, 0);
    assert_in_range(read.peak, HELD * BLOCK, 10000);
    assert_int_equal(read.refused, state_of(first).refused + state_of(second).refused);
    heap_close(first);
    heap_close(second);
}

static void a_budget_is_exact_and_gets_all_back(void **state)
{
    (void)state;
    struct budget budget;
    struct heap *first = open_spec("count+hard-limit:bytes=900+tiered");
    struct heap *second = open_spec("hard-limit:bytes=900+bump:grow=no,size=4K");
    assert_non_null(make(first, 400));
    budget_begin(&budget, 300);
    assert_false(budget_join(first, &budget));
    budget_begin(&budget, 1000);
    assert_true(budget_join(first, &budget) && budget_join(second, &budget));
    assert_null(make(first, 501)); /* its own limit */
    assert_int_equal(budget.refused, 0);
    char *block = make(second, 600);
    assert_null(resize(second, block, 600, 601));
    assert_int_equal(budget.refused, 1);
    assert_non_null(block = resize(second, block, 600, 200));
    assert_int_equal(budget.used, 600);
    limit_lift(second, true);
    assert_non_null(make(second, 600));       /* beyond, as long as it is lifted */
    assert_null(make(second, 8000));          /* the heap itself refuses */
    assert_true(budget_join(first, &budget)); /* which it is in: no room is needed */
    assert_int_equal(budget.used, 1200);
    heap_close(second);
    assert_int_equal(budget.used, 400);
    assert_true(budget_join(first, NULL));
    assert_int_equal(budget.used, 0);
    assert_int_equal(budget.peak, 1200);
    heap_close(first);
}

/* ---- under Lua */

static void two_states_share_the_limit_of_one_heap(void **state)
{
    (void)state;
    struct heap *heap = open_spec("hard-limit:bytes=1M+tiered");
    lua_State *first = lua_newstate(heap->resize, heap->state);
    lua_State *second = lua_newstate(heap->resize, heap->state);
    luaL_openlibs(first);
    size_t bytes = 0;
    lua_State *both[] = {first, second};
    for (int i = 0; i < 2; i++) {
        bytes += (size_t)lua_gc(both[i], LUA_GCCOUNT, 0) * 1024;
        bytes += (size_t)lua_gc(both[i], LUA_GCCOUNTB, 0);
    }
    assert_int_equal(used_of(heap), bytes);
    lua_close(first);
    lua_close(second);
    assert_int_equal(used_of(heap), 0);
    heap_close(heap);
}

/* Leaves nothing alive. */
static const char garbage[] = "local live = {} for i = 1, ... do "
                              "live[i % 100] = {i, name = 'n' .. i, f = function() return i end} "
                              "end";

static int open_libraries(lua_State *L)
{
    luaL_openlibs(L);
    assert_int_equal(luaL_loadstring(L, garbage), 0);
    lua_setglobal(L, "garbage");
    return 0;
}

static lua_State *open_state(struct heap *heap)
{
    limit_lift(heap, true);
    lua_State *L = lua_newstate(heap->resize, heap->state);
    assert_int_equal(lua_cpcall(L, open_libraries, NULL), 0);
    return L;
}

static void close_state(struct heap *heap, lua_State *L)
{
    limit_lift(heap, true);
    lua_close(L);
    assert_int_equal(used_of(heap), 0);
    heap_close(heap);
}

static int run(lua_State *L, int count)
{
    lua_settop(L, 0);
    lua_getglobal(L, "garbage");
    lua_pushinteger(L, count);
    return lua_pcall(L, 1, 0, 0);
}

static void lua_does_not_collect_when_it_is_refused(void **state)
{
    (void)state;
    struct heap *heap = open_in_world("hard-limit+tiered");
    lua_State *L = open_state(heap);
    lua_gc(L, LUA_GCSETPAUSE, 1000); /* of its own it begins at ten times what is alive */
    lua_gc(L, LUA_GCCOLLECT, 0);
    size_t alive = used_of(heap);
    assert_int_equal(run(L, 400), 0);
    size_t outstanding = used_of(heap) - alive;
    limit_set(heap, alive + outstanding + outstanding / 2, true);
    limit_lift(heap, false);
    assert_int_equal(run(L, 400), LUA_ERRMEM);
    assert_string_equal(lua_tostring(L, -1), "not enough memory");
    assert_true(used_of(heap) > alive + outstanding);
    assert_int_equal(world.asked, 0);
    lua_gc(L, LUA_GCCOLLECT, 0);
    assert_int_equal(run(L, 400), 0);
    close_state(heap, L);
}

/* Whether a script comes to its end within so many bytes. */
static bool is_enough(const char *spec, size_t bytes)
{
    struct lua_host host;
    struct heap *heap = open_spec(spec);
    lua_State *L = open_state(heap);
    lua_host_attach(&host, heap, L);
    lua_gc(L, LUA_GCCOLLECT, 0);
    limit_set(heap, bytes, true);
    limit_lift(heap, false);
    int status = run(L, 4000);
    assert_true(state_of(heap).peak <= bytes || used_of(heap) <= bytes);
    assert_int_equal(state_of(heap).refused > 0, status != 0);
    limit_lift(heap, true);
    lua_host_detach(&host);
    close_state(heap, L);
    return status == 0;
}

static size_t find_smallest(const char *spec)
{
    size_t low = 1 << 14, high = 1 << 20;
    while (high - low > 64) {
        size_t middle = low + (high - low) / 2;
        if (is_enough(spec, middle)) high = middle;
        else low = middle;
    }
    return high;
}

static void collect_finishes_where_a_plain_limit_fails(void **state)
{
    (void)state;
    size_t smallest = find_smallest("hard-limit:collect+tiered");
    for (size_t percent = 100; percent <= 160; percent += 15) {
        size_t bytes = smallest * percent / 100;
        if (!is_enough("hard-limit:collect+tiered", bytes)) fail_msg("collect: %zu %%", percent);
        if (is_enough("hard-limit+tiered", bytes)) fail_msg("plain: %zu %% is enough", percent);
    }
    assert_true(is_enough("adaptive-limit:collect+tiered", smallest * 2));
    assert_true(is_enough("production-limit:collect+tiered", smallest * 2));
}

static void collections_become_rare_when_all_is_alive(void **state)
{
    (void)state;
    struct heap *heap = open_in_world("hard-limit:bytes=1000000,collect+tiered");
    while (make(heap, 10)) {
    }
    assert_in_range(world.asked, 10, 25);
    assert_int_equal(world.ended, 0);
    heap_close(heap);
}

static void a_request_ends_when_a_sweep_is_seen(void **state)
{
    (void)state;
    char *blocks[100];
    struct heap *heap = open_in_world("soft-limit:bytes=9000,collect+tiered");
    for (int i = 0; i < 90; i++) blocks[i] = make(heap, 100);
    assert_int_equal(world.asked, 0);
    blocks[90] = make(heap, 100);
    assert_int_equal(world.asked, 1);
    for (int i = 0; i <= 90; i++) {
        drop(heap, blocks[i], 100);
        if (i == 20) assert_int_equal(world.ended, 0); /* as a table that is replaced would */
    }
    assert_int_equal(world.ended, 1);
    assert_int_equal(figure_of(heap, "collections asked for"), 1);
    heap_close(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_states_share_the_limit_of_one_heap),
        cmocka_unit_test(the_thread_safe_variant_is),
        cmocka_unit_test(heaps_share_a_budget_between_threads),
        cmocka_unit_test(a_budget_is_exact_and_gets_all_back),
        cmocka_unit_test(lua_does_not_collect_when_it_is_refused),
        cmocka_unit_test(collect_finishes_where_a_plain_limit_fails),
        cmocka_unit_test(collections_become_rare_when_all_is_alive),
        cmocka_unit_test(a_request_ends_when_a_sweep_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
