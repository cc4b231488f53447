/* Sandboxes in one process: none gets more than it was granted, and what it had comes back. */
#include "sandbox_test.h"

#include <pthread.h>

#include <lauxlib.h>

struct written {
    char text[64];
    size_t length;
};

static void keep(void *outlet, const char *text, size_t length)
{
    struct written *written = outlet;
    assert_true(written->length + length < sizeof written->text);
    memcpy(written->text + written->length, text, length);
    written->length += length;
}

static double number_of(struct sandbox *sandbox, const char *name)
{
    lua_State *L = sandbox_state(sandbox);
    lua_getglobal(L, name);
    double number = lua_tonumber(L, -1);
    lua_pop(L, 1);
    return number;
}

/* ---- instructions */

/* GETGLOBAL, ADD, SETGLOBAL and JMP. */
static void test_a_plain_loop_gets_just_what_was_granted(void **state)
{
    (void)state;
    struct sandbox *sandbox = open_sandbox(&strict);
    struct sandbox_result result = run(sandbox, "n = 0 while true do n = n + 1 end");
    assert_int_equal(result.outcome, SANDBOX_OUT_OF_INSTRUCTIONS);
    assert_non_null(strstr(result.traceback, "test:1: in main chunk"));
    double ran = 4 * number_of(sandbox, "n");
    assert_true(ran <= INSTRUCTIONS && ran > 0.99 * INSTRUCTIONS);
    sandbox_close(sandbox);
}

/* However they are nested or dropped, coroutines get no more; a loop of n rounds runs n + 4. */
static void test_short_coroutines_get_no_more_than_was_granted(void **state)
{
    static const char *const programs[] = {
        "n = 0 while true do coroutine.wrap(function() for i = 1, 50 do end n = n + 54 end)() end",
        "n = 0 while true do coroutine.wrap(function() for i = 1, 50 do end n = n + 54 "
        "coroutine.yield() end)() end",
        "n = 0 local function f(d) for i = 1, 50 do end n = n + 54 if d > 0 then for i = 1, 5 do "
        "coroutine.wrap(f)(d - 1) end end end while true do f(20) end",
        "n = 0 while true do pcall(coroutine.wrap(function() for i = 1, 50 do end n = n + 54 "
        "error(n) end)) end",
    };
    (void)state;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        struct sandbox *sandbox = open_sandbox(&strict);
        assert_int_equal(run(sandbox, programs[i]).outcome, SANDBOX_OUT_OF_INSTRUCTIONS);
        double ran = number_of(sandbox, "n");
        if (ran > INSTRUCTIONS || ran < 0.3 * INSTRUCTIONS) fail_msg("%s: %g", programs[i], ran);
        sandbox_close(sandbox);
    }
}

static void test_nothing_runs_after_the_end_until_more_is_granted(void **state)
{
    (void)state;
    struct sandbox *sandbox = open_sandbox(&strict);
    run(sandbox, "after = 0 while true do pcall(function() while true do end end) after = 1 end");
    assert_true(number_of(sandbox, "after") == 0);
    assert_int_equal(run(sandbox, "after = 2").outcome, SANDBOX_OUT_OF_INSTRUCTIONS);
    assert_true(number_of(sandbox, "after") == 0);
    sandbox_grant(sandbox, 1000);
    assert_int_equal(run(sandbox, "after = 3").outcome, SANDBOX_FINISHED);
    assert_true(number_of(sandbox, "after") == 3);
    sandbox_close(sandbox);
}

/* sort, which calls the last element first here, is in C and would go on, and print with it. */
static void test_nothing_catches_the_end(void **state)
{
    struct written written = {"", 0};
    struct sandbox_options options = strict;
    (void)state;
    options.write = keep;
    options.outlet = &written;
    struct sandbox_result result =
        run_once(&options, "local function loop() while true do end end "
                           "table.sort({print, print, print, loop}, pcall)");
    assert_int_equal(result.outcome, SANDBOX_OUT_OF_INSTRUCTIONS);
    assert_int_equal(written.length, 0);
}

/* With memory for more of them than the C stack could hold. */
static void test_nested_coroutines_count_as_calls(void **state)
{
    struct sandbox_options options = {.memory = 256 << 20, .is_strict = true};
    (void)state;
    struct sandbox_result result =
        run_once(&options, "local function nest() return 1 + coroutine.wrap(function() "
                           "return 1 + nest() end)() end "
                           "error(select(2, pcall(nest)):sub(-16), 0)");
    assert_int_equal(result.outcome, SANDBOX_ERROR);
    assert_string_equal(result.message, "C stack overflow");
}

