/* The public library: what a program that embeds Lua is promised by lalloc.h. */
#include "lalloc_test.h"

#include <lualib.h>
#include <stdlib.h>

static struct lalloc_heap *opened(const char *spec)
{
    struct lalloc_heap *heap = lalloc_open(spec, error, sizeof error);
    if (!heap) fail_msg("%s: %s", spec, error);
    return heap;
}

static lua_State *state_on(struct lalloc_heap *heap)
{
    lua_State *L = lalloc_newstate(heap);
    assert_non_null(L);
    assert_int_equal(lalloc_openlibs(heap, L), 0);
    return L;
}

static void a_wrong_spec_is_refused_with_one_line(void **state)
{
    (void)state;
    char short_error[8];
    assert_null(lalloc_open("teired", error, sizeof error));
    assert_non_null(strstr(error, "no allocator is called `teired`"));
    assert_non_null(strstr(error, "tiered"));
    assert_null(strchr(error, '\n'));
    assert_null(lalloc_open("teired", short_error, sizeof short_error));
    assert_int_equal(strlen(short_error), sizeof short_error - 1);
    assert_null(lalloc_open("teired", NULL, 0));
    assert_null(lalloc_open("hard-limit", error, sizeof error));
    assert_non_null(strstr(error, "needs an allocator under it"));
}

static void a_state_lives_and_dies_on_its_heap(void **state)
{
    (void)state;
    struct lalloc_heap *heap = opened("hard-limit:bytes=10M+tiered");
    for (int round = 0; round < 3; round++) {
        lua_State *L = state_on(heap);
        assert_null(lalloc_newstate(heap)); /* one state a heap */
        run(L, "local t = {} for i = 1, 10000 do t[i] = {i} end");
        struct lalloc_statistics figures = figures_of(heap);
        assert_int_equal(figures.live_bytes, counted(L));
        assert_true(figures.peak_live_bytes >= figures.live_bytes);
        assert_true(figures.footprint_bytes >= figures.live_bytes);
        assert_int_equal(figures.limit_bytes, 10 << 20);
        assert_int_equal(figures.refused_calls, 0);
        lalloc_closestate(heap, L);
        assert_int_equal(figures_of(heap).live_bytes, 0);
    }
    lalloc_closestate(heap, NULL);
    lalloc_close(heap);
    lalloc_close(NULL);
}

static void both_ways_of_resizing_are_the_same_heap(void **state)
{
    (void)state;
    struct lalloc_heap *heap = opened("hard-limit+tiered");
    void *block = lalloc_resize(heap, NULL, 0, 100);
    assert_int_equal(figures_of(heap).live_bytes, 100);
    assert_null(lalloc_function(heap)(lalloc_userdata(heap), block, 100, 0));
    assert_int_equal(figures_of(heap).live_bytes, 0);
    lua_State *L = lua_newstate(lalloc_resize, heap);
    assert_int_equal(figures_of(heap).live_bytes, counted(L));
    lua_close(L);
    lalloc_close(heap);
}

static void a_heap_that_knows_little_says_unknown(void **state)
{
    (void)state;
    struct lalloc_heap *heap = opened("libc");
    struct lalloc_statistics figures = figures_of(heap);
    assert_true(figures.live_bytes == LALLOC_UNKNOWN);
    assert_true(figures.limit_bytes == LALLOC_UNKNOWN);
    assert_true(figures.refused_calls == LALLOC_UNKNOWN);
    assert_int_equal(figures.fault_count, 0);
    assert_false(lalloc_set_limit(heap, 1000, true));
    lalloc_close(heap);
}

static void the_peak_is_of_all_that_lives_or_unknown(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        size_t peak;
    } cases[] = {{"track+tiered", 3000},
                 {"track+profile+tiered", 3000},
                 {"hard-limit+tiered", 3000},
                 {"profile+tiered", LALLOC_UNKNOWN},
                 {"tiered", LALLOC_UNKNOWN}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lalloc_heap *heap = opened(cases[i].spec);
        lalloc_resize(heap, lalloc_resize(heap, NULL, 0, 3000), 3000, 0);
        if (figures_of(heap).peak_live_bytes != cases[i].peak) fail_msg("%s", cases[i].spec);
        lalloc_close(heap);
    }
}

static void libraries_open_under_any_limit_and_the_rest_is_refused(void **state)
{
    (void)state;
    struct lalloc_heap *heap = opened("hard-limit:bytes=8K+tiered");
    lua_State *L = state_on(heap);
    assert_true(counted(L) > 20000);
    assert_int_equal(luaL_loadstring(L, "return 1"), LUA_ERRMEM);
    lalloc_closestate(heap, L);
    assert_int_equal(figures_of(heap).live_bytes, 0);
    lalloc_close(heap);
}

