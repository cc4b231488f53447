/* The series of memory after threads have ended, in this process: its samples in their order, with
 * what is alive at each. Heaps are local ones: what the process has before does not serve them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../harness/series/series_threads.h"

static struct cell_result result;

enum column { MOMENT, STEP, LIVE };
enum { GROWN = 10, STEPS = 20 };

static uint64_t value(size_t row, enum column column)
{
    assert_true(row < result.row_count);
    return result.rows[row].values[column];
}

static void measure(const char *spec, enum exit_way way, enum outcome expected)
{
    struct cell_request request = {.spec = spec, .seed = 7, .parameter = way};
    memset(&result, 0, sizeof result);
    enum outcome outcome = series_after_exit(&request, &result);
    if (outcome != expected) fail_msg("%s", result.error.text);
}

static void expect_moments(const char *const *names)
{
    for (size_t i = 0; names[i]; i++) {
        assert_string_equal(exit_moment_names[value(STEPS + 1 + i, MOMENT)], names[i]);
    }
}

static void what_threads_leave_behind_lives_until_the_last_frees_it(void **state)
{
    static const char *const after[] = {"ended", "freed", "settled", "purged", NULL};
    (void)state;
    measure("lock+tiered", EXIT_LEFT, OUTCOME_OK);
    expect_moments(after);
    assert_int_equal(result.row_count, STEPS + 5);
    assert_int_equal(value(0, LIVE), 0);
    for (size_t i = 1; i <= GROWN; i++) assert_true(value(i, LIVE) > value(i - 1, LIVE));
    assert_in_range(value(STEPS, LIVE), 31 << 20, 33 << 20);
    assert_int_equal(value(STEPS + 1, LIVE), value(STEPS, LIVE));
    for (size_t i = STEPS + 2; i < STEPS + 5; i++) assert_int_equal(value(i, LIVE), 0);
}

static void what_threads_free_is_gone_before_they_end(void **state)
{
    static const char *const after[] = {"freed", "ended", "settled", "purged", NULL};
    (void)state;
    measure("lock+tiered", EXIT_FREED, OUTCOME_OK);
    expect_moments(after);
    for (size_t i = STEPS + 1; i < STEPS + 5; i++) assert_int_equal(value(i, LIVE), 0);
}

static void a_heap_for_one_thread_is_refused(void **state)
{
    (void)state;
    measure("tiered", EXIT_LEFT, OUTCOME_UNAVAILABLE);
    assert_string_equal(result.error.text, "tiered is not thread-safe: put lock+ before it");
}

static void a_heap_that_is_too_small_is_out_of_memory(void **state)
{
    (void)state;
    measure("lock+hard-limit:bytes=8M+tiered", EXIT_LEFT, OUTCOME_OUT_OF_MEMORY);
    assert_non_null(strstr(result.error.text, "bytes was refused to thread"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_threads_leave_behind_lives_until_the_last_frees_it),
        cmocka_unit_test(what_threads_free_is_gone_before_they_end),
        cmocka_unit_test(a_heap_for_one_thread_is_refused),
        cmocka_unit_test(a_heap_that_is_too_small_is_out_of_memory),
    };
    return cmocka_run_group_tests_name("memory after threads", tests, NULL, NULL);
}
