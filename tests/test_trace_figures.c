/* What a survey counts, against traces whose figures were counted by hand. */
#include "survey_test.h"

#include "../allocators/host.h"

static struct trace trace;
static struct survey *survey; /* of the trace as a setup has left it */

static int take_survey(void)
{
    survey = survey_of(&trace);
    return 0;
}

static int close_survey(void **state)
{
    (void)state;
    survey_close(survey);
    return 0;
}

/* Calls 1 to 10 on three blocks of 40, 100 and 64 bytes. */
static void make_few_calls(void)
{
    trace_open(&trace);
    uint32_t first = trace_new(&trace, 40), second = trace_new(&trace, 100);
    trace_query(&trace);
    trace_resize(&trace, second, 200); /* call 4, 240 bytes alive */
    uint32_t third = trace_new(&trace, 64);
    trace_resize(&trace, third, 50);
    trace_resize(&trace, second, 200);
    trace_free(&trace, first); /* 264 bytes allocated since call 1 */
    trace_free(&trace, second);
    trace_free(&trace, third);
}

static int few_calls(void **state)
{
    (void)state;
    make_few_calls();
    return take_survey();
}

static void each_call_is_counted_as_what_it_is(void **state)
{
    (void)state;
    const uint64_t calls[SURVEY_CALLS] = {
        [SURVEY_NEW] = 3,    [SURVEY_FREE] = 3, [SURVEY_GROW] = 1,
        [SURVEY_SHRINK] = 1, [SURVEY_SAME] = 1, [SURVEY_QUERY] = 1,
    };
    assert_memory_equal(survey->calls, calls, sizeof calls);
    assert_int_equal(survey->events, 10);
    assert_int_equal(survey->operations, 10);
}

static void bytes_are_those_of_new_blocks_and_of_growth(void **state)
{
    (void)state;
    assert_int_equal(survey->allocated_bytes, 40 + 100 + 100 + 64);
    assert_int_equal(survey->new_bytes, 40 + 100 + 64);
    assert_int_equal(survey->threads, 1);
}

static void lives_run_from_birth_to_free(void **state)
{
    (void)state;
    assert_int_equal(survey->life_bytes.sum, 264 + 164 + 0);
    assert_int_equal(survey->life_bytes.maximum, 264);
    assert_int_equal(survey->life_operations.sum, 7 + 7 + 5);
    assert_int_equal(survey->early_frees, 3);
}

/* Two more blocks, with which live bytes come to where they were most; one stays. */
static int few_calls_and_three(void **state)
{
    (void)state;
    make_few_calls();
    trace_new(&trace, 7);
    trace_free(&trace, trace_new(&trace, 297));
    return take_survey();
}

static void what_is_alive_is_followed(void **state)
{
    (void)state;
    assert_int_equal(survey->peak_bytes, 304);
    assert_int_equal(survey->peak_bytes_operation, 5); /* the first of two */
    assert_int_equal(survey->peak_blocks, 3);
    assert_int_equal(survey->peak_blocks_operation, 5);
    assert_int_equal(survey->live_bytes, 7);
    assert_int_equal(survey->live_blocks, 1);
}

static void a_short_trace_has_every_call_in_its_curve(void **state)
{
    (void)state;
    assert_int_equal(survey->curve.count, 13);
    assert_int_equal(survey->curve.stretches[4].most_bytes, 304);
    assert_int_equal(survey->curve.stretches[8].bytes, 50);
    assert_int_equal(survey->curve.stretches[9].bytes, 0);
}

/* And a block that is resized four times, and never freed. */
static int few_calls_and_a_chain(void **state)
{
    (void)state;
    make_few_calls();
    uint32_t fourth = trace_new(&trace, 10);
    for (size_t size = 15; size <= 17; size++) trace_resize(&trace, fourth, size);
    trace_resize(&trace, fourth, 51); /* more than twice */
    return take_survey();
}

static void resizes_of_a_block_are_a_chain(void **state)
{
    (void)state;
    assert_int_equal(survey->chains.count, 3);
    assert_int_equal(survey->chains.sum, 2 + 1 + 4);
    assert_int_equal(survey->doublings, 1);
    assert_int_equal(survey->factors.count, 5);
    assert_int_equal(survey->factors.sum, 2000 + 1500 + 1066 + 1062 + 3000);
}

/* `births` blocks are born in the life of another. */
static void expect_early_frees(size_t births, uint64_t expected)
{
    trace_open(&trace);
    uint32_t block = trace_new(&trace, 24);
    for (size_t i = 0; i < births; i++) trace_new(&trace, 24);
    trace_free(&trace, block);
    take_survey();
    assert_int_equal(survey->early_frees, expected);
    survey_close(survey);
}

static void a_block_dies_early_before_64_others_are_born(void **state)
{
    (void)state;
    expect_early_frees(0, 1);
    expect_early_frees(63, 1);
    expect_early_frees(64, 0);
}