static void test_time_is_up_and_the_next_run_has_its_own(void **state)
{
    (void)state;
    struct sandbox_options options = strict;
    options.instructions = 0;
    options.run_ns = 20000000;
    struct sandbox *sandbox = open_sandbox(&options);
    assert_int_equal(run(sandbox, "while true do end").outcome, SANDBOX_OUT_OF_TIME);
    assert_int_equal(run(sandbox, "string.find(('a'):rep(1e6), '.-.-.-b')").outcome,
                     SANDBOX_OUT_OF_TIME);
    assert_int_equal(run(sandbox, "x = 1").outcome, SANDBOX_FINISHED);
    sandbox_close(sandbox);
}

/* ---- memory */

/* Without a bound on instructions: nothing but the clock ends what would take hours in C. */
static void test_time_is_looked_at_in_long_calls(void **state)
{
    static const char *const programs[] = {
        "table.insert({}, -2^31, 1)",
        "local a, b, each = {}, {}, table.foreach for i = 1, 60 do "
        "a, b = {[a] = each, [b] = each}, {[a] = each, [b] = each} end each(a, each)",
    };
    (void)state;
    struct sandbox_options options = strict;
    options.instructions = 0;
    options.run_ns = 20000000;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        assert_int_equal(run_once(&options, programs[i]).outcome, SANDBOX_OUT_OF_TIME);
    }
}

/* Where a program that means well could see that a function is not Lua's own. */
static void test_replaced_functions_answer_as_lua_does(void **state)
{
    static const char *const programs[] = {
        "assert(select('#', unpack({}, 1, 7900)) == 7900)",
        "assert(not pcall(unpack, {}, 1, 8100) and not pcall(unpack, {}, -2^31, 2^31 - 1))",
        "assert(select('#', unpack({1, 2, 3}, 1.5, 3.2)) == 3)",
        "assert(select('#', unpack({}, 2, 1)) == 0)",
        "assert(select(3, unpack({}, 2^31 - 3, 2^31 - 1)) == nil)",
        "assert(not pcall(math.random, 1, 2, 3) and math.random(4, 4) == 4)",
        "local t = {1, 2} table.insert(t, -1, 'a') "
        "assert(t[-1] == 'a' and t[3] == 2 and t[0] == nil)",
        "local t = {1, 2} table.insert(t, 3, 3) table.insert(t, 1, 0) table.insert(t, 9, 9) "
        "assert(table.concat(t) == '0123' and t[9] == 9)",
        "assert(table.foreach({5, 6}, function(k, v) if k == 2 then return v end end) == 6)",
        "local n = 0 local function add(_, v) n = n + v end "
        "assert(not table.foreach({1, 2, x = 3}, add) and n == 6)",
        "assert(table.foreachi({5, 6}, function(i, v) return i == 2 and v or nil end) == 6)",
        "assert(select('#', table.foreachi({1}, type)) == 1 and not table.foreachi({}, type))",
        "assert(table.maxn({1, [10] = 2, [2.5] = 1, x = 1}) == 10 and table.maxn({}) == 0)",
        "assert(math.max(1, '5', 3) == 5 and math.min(2, -1) == -1 and not pcall(math.max, 'x'))",
        "assert(string.char(72, '105') == 'Hi' and ('%s %d'):format('a', '3') == 'a 3')",
    };
    (void)state;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        struct sandbox_result result = run_once(&strict, programs[i]);
        if (result.outcome != SANDBOX_FINISHED) fail_msg("%s: %s", programs[i], result.message);
    }
}

static void test_a_lenient_limit_grants_a_tenth_and_counts_it(void **state)
{
    static const char program[] = "local t = {} while true do t[#t + 1] = ('x'):rep(100) .. #t end";
    (void)state;
    struct sandbox_options options = strict;
    struct sandbox_result result = run_once(&options, program);
    assert_int_equal(result.outcome, SANDBOX_OUT_OF_MEMORY);
    assert_true(result.memory.peak <= MEMORY && result.memory.refused > 0);
    assert_true(result.exceeded == result.memory.refused);
    options.is_strict = false;
    result = run_once(&options, program);
    assert_int_equal(result.outcome, SANDBOX_OUT_OF_MEMORY);
    assert_true(result.memory.peak > MEMORY && result.memory.peak <= MEMORY / 10 * 11 + 11);
    assert_true(result.exceeded > result.memory.refused);
}

