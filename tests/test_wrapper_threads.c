/* Many Lua states at once on one heap under `lock`, driven by two threads. The file is meant to be
 * built with -fsanitize=thread too: it must find nothing. */
#include "heap_test.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdlib.h>

enum { THREADS = 2, STATES_MAXIMUM = 500, TURNS = 8 };

/* What one turn adds up to is known: see sum_after. */
static const char chunk[] = "local parts, total = {}, 0\n"
                            "return function(turn)\n"
                            "  for i = 1, 10 do parts[#parts + 1] = {('x'):rep(turn) .. i} end\n"
                            "  local grown = {} for i = 1, turn * 4 do grown[i] = i end\n"
                            "  if turn % 3 == 0 then parts = {} collectgarbage('step', 10) end\n"
                            "  total = total + turn * #grown\n"
                            "  return total\n"
                            "end\n";

static lua_Number sum_after(int turn)
{
    lua_Number total = 0;
    for (int i = 1; i <= turn; i++) total += i * i * 4;
    return total;
}

struct driver {
    struct heap *heap;
    size_t state_count;
    pthread_barrier_t *all_open;
    lua_State *states[STATES_MAXIMUM];
    size_t failures;        /* of anything that a thread did */
    size_t bytes_when_open; /* of all threads */
};

/* Leaves the function that takes turns as the registry's first reference. */
static int prepare(lua_State *L)
{
    luaL_openlibs(L);
    if (luaL_loadbuffer(L, chunk, sizeof chunk - 1, "=chunk")) return lua_error(L);
    lua_call(L, 0, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "take turn");
    return 0;
}

static int take_turn(lua_State *L)
{
    int turn = *(int *)lua_touserdata(L, 1);
    lua_getfield(L, LUA_REGISTRYINDEX, "take turn");
    lua_pushinteger(L, turn);
    lua_call(L, 1, 1);
    if (lua_tonumber(L, -1) != sum_after(turn)) return luaL_error(L, "wrong sum");
    return 0;
}

static void open_states(struct driver *driver)
{
    for (size_t i = 0; i < driver->state_count; i++) {
        lua_State *L = lua_newstate(driver->heap->resize, driver->heap->state);
        driver->states[i] = L;
        if (!L || lua_cpcall(L, prepare, NULL)) driver->failures++;
    }
}

static void take_turns(struct driver *driver)
{
    for (int turn = 1; turn <= TURNS; turn++) {
        for (size_t i = 0; i < driver->state_count; i++) {
            lua_State *L = driver->states[i];
            if (L && lua_cpcall(L, take_turn, &turn)) driver->failures++;
        }
    }
}

static void *drive(void *argument)
{
    struct driver *driver = argument;
    open_states(driver);
    pthread_barrier_wait(driver->all_open);
    driver->bytes_when_open = totals_of(driver->heap).live_bytes; /* while the other goes on */
    take_turns(driver);
    pthread_barrier_wait(driver->all_open);
    for (size_t i = 0; i < driver->state_count; i++) {
        if (driver->states[i]) lua_close(driver->states[i]);
    }
    return NULL;
}

static void runs_well(const struct driver *driver)
{
    assert_int_equal(driver->failures, 0);
    assert_true(driver->bytes_when_open > driver->state_count * THREADS * 20000);
}

static void run_states(struct heap *heap, size_t states_a_thread)
{
    static struct driver drivers[THREADS];
    pthread_barrier_t all_open;
    pthread_t threads[THREADS];
    pthread_barrier_init(&all_open, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++) {
        drivers[i] = (struct driver){heap, states_a_thread, &all_open, .failures = 0};
        assert_int_equal(pthread_create(&threads[i], NULL, drive, &drivers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    for (size_t i = 0; i < THREADS; i++) runs_well(&drivers[i]);
    assert_int_equal(totals_of(heap).live_bytes, 0);
    assert_int_equal(totals_of(heap).live_blocks, 0);
    assert_int_equal(heap_audit(heap), 0);
    assert_int_equal(heap->host->fault_count, 0);
    pthread_barrier_destroy(&all_open);
    heap_close(heap);
}

#ifdef __SANITIZE_THREAD__
/* The allocator `libc` refuses a realloc that is not the C library's, as the sanitizer's is not. */
static void *call_realloc(void *unused, void *block, size_t old_size, size_t new_size)
{
    (void)unused, (void)old_size;
    if (new_size) return realloc(block, new_size);
    free(block);
    return NULL;
}

static struct heap *open_over_libc(const char *wrappers)
{
    struct error error = {""};
    struct heap *heap = heap_open_over(wrappers, call_realloc, NULL, 0, &error);
    if (!heap) fail_msg("%s: %s", wrappers, error.text);
    return heap;
}
#else
static struct heap *open_over_libc(const char *wrappers)
{
    char spec[128];
    snprintf(spec, sizeof spec, "%s+libc", wrappers);
    return open_spec(spec);
}
#endif

static void a_thousand_states_share_a_limit_over_libc(void **state)
{
    (void)state;
    run_states(open_over_libc("lock+production-limit:bytes=256M"), STATES_MAXIMUM);
}

static void a_thousand_states_share_a_limit_over_tiered(void **state)
{
    (void)state;
    run_states(open_spec("lock+production-limit:bytes=256M+tiered"), STATES_MAXIMUM);
}

/* But for `profile`, which reads what a program writes into its blocks, and so may serve the states
 * of one thread alone. */
static void whatever_watches_may_stand_under_the_lock(void **state)
{
    (void)state;
    static const char *const watchers[] = {"log:file=/dev/null", "track", "records", "guards",
                                           "quarantine",         "count", "latency", "fault"};
    char spec[128];
    for (size_t i = 0; i < sizeof watchers / sizeof *watchers; i++) {
        snprintf(spec, sizeof spec, "lock+%s+tiered", watchers[i]);
        run_states(open_spec(spec), 20);
    }
    run_states(open_spec("lock+log:file=/dev/null+track+records+guards+tiered"), 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_states_share_a_limit_over_libc),
        cmocka_unit_test(a_thousand_states_share_a_limit_over_tiered),
        cmocka_unit_test(whatever_watches_may_stand_under_the_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
