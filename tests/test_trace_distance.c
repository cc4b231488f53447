/* Distances of traces, against values worked out by hand. */
#include "survey_test.h"

#include "../harness/inspect/inspect_distance.h"

static struct distances measure(struct trace *one, struct trace *other)
{
    struct distances distances;
    struct survey *left = survey_of(one), *right = survey_of(other);
    distances_measure(left, right, &distances);
    survey_close(left);
    survey_close(right);
    return distances;
}

/* So many blocks of a size are born, then all are freed, the newest first or the oldest. */
static struct trace born_and_freed(size_t count, size_t bytes, bool is_newest_first)
{
    struct trace trace;
    uint32_t blocks[256];
    trace_open(&trace);
    for (size_t i = 0; i < count; i++) blocks[i] = trace_new(&trace, bytes);
    for (size_t i = 0; i < count; i++) {
        trace_free(&trace, blocks[is_newest_first ? count - 1 - i : i]);
    }
    return trace;
}

static void a_trace_is_at_no_distance_from_itself(void **state)
{
    (void)state;
    struct trace one = born_and_freed(100, 40, true), other = born_and_freed(100, 40, true);
    struct distances distances = measure(&one, &other);
    for (int i = 0; i < DISTANCES; i++) assert_true(distances.values[i] == 0);
}

static void a_trace_that_is_larger_alone_differs_in_sizes_alone(void **state)
{
    (void)state;
    struct trace one = born_and_freed(100, 40, true), other = born_and_freed(100, 4000, true);
    struct distances distances = measure(&one, &other);
    assert_true(distances.values[DISTANCE_SIZES] == 1);
    assert_true(distances.values[DISTANCE_SIZE_BYTES] == 1);
    assert_true(distances.values[DISTANCE_LIVES] < 0.03);
    assert_true(distances.values[DISTANCE_CURVE] == 0);
    assert_true(distances.values[DISTANCE_CALLS] == 0);
    assert_true(distances.values[DISTANCE_FREES] == 0);
}

static void the_order_of_frees_counts(void **state)
{
    (void)state;
    struct trace one = born_and_freed(100, 40, true), other = born_and_freed(100, 40, false);
    assert_true(measure(&one, &other).values[DISTANCE_FREES] == 1);
    one = born_and_freed(100, 40, true);
    other = born_and_freed(31, 40, true);
    assert_true(measure(&one, &other).values[DISTANCE_FREES] == 1);
}

/* 8 bytes are half the blocks of the one and a third of its bytes, and none of the other's. */
static void sizes_are_compared_by_their_shares(void **state)
{
    (void)state;
    struct trace one, other;
    trace_open(&one);
    trace_open(&other);
    trace_new(&one, 8);
    trace_new(&one, 16);
    trace_new(&other, 15); /* up to 16, as no multiple of 8 lies between */
    struct distances distances = measure(&one, &other);
    assert_float_equal(distances.values[DISTANCE_SIZES], 0.5, 1e-12);
    assert_float_equal(distances.values[DISTANCE_SIZE_BYTES], 1.0 / 3, 1e-12);
}

/* One block stays alive through 100 calls of the one trace, and is freed by the second of the
 * other. */
static void lives_curves_and_calls_are_compared_by_their_formulas(void **state)
{
    (void)state;
    struct trace one, other;
    trace_open(&one);
    trace_open(&other);
    trace_new(&one, 100);
    for (int i = 0; i < 99; i++) trace_query(&one);
    trace_free(&other, trace_new(&other, 100));
    for (int i = 0; i < 98; i++) trace_query(&other);
    struct distances distances = measure(&one, &other);
    assert_float_equal(distances.values[DISTANCE_LIVES], 1, 1e-12);
    assert_float_equal(distances.values[DISTANCE_CURVE], 0.99, 1e-12);
    assert_float_equal(distances.values[DISTANCE_CALLS], 0.01, 1e-12);
    assert_float_equal(distances.values[DISTANCE_FREES], 1, 1e-12);
}

static void a_trace_of_nothing_is_far_from_any_and_near_to_itself(void **state)
{
    (void)state;
    struct trace one = born_and_freed(40, 40, true), nothing;
    trace_open(&nothing);
    struct distances distances = measure(&one, &nothing);
    for (int i = 0; i < DISTANCES; i++) assert_true(distances.values[i] == 1);
    trace_open(&one);
    trace_open(&nothing);
    distances = measure(&one, &nothing);
    for (int i = 0; i < DISTANCES; i++) assert_true(distances.values[i] == 0);
}

static void verdict_has(struct distances distances, const char *wanted)
{
    char text[256];
    distances_judge(&distances, text, sizeof text);
    if (!strstr(text, wanted)) fail_msg("%s: has no `%s`", text, wanted);
}

static void who_matches_in_sizes_alone_is_warned(void **state)
{
    (void)state;
    verdict_has((struct distances){{0.15, 0.2, 0.26}}, "sizes match and lifetimes do not (0.26)");
    verdict_has((struct distances){{0.1, 0.1, 0.15}}, "Alike in all");
    verdict_has((struct distances){{0.1, 0.1, 0.25}}, "some way apart in lifetimes (0.25)");
    verdict_has((struct distances){{0.16, 0.1, 0.4}}, "far apart in lifetimes (0.40)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trace_is_at_no_distance_from_itself),
        cmocka_unit_test(a_trace_that_is_larger_alone_differs_in_sizes_alone),
        cmocka_unit_test(the_order_of_frees_counts),
        cmocka_unit_test(sizes_are_compared_by_their_shares),
        cmocka_unit_test(lives_curves_and_calls_are_compared_by_their_formulas),
        cmocka_unit_test(a_trace_of_nothing_is_far_from_any_and_near_to_itself),
        cmocka_unit_test(who_matches_in_sizes_alone_is_warned),
    };
    return cmocka_run_group_tests_name("distances", tests, NULL, NULL);
}