static void test_the_limit_can_be_moved_between_runs(void **state)
{
    (void)state;
    struct sandbox *sandbox = open_sandbox(&strict);
    const char *program = "kept = ('x'):rep(2e6) kept = nil";
    assert_int_equal(run(sandbox, program).outcome, SANDBOX_OUT_OF_MEMORY);
    sandbox_set_memory(sandbox, 4 * MEMORY, true);
    assert_int_equal(run(sandbox, program).outcome, SANDBOX_FINISHED);
    sandbox_set_memory(sandbox, 1, true); /* below what is used: growth alone is refused */
    assert_int_equal(run(sandbox, "kept = {}").outcome, SANDBOX_OUT_OF_MEMORY);
    sandbox_close(sandbox);
}

static void test_a_budget_is_shared_and_comes_back(void **state)
{
    struct budget budget;
    struct budget_state shared;
    struct sandbox *sandboxes[2];
    (void)state;
    budget_begin(&budget, MEMORY);
    struct sandbox_options options = strict;
    options.budget = &budget;
    for (int i = 0; i < 2; i++) sandboxes[i] = open_sandbox(&options);
    assert_int_equal(run(sandboxes[0], "kept = {} for i = 1, 300 do kept[i] = ('x'):rep(9e3) .. i "
                                       "end")
                         .outcome,
                     SANDBOX_FINISHED);
    const char *hungry = "local t = {} for i = 1, 300 do t[i] = ('y'):rep(9e3) .. i end";
    assert_int_equal(run(sandboxes[1], hungry).outcome, SANDBOX_OUT_OF_MEMORY);
    sandbox_close(sandboxes[0]);
    assert_int_equal(run(sandboxes[1], hungry).outcome, SANDBOX_FINISHED);
    sandbox_close(sandboxes[1]);
    budget_read(&budget, &shared);
    assert_int_equal(shared.used, 0);
    assert_true(shared.peak <= MEMORY);
}

static void test_a_budget_without_room_for_a_state_refuses_it(void **state)
{
    struct budget budget;
    struct error error = {""};
    (void)state;
    budget_begin(&budget, 1000);
    struct sandbox_options options = strict;
    options.budget = &budget;
    assert_null(sandbox_open(&options, &error));
    assert_non_null(strstr(error.text, "no room left"));
    assert_int_equal(budget_room(&budget), 1000);
}

/* One without `collect` still runs on after it was refused memory for garbage alone. */
static void test_a_sandbox_that_ran_out_of_memory_can_run_more(void **state)
{
    (void)state;
    struct sandbox_options options = strict;
    options.spec = "hard-limit+tiered";
    options.memory = 200 << 10;
    struct sandbox *sandbox = open_sandbox(&options);
    for (int i = 0; i < 50; i++) {
        sandbox_grant(sandbox, INSTRUCTIONS);
        const char *hungry = "local t = {} while true do t[#t + 1] = {} end";
        assert_int_equal(run(sandbox, hungry).outcome, SANDBOX_OUT_OF_MEMORY);
        assert_int_equal(run(sandbox, "return #('x'):rep(1000)").outcome, SANDBOX_FINISHED);
    }
    sandbox_close(sandbox);
}

static void test_any_spec_with_a_limit_will_do_and_others_need_one(void **state)
{
    struct error error = {""};
    struct sandbox_options options = strict;
    (void)state;
    options.spec = "libc";
    options.memory = 0;
    assert_null(sandbox_open(&options, &error));
    assert_non_null(strstr(error.text, "hard-limit:bytes=10M,collect+libc"));
    options.spec = "null";
    assert_null(sandbox_open(&options, &error));
    options.spec = "no-such";
    assert_null(sandbox_open(&options, &error));
    options.spec = "count+hard-limit:bytes=200K+free-list";
    assert_int_equal(run_once(&options, "x = ('x'):rep(3e5)").outcome, SANDBOX_OUT_OF_MEMORY);
    options.spec = "bump:size=64K,grow=no";
    options.memory = 20000; /* all it has is used before the limit holds */
    assert_int_equal(run_once(&options, "x = {}").outcome, SANDBOX_OUT_OF_MEMORY);
    options.spec = "bump:size=16K,grow=no";
    assert_null(sandbox_open(&options, &error));
    assert_non_null(strstr(error.text, "27 KB"));
}

/* ---- the rest */

static void test_output_goes_where_it_is_told_and_is_cut_off(void **state)
{
    struct written written = {"", 0};
    struct sandbox_options options = strict;
    (void)state;
    options.write = keep;
    options.outlet = &written;
    options.output_bytes = 20;
    struct sandbox_result result =
        run_once(&options, "print(1, nil, 'x\\0y', true) print('0123456789')");
    assert_true(result.is_output_cut && result.outcome == SANDBOX_FINISHED);
    assert_int_equal(written.length, 20);
    assert_memory_equal(written.text, "1\tnil\tx\0y\ttrue\n01234", 20);
}

