/* How much is alive over time, and in which sizes: phases, server. */
#include "family_test.h"

#include "../allocators/host.h"

enum { MARKS_MAXIMUM = 64 };

/* Bytes alive where each part begins. */
struct parts {
    size_t count, live[MARKS_MAXIMUM];
    size_t frames, peak;
};

static struct parts parts_of(const struct trace *trace)
{
    struct parts parts = {.count = 0};
    size_t live = 0;
    for (size_t i = 0; i < trace->event_count; i++) {
        const struct trace_event *event = &trace->events[i];
        bool is_mark = event->slot == TRACE_MARK;
        if (is_mark && event->old_size == MARK_PHASE) {
            assert_true(parts.count < MARKS_MAXIMUM);
            assert_int_equal(event->new_size, parts.count);
            parts.live[parts.count++] = live;
        }
        parts.frames += is_mark && event->old_size == MARK_FRAME;
        if (!is_mark) live += (size_t)event->new_size - event->old_size;
    }
    return parts;
}

static struct parts make_parts(const char *family, const char *options)
{
    struct trace trace = make_trace(family, options, 1);
    struct parts parts = parts_of(&trace);
    parts.peak = trace.peak_live_bytes;
    trace_close(&trace);
    return parts;
}

/* Blocks are of 100 bytes, so each point is met to 100 bytes. */
static void check_shape(const char *shape, const unsigned *percents, size_t count)
{
    char options[128];
    snprintf(options, sizeof options, "sizes=fixed,size=100,bytes=1000000,cycles=2,shape=%s",
             shape);
    struct parts parts = make_parts("phases", options);
    assert_int_equal(parts.count, 2 * count);
    for (size_t i = 0; i < parts.count; i++) {
        size_t wanted = (size_t)percents[i % count] * 10000;
        assert_in_range(parts.live[i], wanted < 100 ? 0 : wanted - 100, wanted + 100);
    }
    assert_in_range(parts.peak, 1000000, 1000100);
}

/* The parts begin where the ones before them ended; the last of a cycle is its end. */
static void live_bytes_go_through_the_points_of_each_shape(void **state)
{
    (void)state;
    check_shape("ramp", (const unsigned[]){0, 100}, 2);
    check_shape("plateau", (const unsigned[]){0, 100, 100}, 3);
    check_shape("peak", (const unsigned[]){0, 20, 20, 100, 20, 20}, 6);
}

static size_t mean_size(const struct lives *lives, uint32_t phase)
{
    size_t bytes = 0, count = 0;
    for (size_t i = 0; i < lives->count; i++) {
        if (lives->at[i].phase != phase) continue;
        bytes += lives->at[i].first_size;
        count++;
    }
    return bytes / count;
}

static void a_shift_triples_the_sizes(void **state)
{
    (void)state;
    struct lives lives = make_lives("phases", "shape=shift,sizes=fixed,size=40,cycles=1,bytes=1M");
    assert_int_equal(mean_size(&lives, 1), 40);
    assert_int_equal(mean_size(&lives, 4), 120);
    assert_int_equal(mean_size(&lives, 6), 360);
    free(lives.at);
}

static void the_sawtooth_marks_each_phase_of_the_collector(void **state)
{
    (void)state;
    const uint32_t expected[] = {COLLECTOR_MARKS, COLLECTOR_SWEEPS_STRINGS, COLLECTOR_SWEEPS,
                                 COLLECTOR_RESTS};
    struct trace trace = make_trace("phases", "bytes=256K,cycles=5", 1);
    size_t count = 0;
    for (size_t i = 0; i < trace.event_count; i++) {
        const struct trace_event *event = &trace.events[i];
        if (event->slot != TRACE_MARK || event->old_size != MARK_COLLECTION) continue;
        assert_int_equal(event->new_size, expected[count++ % 4]);
    }
    assert_int_equal(count, 20);
    trace_close(&trace);
}

static void a_server_is_level_at_the_end_of_each_cycle(void **state)
{
    (void)state;
    struct parts parts = make_parts("server", "requests=2000,cache=1M,cycles=5");
    assert_int_equal(parts.count, 6);
    assert_int_equal(parts.frames, 2000);
    for (size_t i = 1; i < parts.count; i++) assert_int_equal(parts.live[i], 1 << 20);
}

/* Nothing but the cache is of this size, times what it has drifted. */
static void sizes_in_a_cache_drift(void **state)
{
    (void)state;
    struct lives lives = make_lives("server", "requests=1000,cache=256K,scratch=0,sizes=fixed,"
                                              "size=100,most=100,drift=3,cycles=2");
    size_t last = 0;
    for (size_t i = 0; i < lives.count; i++) {
        if (lives.at[i].phase != 1 || lives.at[i].first_size < 200) continue;
        assert_true(lives.at[i].first_size >= last);
        last = lives.at[i].first_size;
    }
    assert_int_equal(last, 299);
    free(lives.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_bytes_go_through_the_points_of_each_shape),
        cmocka_unit_test(a_shift_triples_the_sizes),
        cmocka_unit_test(the_sawtooth_marks_each_phase_of_the_collector),
        cmocka_unit_test(a_server_is_level_at_the_end_of_each_cycle),
        cmocka_unit_test(sizes_in_a_cache_drift),
    };
    return cmocka_run_group_tests_name("shapes", tests, NULL, NULL);
}