static void a_finalizer_may_allocate_while_its_full_state_closes(void **state)
{
    (void)state;
    struct lalloc_heap *heap = opened("hard-limit:bytes=1M+tiered");
    lua_State *L = state_on(heap);
    lua_newtable(L);
    lua_setglobal(L, "seen");
    run(L, "local p = newproxy(true) getmetatable(p).__gc = function() local t = {} "
           "for i = 1, 1e4 do t[i] = {} end io.stderr:write('') end held = p");
    lalloc_set_limit(heap, counted(L), true);
    size_t refused_before = figures_of(heap).refused_calls;
    lalloc_closestate(heap, L);
    assert_int_equal(figures_of(heap).refused_calls, refused_before);
    assert_int_equal(figures_of(heap).live_bytes, 0);
    lalloc_close(heap);
}

static void every_choice_is_listed_with_its_options(void **state)
{
    (void)state;
    struct lalloc_choice choice;
    struct lalloc_option option;
    size_t count = 0, wrappers = 0;
    for (; lalloc_list(count, &choice); count++) {
        wrappers += choice.is_wrapper;
        assert_true(*choice.name && *choice.summary);
        assert_true(choice.is_wrapper || !choice.can_attach);
        assert_int_equal(choice.takes_buffer, !strcmp(choice.name, "bump") ||
                                                  !strcmp(choice.name, "frame") ||
                                                  !strcmp(choice.name, "free-list"));
    }
    assert_true(wrappers > 10 && count - wrappers > 8);
    assert_true(lalloc_list_option("hard-limit", 0, &option));
    assert_string_equal(option.name, "bytes");
    assert_true(*option.range && *option.help && *option.standard);
    assert_false(lalloc_list_option("hard-limit", 50, &option));
    assert_false(lalloc_list_option("nonesuch", 0, &option));
    assert_string_equal(lalloc_version(), LALLOC_VERSION);
}

static void hear(void *heard, const char *message)
{
    strncat(heard, message, 1000);
}

static void warnings_go_to_the_listener(void **state)
{
    (void)state;
    char heard[8192] = "";
    struct lalloc_heap *heap = opened("soft-limit:bytes=1000+tiered");
    lalloc_set_listener(heap, hear, heard);
    void *block = lalloc_resize(heap, NULL, 0, 1100);
    assert_non_null(block);
    assert_non_null(strstr(heard, "soft-limit"));
    lalloc_resize(heap, block, 1100, 0);
    lalloc_close(heap);
}

static void faults_go_to_the_listener_and_are_counted(void **state)
{
    (void)state;
    char heard[8192] = "";
    if (getenv("LD_PRELOAD")) skip(); /* valgrind objects to how libunwind probes the stack */
    struct lalloc_heap *heap = opened("guards+tiered");
    lalloc_set_listener(heap, hear, heard);
    char *block = lalloc_resize(heap, NULL, 0, 40);
    block[40] = 1;
    assert_int_equal(lalloc_check(heap), 1);
    assert_non_null(strstr(heard, "overflow"));
    assert_int_equal(figures_of(heap).fault_count, 1);
    lalloc_resize(heap, block, 40, 0);
    lalloc_close(heap);
}

static void the_report_names_each_layer(void **state)
{
    (void)state;
    char *text;
    size_t length;
    struct lalloc_heap *heap = opened("hard-limit:bytes=10M+free-list");
    lua_State *L = state_on(heap);
    FILE *out = open_memstream(&text, &length);
    lalloc_report(heap, out);
    fclose(out);
    assert_non_null(strstr(text, "\nhard-limit: "));
    assert_non_null(strstr(text, "\nfree-list: "));
    assert_non_null(strstr(text, "live"));
    assert_non_null(strstr(text, "neighbours merged"));
    free(text);
    lalloc_closestate(heap, L);
    lalloc_close(heap);
}

static void one_heap_may_use_what_another_of_its_budget_freed(void **state)
{
    (void)state;
    struct lalloc_budget_statistics used;
    struct lalloc_budget *budget = lalloc_budget_open(10000);
    struct lalloc_heap *one = opened("hard-limit+tiered"), *other = opened("hard-limit+tiered");
    struct lalloc_heap *without = opened("tiered");
    assert_true(lalloc_budget_join(budget, one) && lalloc_budget_join(budget, other));
    assert_false(lalloc_budget_join(budget, without));
    void *block = lalloc_resize(one, NULL, 0, 6000);
    assert_null(lalloc_resize(other, NULL, 0, 6000));
    lalloc_resize(one, block, 6000, 0);
    assert_non_null(lalloc_resize(other, NULL, 0, 6000));
    lalloc_budget_read(budget, &used);
    assert_int_equal(used.used_bytes, 6000);
    assert_int_equal(used.refused_calls, 1);
    lalloc_close(other);
    lalloc_budget_read(budget, &used);
    assert_int_equal(used.used_bytes, 0);
    lalloc_close(one);
    lalloc_close(without);
    lalloc_budget_close(budget);
}

static char *leaks_of(const struct lalloc_heap *heap, size_t *count)
{
    char *text;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    *count = lalloc_leaks(heap, out);
    fclose(out);
    return text;
}

