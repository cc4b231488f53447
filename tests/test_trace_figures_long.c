/* Surveys of long traces: what stays within bounds, and figures against an independent walk. */
#include "survey_test.h"

#include "../workloads/synthetic/generators.h"
#include "trace_figures.h"

static struct trace lua_mix(void)
{
    struct trace trace;
    struct random random;
    random_seed(&random, 1);
    trace_open(&trace);
    assert_true(generate_lua_mix(&trace, &random));
    return trace;
}

/* Of the trace that a setup has made: by the survey, as they are told, by the independent walk. */
static struct survey *survey;
static struct inspect_figures figures;
static struct trace_figures walked;

static int take_survey(struct trace *trace)
{
    survey = survey_of(trace);
    figures = (struct inspect_figures){0};
    inspect_summarise(&figures, survey);
    return 0;
}

static int survey_lua_mix(void **state)
{
    struct trace trace = lua_mix();
    (void)state;
    walked = trace_figures(&trace);
    return take_survey(&trace);
}

static int close_survey(void **state)
{
    (void)state;
    inspect_close(&figures);
    survey_close(survey);
    return 0;
}

static void an_independent_walk_finds_the_same_calls(void **state)
{
    (void)state;
    assert_int_equal(survey->calls[SURVEY_NEW], walked.news);
    assert_int_equal(survey->calls[SURVEY_FREE], walked.frees);
    assert_int_equal(survey->calls[SURVEY_GROW], walked.grows);
    assert_int_equal(survey->calls[SURVEY_QUERY], walked.queries);
    assert_int_equal(survey->marks[MARK_VISIT], walked.visits);
    assert_int_equal(survey->doublings, walked.doublings);
}

static void an_independent_walk_finds_the_same_lives(void **state)
{
    (void)state;
    assert_int_equal(survey->early_frees, walked.early_frees);
    assert_int_equal(survey->frees_in_long_runs, walked.frees_in_long_runs);
    assert_int_equal(survey->allocated_bytes, walked.allocated_bytes);
    assert_int_equal(survey->peak_bytes, walked.peak_live_bytes);
    double median = (double)histogram_quantile(&survey->life_bytes, 0.5);
    double expected = walked.median_life * (double)walked.peak_live_bytes;
    assert_true(median > expected * 0.98 && median < expected * 1.02);
}

static void expect_share(const char *sizes, size_t blocks)
{
    assert_float_equal(figure_of(&figures, "sizes up to", sizes, "of blocks"),
                       100.0 * (double)blocks / (double)walked.news, 1e-9);
}

static void sizes_are_counted_to_the_block(void **state)
{
    (void)state;
    expect_share("64 bytes", walked.news_to_64);
    expect_share("512 bytes", walked.news_to_512);
    assert_int_equal(figure_of(&figures, "frequent sizes", "64 bytes", "new blocks"),
                     walked.news_of_64);
    assert_int_equal(figure_of(&figures, "frequent sizes", "40 bytes", "new blocks"),
                     walked.news_of_40);
}

/* 16 bytes are eight of ten blocks, and with 24 bytes they are nine. */
static int survey_ten_blocks(void **state)
{
    struct trace trace;
    (void)state;
    trace_open(&trace);
    for (int i = 0; i < 10; i++) trace_new(&trace, i < 8 ? 16 : i < 9 ? 24 : 32);
    return take_survey(&trace);
}

static void the_usual_sizes_are_nine_tenths_of_all(void **state)
{
    (void)state;
    assert_int_equal(figure_of(&figures, "sizes", "", "sizes of 90 % of blocks"), 2);
}

static void events_may_come_in_parts(void **state)
{
    (void)state;
    struct trace trace = lua_mix();
    struct survey *parts = survey_open();
    for (size_t i = 0; i < trace.event_count; i += 1000) {
        size_t rest = trace.event_count - i;
        survey_take(parts, trace.events + i, rest < 1000 ? rest : 1000);
    }
    assert_true(survey_finish(parts));
    struct survey *whole = survey_of(&trace);
    assert_memory_equal(&parts->runs, &whole->runs, sizeof whole->runs);
    assert_memory_equal(&parts->life_bytes, &whole->life_bytes, sizeof whole->life_bytes);
    assert_memory_equal(&parts->curve, &whole->curve, sizeof whole->curve);
    survey_close(parts);
    survey_close(whole);
}