static int add_one(lua_State *L)
{
    lua_pushnumber(L, luaL_checknumber(L, 1) + 1);
    return 1;
}

static void test_print_asks_the_programs_tostring(void **state)
{
    struct written written = {.length = 0};
    struct sandbox_options options = strict;
    (void)state;
    options.write = keep;
    options.outlet = &written;
    struct sandbox *sandbox = open_sandbox(&options);
    assert_int_equal(run(sandbox, "tostring = type print(1, {})").outcome, SANDBOX_FINISHED);
    assert_memory_equal(written.text, "number\ttable\n", 13);
    assert_int_equal(run(sandbox, "tostring = next print({})").outcome, SANDBOX_ERROR);
    sandbox_close(sandbox);
}

static void test_functions_of_the_host_can_be_given(void **state)
{
    (void)state;
    struct sandbox *sandbox = open_sandbox(&strict);
    lua_register(sandbox_state(sandbox), "add_one", add_one);
    assert_int_equal(run(sandbox, "n = add_one(41)").outcome, SANDBOX_FINISHED);
    assert_true(number_of(sandbox, "n") == 42);
    sandbox_close(sandbox);
}

static void test_bytecode_is_no_chunk(void **state)
{
    (void)state;
    struct sandbox_result result = run_once(&strict, "\033Lua");
    assert_int_equal(result.outcome, SANDBOX_ERROR);
    assert_non_null(strstr(result.message, "bytecode"));
}

static void test_two_sandboxes_share_no_random_numbers(void **state)
{
    double first[2];
    struct sandbox *sandboxes[2];
    (void)state;
    for (int i = 0; i < 2; i++) sandboxes[i] = open_sandbox(&strict);
    run(sandboxes[0], "math.randomseed(7) for i = 1, 10 do math.random() end");
    run(sandboxes[0], "math.randomseed(7)");
    run(sandboxes[1], "math.randomseed(7)");
    for (int i = 0; i < 2; i++) {
        run(sandboxes[i], "n = math.random(1e6)");
        first[i] = number_of(sandboxes[i], "n");
        sandbox_close(sandboxes[i]);
    }
    assert_true(first[0] == first[1] && first[0] >= 1 && first[0] <= 1e6);
}

static void *run_many(void *budget)
{
    struct sandbox_options options = strict;
    options.budget = budget;
    options.instructions = 20000;
    for (int i = 0; i < 50; i++) {
        run_once(&options, "local t = {} while true do t[#t + 1] = math.random() end");
    }
    return NULL;
}

static void test_threads_run_sandboxes_on_one_budget(void **state)
{
    struct budget budget;
    struct budget_state shared;
    pthread_t threads[2];
    (void)state;
    budget_begin(&budget, 2 * MEMORY);
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, run_many, &budget);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    budget_read(&budget, &shared);
    assert_int_equal(shared.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_plain_loop_gets_just_what_was_granted),
        cmocka_unit_test(test_short_coroutines_get_no_more_than_was_granted),
        cmocka_unit_test(test_nothing_runs_after_the_end_until_more_is_granted),
        cmocka_unit_test(test_nothing_catches_the_end),
        cmocka_unit_test(test_nested_coroutines_count_as_calls),
        cmocka_unit_test(test_time_is_up_and_the_next_run_has_its_own),
        cmocka_unit_test(test_time_is_looked_at_in_long_calls),
        cmocka_unit_test(test_replaced_functions_answer_as_lua_does),
        cmocka_unit_test(test_print_asks_the_programs_tostring),
        cmocka_unit_test(test_a_lenient_limit_grants_a_tenth_and_counts_it),
        cmocka_unit_test(test_the_limit_can_be_moved_between_runs),
        cmocka_unit_test(test_a_budget_is_shared_and_comes_back),
        cmocka_unit_test(test_a_budget_without_room_for_a_state_refuses_it),
        cmocka_unit_test(test_a_sandbox_that_ran_out_of_memory_can_run_more),
        cmocka_unit_test(test_any_spec_with_a_limit_will_do_and_others_need_one),
        cmocka_unit_test(test_output_goes_where_it_is_told_and_is_cut_off),
        cmocka_unit_test(test_functions_of_the_host_can_be_given),
        cmocka_unit_test(test_bytecode_is_no_chunk),
        cmocka_unit_test(test_two_sandboxes_share_no_random_numbers),
        cmocka_unit_test(test_threads_run_sandboxes_on_one_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
