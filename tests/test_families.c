/* What holds for every family of synthetic traces, whatever its options. */
#include "family_test.h"

#include "trace_figures.h"

/* At least one row for each family; options that keep it short. */
static const struct sample {
    const char *name, *options;
    bool draws; /* its trace depends on the seed */
} samples[] = {
    {"lifetimes", "blocks=500,births=5000,deaths=stack", true},
    {"lifetimes", "blocks=500,births=5000,deaths=queue,sizes=powers,most=4K", true},
    {"lifetimes", "blocks=500,births=5000,deaths=generational,immortal=5", true},
    {"phases", "bytes=128K,cycles=2", true},
    {"phases", "bytes=128K,shape=ramp,sizes=fixed", true},
    {"phases", "bytes=128K,shape=shift,sizes=log-normal", true},
    {"phases", "bytes=128K,shape=peak", true},
    {"arrays", "growths=2000", true},
    {"arrays", "growths=2000,rule=append,garbage=7", true},
    {"server", "requests=200,cache=64K,most=1K", true},
    {"size-classes", "classes=geometric,bytes=8K", false},
    {"survivors", "bytes=64K,every=2", false},
    {"robson-first", "live=64K,largest=512", false},
    {"robson-best", "live=8K,largest=256", false},
    {"handover", "blocks=2000,threads=5", true},
    {"exchange", "blocks=50,replacements=2000,threads=3,foreign=20", true},
};

enum { SAMPLE_COUNT = sizeof samples / sizeof *samples };

static void every_family_has_a_sample(void **state)
{
    (void)state;
    const struct trace_family *family;
    for (size_t i = 0; (family = family_at(i)); i++) {
        bool is_known = false;
        for (size_t j = 0; j < SAMPLE_COUNT; j++)
            is_known |= !strcmp(samples[j].name, family->name);
        if (!is_known) fail_msg("%s has no sample here", family->name);
    }
}

static void events_agree_with_each_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct trace trace = make_trace(samples[i].name, samples[i].options, 3);
        struct trace_figures figures = trace_figures(&trace);
        print_message("           %s:%s\n", samples[i].name, samples[i].options);
        assert_int_equal(figures.bad_events, 0);
        assert_int_equal(figures.bytes_left, trace.live_bytes);
        assert_int_equal(figures.peak_live_bytes, trace.peak_live_bytes);
        assert_int_equal(figures.slots_used, trace.slot_count);
        assert_true(trace.touches_blocks);
        trace_close(&trace);
    }
}

static bool are_equal(const struct trace *left, const struct trace *right)
{
    return left->event_count == right->event_count &&
           !memcmp(left->events, right->events, left->event_count * sizeof *left->events);
}

static void a_seed_means_one_trace(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct trace first = make_trace(samples[i].name, samples[i].options, 3);
        struct trace again = make_trace(samples[i].name, samples[i].options, 3);
        struct trace other = make_trace(samples[i].name, samples[i].options, 4);
        assert_true(are_equal(&first, &again));
        assert_true(are_equal(&first, &other) != samples[i].draws);
        trace_close(&first);
        trace_close(&again);
        trace_close(&other);
    }
}

static bool refuse(void *sink, const struct trace_event *events, size_t count)
{
    (void)sink, (void)events, (void)count;
    return false;
}

/* All make more events than are flushed at once. */
static void a_trace_that_cannot_be_kept_ends(void **state)
{
    (void)state;
    const struct trace_family *family;
    for (size_t i = 0; (family = family_at(i)); i++) {
        struct trace trace;
        struct error error = {""};
        trace_open(&trace);
        trace.flush = refuse;
        const char *options = strcmp(family->name, "robson-first") ? "" : "live=1M";
        assert_false(try_trace(&trace, family->name, options, 1, &error));
        assert_true(trace.is_full);
        assert_string_equal(error.text, "");
        trace_close(&trace);
    }
}

static void check_refusal(const char *name, const char *options, const char *reason)
{
    struct trace trace;
    struct error error = {""};
    trace_open(&trace);
    assert_false(try_trace(&trace, name, options, 1, &error));
    if (!strstr(error.text, reason)) fail_msg("`%s` lacks `%s`", error.text, reason);
    trace_close(&trace);
}

static void options_that_do_not_go_together_are_refused(void **state)
{
    (void)state;
    check_refusal("lifetimes", "least=100,most=99", "least=100 is above most=99");
    check_refusal("server", "cache=64K,most=32K", "holds less than two entries");
    check_refusal("server", "cache=64G,most=1G,drift=2", "is above 1G");
    check_refusal("size-classes", "least=100,most=99", "least=100 is above most=99");
    check_refusal("survivors", "rounds=100000,growth=1M", "1G is the most");
    check_refusal("robson-first", "header=32", "header=32 leaves nothing");
    check_refusal("robson-first", "largest=32", "less than 2 times granule");
    check_refusal("robson-best", "largest=160", "less than 6 times granule");
    check_refusal("robson-best", "largest=16K", "less than 8 times largest");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_family_has_a_sample),
        cmocka_unit_test(events_agree_with_each_other),
        cmocka_unit_test(a_seed_means_one_trace),
        cmocka_unit_test(a_trace_that_cannot_be_kept_ends),
        cmocka_unit_test(options_that_do_not_go_together_are_refused),
    };
    return cmocka_run_group_tests_name("families", tests, NULL, NULL);
}
