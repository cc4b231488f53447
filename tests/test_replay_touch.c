/* What a replay writes and reads of its blocks, by `touch=`, and what becomes of those that a trace
 * leaves alive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_heap.h"
#include "replay_test.h"

static bool generate_one(struct trace *trace, size_t first_size, size_t second_size)
{
    uint32_t slot = trace_new(trace, first_size);
    if (second_size) trace_resize(trace, slot, second_size);
    trace_free(trace, slot);
    return true;
}

static bool generate_untouched(struct trace *trace, struct random *random)
{
    (void)random;
    return generate_one(trace, 200, 0);
}

static bool generate_touched(struct trace *trace, struct random *random)
{
    trace->touches_blocks = true;
    return generate_untouched(trace, random);
}

static bool generate_grown(struct trace *trace, struct random *random)
{
    (void)random;
    trace->touches_blocks = true;
    return generate_one(trace, 8, 200);
}

static bool generate_tiny(struct trace *trace, struct random *random)
{
    (void)random;
    trace->touches_blocks = true;
    return generate_one(trace, 3, 7);
}

/* Three of five blocks stay, one of them grown. */
static bool generate_survivors(struct trace *trace, struct random *random)
{
    uint32_t slots[5];
    (void)random;
    trace->touches_blocks = true;
    for (size_t i = 0; i < 5; i++) slots[i] = trace_new(trace, 100 + i);
    trace_free(trace, slots[1]);
    trace_resize(trace, slots[4], 300);
    trace_free(trace, slots[2]);
    return true;
}

static void run_on_fake(generate_fn *generate, const char *options, struct fake *fake,
                        char answer[ANSWER_LENGTH])
{
    struct workload workload = planted_workload(generate, options);
    struct heap heap = {.resize = moving_resize, .state = fake};
    struct error error = {""};
    run_workload(&workload, &heap, OUTCOME_OK, answer, &error);
    assert_int_equal(fake->live_blocks, 0);
}

static bool is_written(const unsigned char *bytes)
{
    for (int i = 0; i < 8; i++) {
        if (bytes[i] != FILL) return true;
    }
    return false;
}

/* Of 200 bytes, the words at these offsets alone; a 0 after the first ends the list. */
static void expect_written(generate_fn *generate, const char *options, const size_t *offsets)
{
    struct fake fake = {0};
    char answer[ANSWER_LENGTH];
    run_on_fake(generate, options, &fake, answer);
    for (size_t offset = 0; offset < 200; offset += 8) {
        bool is_expected = false;
        for (const size_t *at = offsets; at && (at == offsets || *at); at++) {
            is_expected = is_expected || *at == offset;
        }
        assert_int_equal(is_written(fake.freed + offset), is_expected);
    }
}

static void each_touch_writes_what_it_says(void **state)
{
    static const size_t lines[] = {0, 64, 128, 192, 0}, ends[] = {0, 192, 0};
    (void)state;
    expect_written(generate_touched, "passes=1", lines);
    expect_written(generate_grown, "passes=1", lines);
    expect_written(generate_untouched, "touch=lines,passes=1", lines);
    expect_written(generate_touched, "touch=ends,passes=1", ends);
    expect_written(generate_grown, "touch=ends,passes=1", ends);
    expect_written(generate_untouched, "passes=1", NULL);
    expect_written(generate_touched, "touch=none,passes=1", NULL);
}

static void touching_all_writes_every_byte_but_those_of_the_smallest(void **state)
{
    struct fake fake = {0};
    char answer[ANSWER_LENGTH];
    (void)state;
    run_on_fake(generate_grown, "touch=all,passes=1", &fake, answer);
    for (size_t i = 8; i < 200; i++) assert_int_not_equal(fake.freed[i], FILL);
    run_on_fake(generate_tiny, "touch=all,passes=1", &fake, answer);
    for (size_t i = 0; i < 7; i++) assert_int_equal(fake.freed[i], FILL);
}

static void contents_are_read_at_each_death(void **state)
{
    struct fake right = {0}, forgetful = {.forgetful_call = 2};
    char expected[ANSWER_LENGTH], got[ANSWER_LENGTH];
    (void)state;
    run_on_fake(generate_grown, "passes=1", &right, expected);
    run_on_fake(generate_grown, "passes=1", &forgetful, got);
    assert_string_not_equal(expected, got);
}

static void what_is_left_alive_is_freed_and_read_but_not_charged(void **state)
{
    struct fake right = {0}, forgetful = {.forgetful_call = 7};
    struct heap heap = {.resize = moving_resize, .state = &right};
    struct error error = {""};
    struct outside outside;
    char expected[ANSWER_LENGTH], got[ANSWER_LENGTH];
    struct workload workload = planted_workload(generate_survivors, "passes=4");
    void *job = workload.kind->prepare(&workload, 1, &error);
    (void)state;
    assert_int_equal(workload.kind->run(job, &heap, &error), OUTCOME_OK);
    workload.kind->outside(job, &outside);
    workload.kind->verify(job, expected);
    workload.kind->finish(job);
    assert_int_equal(outside.calls, 4 * 3);
    assert_int_equal(right.calls, 4 * (8 + 3));
    assert_int_equal(right.live_blocks, 0);
    assert_non_null(strstr(expected, " 32 operations"));
    run_on_fake(generate_survivors, "passes=4", &forgetful, got);
    assert_string_not_equal(expected, got);
}

static void a_short_trace_is_replayed_often(void **state)
{
    struct fake fake = {0};
    char answer[ANSWER_LENGTH];
    (void)state;
    run_on_fake(generate_touched, "", &fake, answer);
    assert_int_equal(fake.calls, 2 * 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_touch_writes_what_it_says),
        cmocka_unit_test(touching_all_writes_every_byte_but_those_of_the_smallest),
        cmocka_unit_test(contents_are_read_at_each_death),
        cmocka_unit_test(what_is_left_alive_is_freed_and_read_but_not_charged),
        cmocka_unit_test(a_short_trace_is_replayed_often),
    };
    return cmocka_run_group_tests_name("replay touch", tests, NULL, NULL);
}