/* Runs of 31 and of 32 frees, the first newest first, with what does not end a run between. */
static int two_runs(void **state)
{
    uint32_t blocks[31 + 32 + 1];
    (void)state;
    trace_open(&trace);
    for (int i = 0; i < 64; i++) blocks[i] = trace_new(&trace, 100);
    for (int i = 30; i >= 0; i--) trace_free(&trace, blocks[i]);
    trace_resize(&trace, blocks[63], 101);
    for (int i = 31; i < 63; i++) {
        trace_free(&trace, blocks[i]);
        trace_query(&trace);
        trace_resize(&trace, blocks[63], 100);
    }
    return take_survey();
}

static void runs_of_frees_end_with_a_growth(void **state)
{
    (void)state;
    assert_int_equal(survey->runs.count, 2);
    assert_int_equal(survey->runs.sum, 63);
    assert_int_equal(survey->runs.maximum, 32);
    assert_int_equal(survey->frees_in_long_runs, 32);
    assert_int_equal(survey->neighbours, 30 + 31);
    assert_int_equal(survey->neighbours_backwards, 30);
}

static int blocks_of_two_classes(void **state)
{
    (void)state;
    trace_open(&trace);
    uint32_t block = trace_new(&trace, 16);
    trace_free(&trace, block);
    trace_new(&trace, 1);          /* reuses it */
    trace_new(&trace, 16);         /* there is no other */
    block = trace_new(&trace, 17); /* of the next class, whose first it is */
    trace_resize(&trace, block, 33);
    trace_new(&trace, 32); /* takes what that left */
    return take_survey();
}

static void a_freed_block_serves_its_class_alone(void **state)
{
    (void)state;
    assert_int_equal(survey->reusable, 2);
    assert_int_equal(survey_class_peaks(survey), (1 + 16) + 32 + 33);
}

static void mark_collections(void)
{
    trace_mark(&trace, MARK_COLLECTION, COLLECTOR_MARKS);
    trace_mark(&trace, MARK_COLLECTION, COLLECTOR_MARKS); /* it still does */
    trace_mark(&trace, MARK_COLLECTION, COLLECTOR_SWEEPS);
    trace_mark(&trace, MARK_COLLECTION, COLLECTOR_RESTS);
    trace_mark(&trace, MARK_COLLECTION, COLLECTOR_MARKS);
}

/* 12 marks and 6 calls. */
static int calls_and_marks(void **state)
{
    (void)state;
    trace_open(&trace);
    trace_mark(&trace, MARK_STATE, 1);
    uint32_t block = trace_new(&trace, 16), other = trace_new(&trace, 16);
    trace_free(&trace, trace_new(&trace, 16));
    trace_mark(&trace, MARK_PHASE, 7);
    trace_mark(&trace, MARK_FRAME, 1);
    trace_mark(&trace, MARK_THREAD, 2);
    trace_mark(&trace, MARK_ALIGNMENT, 12);
    trace_free(&trace, block);
    mark_collections();
    trace_mark(&trace, MARK_THREAD, 0);
    trace_free(&trace, other);
    trace_mark(&trace, MARK_STATE, 0);
    return take_survey();
}

static void marks_are_counted_and_are_no_calls(void **state)
{
    (void)state;
    assert_int_equal(survey->events, 18);
    assert_int_equal(survey->operations, 6);
    assert_int_equal(survey->states, 1);
    assert_int_equal(survey->marks[MARK_FRAME], 1);
    assert_int_equal(survey->alignment, 12);
}

static void marks_tell_threads_apart(void **state)
{
    (void)state;
    assert_int_equal(survey->threads, 3);
    assert_int_equal(survey->foreign_frees, 1);
}

static void marks_place_phases_and_collections(void **state)
{
    (void)state;
    assert_int_equal(survey->phases.count, 1);
    assert_int_equal(survey->phases.first[0].argument, 7);
    assert_int_equal(survey->phases.first[0].operation, 4);
    assert_int_equal(survey->collections.count, 2);
    assert_int_equal(survey->collections.first[1].operation, 5);
}

#define TEST(function, setup) cmocka_unit_test_setup_teardown(function, setup, close_survey)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_call_is_counted_as_what_it_is, few_calls),
        TEST(bytes_are_those_of_new_blocks_and_of_growth, few_calls),
        TEST(lives_run_from_birth_to_free, few_calls),
        TEST(what_is_alive_is_followed, few_calls_and_three),
        TEST(a_short_trace_has_every_call_in_its_curve, few_calls_and_three),
        TEST(resizes_of_a_block_are_a_chain, few_calls_and_a_chain),
        cmocka_unit_test(a_block_dies_early_before_64_others_are_born),
        TEST(runs_of_frees_end_with_a_growth, two_runs),
        TEST(a_freed_block_serves_its_class_alone, blocks_of_two_classes),
        TEST(marks_are_counted_and_are_no_calls, calls_and_marks),
        TEST(marks_tell_threads_apart, calls_and_marks),
        TEST(marks_place_phases_and_collections, calls_and_marks),
    };
    return cmocka_run_group_tests_name("trace figures", tests, NULL, NULL);
}