static void leaks_are_told_where_records_are_kept(void **state)
{
    (void)state;
    size_t count;
    struct lalloc_heap *heap = opened("records+tiered"), *without = opened("tiered");
    void *block = lalloc_resize(heap, NULL, 0, 123);
    char *text = leaks_of(heap, &count);
    assert_int_equal(count, 1);
    assert_non_null(strstr(text, "123"));
    free(text);
    free(leaks_of(without, &count));
    assert_true(count == LALLOC_UNKNOWN);
    lalloc_resize(heap, block, 123, 0);
    lalloc_close(heap);
    lalloc_close(without);
}

static void a_trusted_script_may_inspect_its_heap(void **state)
{
    (void)state;
    struct lalloc_heap *heap = opened("hard-limit:bytes=10M+tiered");
    lua_State *L = state_on(heap);
    assert_int_equal(lalloc_inspection(heap, L), 0);
    run(L, "assert(set_memory_limit(5 * 1024 * 1024)) assert(type(memory_report()) == 'string')");
    assert_int_equal(figures_of(heap).limit_bytes, 5 << 20);
    lalloc_closestate(heap, L);
    lalloc_close(heap);
}

static void write_text(void *written, const char *text, size_t length)
{
    strncat(written, text, length);
}

static enum lalloc_outcome outcome_of(struct lalloc_sandbox *sandbox, const char *text,
                                      struct lalloc_sandbox_result *result)
{
    lalloc_sandbox_run(sandbox, "=script", text, strlen(text), result);
    return result->outcome;
}

static void a_sandbox_survives_its_scripts(void **state)
{
    (void)state;
    char written[64] = "";
    struct lalloc_sandbox_result result;
    struct lalloc_budget_statistics used;
    struct lalloc_budget *budget = lalloc_budget_open(8 << 20);
    const struct lalloc_sandbox_options options = {.memory = 1 << 20,
                                                   .strict = true,
                                                   .instructions = 1000000,
                                                   .budget = budget,
                                                   .write = write_text,
                                                   .outlet = written};
    struct lalloc_sandbox *sandbox = lalloc_sandbox_open(&options, error, sizeof error);
    if (!sandbox) fail_msg("%s", error);
    assert_int_equal(outcome_of(sandbox, "print('hello')", &result), LALLOC_FINISHED);
    assert_string_equal(written, "hello\n");
    assert_int_equal(outcome_of(sandbox, "error('told', 0)", &result), LALLOC_ERROR);
    assert_non_null(strstr(result.message, "told"));
    assert_int_equal(outcome_of(sandbox, "string.rep('x', 1e7)", &result), LALLOC_OUT_OF_MEMORY);
    assert_int_equal(result.limit_bytes, 1 << 20);
    assert_int_equal(outcome_of(sandbox, "while 1 do end", &result), LALLOC_OUT_OF_INSTRUCTIONS);
    assert_string_equal(lalloc_outcome_name(result.outcome), "out of instructions");
    lalloc_budget_read(budget, &used);
    assert_int_equal(used.used_bytes, result.live_bytes);
    lalloc_sandbox_close(sandbox);
    lalloc_budget_read(budget, &used);
    assert_int_equal(used.used_bytes, 0);
    lalloc_budget_close(budget);
    lalloc_sandbox_close(NULL);
}

static void a_sandbox_without_a_limit_is_refused(void **state)
{
    (void)state;
    const struct lalloc_sandbox_options none = {0}, wrong = {.spec = "teired", .memory = 1 << 20};
    assert_null(lalloc_sandbox_open(&none, error, sizeof error));
    assert_true(*error);
    assert_null(lalloc_sandbox_open(&wrong, error, sizeof error));
    assert_non_null(strstr(error, "teired"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_spec_is_refused_with_one_line),
        cmocka_unit_test(a_state_lives_and_dies_on_its_heap),
        cmocka_unit_test(both_ways_of_resizing_are_the_same_heap),
        cmocka_unit_test(a_heap_that_knows_little_says_unknown),
        cmocka_unit_test(the_peak_is_of_all_that_lives_or_unknown),
        cmocka_unit_test(libraries_open_under_any_limit_and_the_rest_is_refused),
        cmocka_unit_test(a_finalizer_may_allocate_while_its_full_state_closes),
        cmocka_unit_test(every_choice_is_listed_with_its_options),
        cmocka_unit_test(warnings_go_to_the_listener),
        cmocka_unit_test(faults_go_to_the_listener_and_are_counted),
        cmocka_unit_test(the_report_names_each_layer),
        cmocka_unit_test(one_heap_may_use_what_another_of_its_budget_freed),
        cmocka_unit_test(leaks_are_told_where_records_are_kept),
        cmocka_unit_test(a_trusted_script_may_inspect_its_heap),
        cmocka_unit_test(a_sandbox_survives_its_scripts),
        cmocka_unit_test(a_sandbox_without_a_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