/* Each call has a value of its own, so that any that is lost shows. */
static void the_curve_keeps_least_and_most_of_every_call(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {1, 2, 999, 1000, 1001, 2000, 2001, 12345, 64000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct live_curve curve = {0};
        for (uint64_t call = 1; call <= lengths[i]; call++) curve_note(&curve, call, call, 1);
        curve_finish(&curve);
        assert_in_range(curve.count, lengths[i] < 500 ? lengths[i] : 500, CURVE_STRETCHES);
        uint64_t next = 1;
        for (size_t j = 0; j < curve.count; j++) {
            bool is_last = j + 1 == curve.count;
            assert_true(is_last || curve.stretches[j].operation == (j + 1) * curve.length);
            assert_int_equal(curve.stretches[j].least_bytes, next);
            assert_int_equal(curve.stretches[j].most_bytes, curve.stretches[j].operation);
            next = curve.stretches[j].operation + 1;
        }
        assert_int_equal(next, lengths[i] + 1);
    }
}

static void any_number_of_sizes_is_counted(void **state)
{
    (void)state;
    struct size_table table = {0};
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 5000; i > round; i--) assert_true(size_table_add(&table, i * 4097));
    }
    size_table_sort(&table);
    assert_int_equal(table.count, 5000);
    for (uint32_t i = 0; i < 5000; i++) {
        assert_int_equal(table.entries[i].size, (i + 1) * 4097);
        assert_int_equal(table.entries[i].count, i < 1 ? 1 : i < 2 ? 2 : 3);
    }
    size_table_close(&table);
}

/* From 1000 down to 400 and up, three times: a ratio of 2.5 each but for the last drain. */
static int survey_waves(void **state)
{
    struct trace trace;
    uint32_t blocks[10];
    (void)state;
    trace_open(&trace);
    for (int i = 0; i < 10; i++) blocks[i] = trace_new(&trace, 100);
    for (int wave = 0; wave < 3; wave++) {
        for (int i = 0; i < 6; i++) trace_free(&trace, blocks[i]);
        for (int i = 0; i < 6; i++) blocks[i] = trace_new(&trace, 100);
    }
    for (int i = 0; i < 10; i++) trace_free(&trace, blocks[i]);
    return take_survey(&trace);
}

static void waves_have_peaks_and_troughs(void **state)
{
    (void)state;
    assert_int_equal(survey->waves.count, 3);
    assert_int_equal(survey->waves.sum, 3 * 2500);
}

static int survey_nothing(void **state)
{
    struct trace trace;
    (void)state;
    trace_open(&trace);
    return take_survey(&trace);
}

static void of_an_empty_trace_shares_do_not_exist(void **state)
{
    (void)state;
    inspect_detail(&figures, survey);
    for (size_t i = 0; i < figures.count; i++) {
        double value = figures.items[i].value;
        assert_true(value == 0 || value != value);
    }
}

#define TEST(function, setup) cmocka_unit_test_setup_teardown(function, setup, close_survey)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_independent_walk_finds_the_same_calls, survey_lua_mix),
        TEST(an_independent_walk_finds_the_same_lives, survey_lua_mix),
        TEST(sizes_are_counted_to_the_block, survey_lua_mix),
        TEST(the_usual_sizes_are_nine_tenths_of_all, survey_ten_blocks),
        cmocka_unit_test(events_may_come_in_parts),
        cmocka_unit_test(the_curve_keeps_least_and_most_of_every_call),
        cmocka_unit_test(any_number_of_sizes_is_counted),
        TEST(waves_have_peaks_and_troughs, survey_waves),
        TEST(of_an_empty_trace_shares_do_not_exist, survey_nothing),
    };
    return cmocka_run_group_tests_name("figures of long traces", tests, NULL, NULL);
}
