/* Traces and their generators: every figure is counted again from the events alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../workloads/synthetic/generators.h"
#include "../workloads/synthetic/growth.h"
#include "trace_figures.h"

static const struct generator {
    const char *name;
    bool (*generate)(struct trace *trace, struct random *random);
} generators[] = {
#define SYNTHETIC(name, passes, summary) {#name, generate_##name},
#include "../workloads/list.h"
#undef SYNTHETIC
};

enum { GENERATOR_COUNT = sizeof generators / sizeof *generators };

static struct trace generate(bool (*function)(struct trace *, struct random *), uint64_t seed)
{
    struct trace trace;
    struct random random;
    random_seed(&random, seed);
    trace_open(&trace);
    assert_true(function(&trace, &random));
    assert_false(trace.is_full);
    return trace;
}

static struct trace_figures figures_of(bool (*function)(struct trace *, struct random *))
{
    struct trace trace = generate(function, 1);
    struct trace_figures figures = trace_figures(&trace);
    trace_close(&trace);
    return figures;
}

static void random_numbers_are_those_of_the_published_algorithm(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 0);
    assert_true(random_next(&random) == 0x99ec5f36cb75f2b4u);
    assert_true(random_next(&random) == 0xbf6e1f784956452au);
    assert_true(random_next(&random) == 0x1a5f849d4933e6e0u);
}

static void bounded_numbers_stay_below_and_reach_all(void **state)
{
    (void)state;
    struct random random;
    size_t seen[7] = {0};
    random_seed(&random, 5);
    for (int i = 0; i < 70000; i++) {
        uint64_t drawn = random_below(&random, 7);
        assert_true(drawn < 7);
        seen[drawn]++;
        double unit = random_unit(&random);
        assert_true(unit >= 0 && unit < 1);
    }
    for (int i = 0; i < 7; i++) assert_in_range(seen[i], 9500, 10500);
    assert_true(random_below(&random, 1) == 0);
}

/* Multiplying alone would send half of the draws to the multiples of three, not a third. */
static void large_bounds_have_no_bias(void **state)
{
    (void)state;
    struct random random;
    uint64_t bound = (uint64_t)3 << 62, multiples = 0;
    random_seed(&random, 6);
    for (int i = 0; i < 10000; i++) {
        uint64_t drawn = random_below(&random, bound);
        assert_true(drawn < bound);
        multiples += drawn % 3 == 0;
    }
    assert_in_range(multiples, 3100, 3550);
}

static void events_are_exact_and_slots_used_again(void **state)
{
    (void)state;
    struct trace trace;
    trace_open(&trace);
    trace.touches_blocks = true;
    uint32_t first = trace_new(&trace, 100), second = trace_new(&trace, 8);
    trace_resize(&trace, first, 200);
    trace_visit(&trace, second);
    trace_free(&trace, first);
    trace_query(&trace);
    uint32_t third = trace_new(&trace, 5);
    const struct trace_event expected[] = {
        {0, 0, 100}, {1, 0, 8}, {0, 100, 200}, {TRACE_MARK, MARK_VISIT, 1},
        {0, 200, 0}, {0, 0, 0}, {0, 0, 5},
    };
    assert_int_equal(second, 1);
    assert_int_equal(third, first);
    assert_int_equal(trace.event_count, 7);
    assert_memory_equal(trace.events, expected, sizeof expected);
    assert_int_equal(trace.operation_count, 6);
    assert_int_equal(trace.live_bytes, 13);
    assert_int_equal(trace.peak_live_bytes, 208);
    trace_close(&trace);
}

static void a_full_trace_says_so_and_stands_still(void **state)
{
    (void)state;
    struct trace trace;
    trace_open(&trace);
    trace.slot_count = trace.slot_capacity = TRACE_MARK - 1; /* no more slots can be numbered */
    uint32_t slot = trace_new(&trace, 64);
    assert_true(trace.is_full);
    trace_resize(&trace, slot, 128);
    trace_visit(&trace, slot);
    trace_free(&trace, slot);
    trace_query(&trace);
    assert_int_equal(trace.event_count, 0);
    assert_int_equal(trace.operation_count, 0);
    trace_open(&trace); /* it took nothing, so there is nothing to close */
}

static void every_trace_is_consistent_and_ends_empty(void **state)
{
    (void)state;
    for (size_t i = 0; i < GENERATOR_COUNT; i++) {
        print_message("           %s\n", generators[i].name);
        struct trace trace = generate(generators[i].generate, 7);
        struct trace_figures figures = trace_figures(&trace);
        assert_int_equal(figures.bad_events, 0);
        assert_int_equal(figures.blocks_left, 0);
        assert_int_equal(trace.live_bytes, 0);
        assert_int_equal(figures.news, figures.frees);
        assert_int_equal(figures.slots_used, trace.slot_count);
        assert_int_equal(figures.peak_live_bytes, trace.peak_live_bytes);
        assert_int_equal(trace.operation_count + figures.visits + figures.marks, trace.event_count);
        assert_true(figures.visits == 0 || trace.touches_blocks);
        trace_close(&trace);
    }
}

static bool same_events(const struct trace *left, const struct trace *right)
{
    return left->event_count == right->event_count &&
           !memcmp(left->events, right->events, left->event_count * sizeof *left->events);
}

static void the_same_seed_gives_the_same_trace(void **state)
{
    (void)state;
    for (size_t i = 0; i < GENERATOR_COUNT; i++) {
        struct trace first = generate(generators[i].generate, 11);
        struct trace second = generate(generators[i].generate, 11);
        assert_true(same_events(&first, &second));
        trace_close(&first);
        trace_close(&second);
    }
}

static void another_seed_gives_another_trace_where_anything_is_drawn(void **state)
{
    (void)state;
    bool (*const drawing[])(struct trace *, struct random *) = {
        generate_free_lifo, generate_free_fifo,     generate_free_random,
        generate_lua_mix,   generate_lua_mix_large, generate_server_drift,
    };
    for (size_t i = 0; i < sizeof drawing / sizeof *drawing; i++) {
        struct trace first = generate(drawing[i], 11), second = generate(drawing[i], 12);
        assert_false(same_events(&first, &second));
        trace_close(&first);
        trace_close(&second);
    }
}

static void pairs_have_exact_counts(void **state)
{
    (void)state;
    struct trace_figures pair = figures_of(generate_pair_32);
    assert_int_equal(pair.news, 100000);
    assert_int_equal(pair.grows + pair.shrinks + pair.queries, 0);
    assert_int_equal(pair.allocated_bytes, 3200000);
    assert_int_equal(pair.peak_live_bytes, 32);
    struct trace_figures large = figures_of(generate_pair_1m);
    assert_int_equal(large.news, 10000);
    assert_int_equal(large.peak_live_bytes, 1 << 20);
    struct trace_figures chain = figures_of(generate_realloc_chain);
    assert_int_equal(chain.news, 50000);
    assert_int_equal(chain.grows, 100000);
    assert_int_equal(chain.doublings, 100000);
    assert_int_equal(chain.peak_live_bytes, 128);
}

static void check_growth(growth_fn *rule, size_t reallocations, size_t copied, size_t room)
{
    struct growth_counts counts = growth_count(rule, GROWTH_ELEMENTS);
    assert_int_equal(counts.reallocations, reallocations);
    assert_int_equal(counts.copied_elements, copied);
    assert_int_equal(counts.room, room);
}

static void growth_costs_are_exact(void **state)
{
    (void)state;
    check_growth(growth_by_double, 13, 16380, 16384);
    check_growth(growth_by_half, 21, 24278, 12138);
    check_growth(growth_by_1000, 10, 45000, 10000);
}

/* Two arrays: twice the counts, and at the end both arrays' room. */
static void check_growth_trace(bool (*function)(struct trace *, struct random *), growth_fn *rule)
{
    struct growth_counts counts = growth_count(rule, GROWTH_ELEMENTS);
    struct trace_figures figures = figures_of(function);
    assert_int_equal(figures.news, 2);
    assert_int_equal(figures.grows, 2 * counts.reallocations - 2);
    assert_int_equal(figures.peak_live_bytes, 2 * counts.room * GROWTH_ELEMENT_BYTES);
}

static void growth_traces_do_what_was_counted(void **state)
{
    (void)state;
    check_growth_trace(generate_growth_double, growth_by_double);
    check_growth_trace(generate_growth_half, growth_by_half);
    check_growth_trace(generate_growth_1000, growth_by_1000);
}

/* Of the frees after the first, those whose block was born right before (step -1) or right after
 * (step +1) the block freed last. Slots are numbered by birth, as none is used twice. */
static size_t neighbours(bool (*function)(struct trace *, struct random *), int64_t step)
{
    struct trace trace = generate(function, 1);
    int64_t last = -2;
    size_t count = 0;
    for (size_t i = 0; i < trace.event_count; i++) {
        const struct trace_event *event = &trace.events[i];
        if (event->slot == TRACE_MARK || event->new_size != 0) continue;
        count += last >= 0 && (int64_t)event->slot == last + step;
        last = event->slot;
    }
    trace_close(&trace);
    return count;
}

static void blocks_are_freed_in_the_order_of_the_name(void **state)
{
    (void)state;
    assert_int_equal(neighbours(generate_free_lifo, -1), 49999);
    assert_int_equal(neighbours(generate_free_fifo, 1), 49999);
    assert_in_range(neighbours(generate_free_random, 1), 0, 20);
    assert_in_range(neighbours(generate_free_random, -1), 0, 20);
}

static double share(size_t part, size_t whole)
{
    return (double)part / (double)whole;
}

static void assert_within(const char *what, double value, double lowest, double highest)
{
    if (value >= lowest && value <= highest) return;
    fail_msg("%s is %.3f, not within %.3f .. %.3f", what, value, lowest, highest);
}

/* 81 % to 64 B, 98 % to 512 B, 21 % of 40 B and 31 % of 64 B in the mean of real programs, whose
 * single values spread far more widely than these tolerances. */
static void check_sizes(const struct trace_figures *figures)
{
    assert_within("share to 64 B", share(figures->news_to_64, figures->news), 0.75, 0.85);
    assert_within("share to 512 B", share(figures->news_to_512, figures->news), 0.97, 0.995);
    assert_within("share of 40 B", share(figures->news_of_40, figures->news), 0.18, 0.23);
    assert_within("share of 64 B", share(figures->news_of_64, figures->news), 0.25, 0.34);
}

/* New, free, grow and query are as 48 : 46 : 3 : 20 in real programs, some of which never free. */
static void check_calls(const struct trace_figures *figures)
{
    assert_within("grows a new block", share(figures->grows, figures->news), 0.04, 0.08);
    assert_within("queries a new block", share(figures->queries, figures->news), 0.28, 0.45);
    assert_within("doublings", share(figures->doublings, figures->grows), 0.9, 1);
}

/* Early frees are never part of a long run, so both shares together are at most 1. */
static void check_lifetimes(const struct trace_figures *figures)
{
    assert_within("early frees", share(figures->early_frees, figures->frees), 0.10, 0.25);
    assert_within("frees in runs of 32 or more", share(figures->frees_in_long_runs, figures->frees),
                  0.85, 0.96);
    assert_within("median life", figures->median_life, 0.2, 0.5);
}

/* Every cycle within wide bounds, the mean within those of real programs: peak over trough 2.0 to
 * 2.4, 30 to 60 % of the bytes surviving. */
static void check_sawtooth(const struct trace_figures *figures, size_t least_cycles)
{
    double ratio_sum = 0, survivor_sum = 0;
    size_t count = figures->cycle_count;
    assert_in_range(count, least_cycles, CYCLES_MAXIMUM);
    for (size_t i = 0; i < count; i++) {
        double ratio = share(figures->peaks[i], figures->troughs[i]);
        double survivors = share(figures->survivors[i], figures->peaks[i]);
        assert_within("peak over trough", ratio, 1.7, 2.9);
        assert_within("survivors", survivors, 0.28, 0.6);
        ratio_sum += ratio;
        survivor_sum += survivors;
    }
    assert_within("mean peak over trough", ratio_sum / (double)count, 2.0, 2.4);
    assert_within("mean survivors", survivor_sum / (double)count, 0.33, 0.5);
}

static void check_mix(bool (*function)(struct trace *, struct random *), size_t least_cycles,
                      size_t lowest_peak, size_t highest_peak)
{
    struct trace_figures figures = figures_of(function);
    check_sizes(&figures);
    check_calls(&figures);
    check_lifetimes(&figures);
    check_sawtooth(&figures, least_cycles);
    assert_in_range(figures.peak_live_bytes, lowest_peak, highest_peak);
}

static void the_small_mix_is_like_real_programs(void **state)
{
    (void)state;
    check_mix(generate_lua_mix, 15, 1 << 20, 2 << 20);
}

static void the_large_mix_is_like_real_programs(void **state)
{
    (void)state;
    check_mix(generate_lua_mix_large, 3, 20 << 20, 40 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_numbers_are_those_of_the_published_algorithm),
        cmocka_unit_test(bounded_numbers_stay_below_and_reach_all),
        cmocka_unit_test(large_bounds_have_no_bias),
        cmocka_unit_test(events_are_exact_and_slots_used_again),
        cmocka_unit_test(a_full_trace_says_so_and_stands_still),
        cmocka_unit_test(every_trace_is_consistent_and_ends_empty),
        cmocka_unit_test(the_same_seed_gives_the_same_trace),
        cmocka_unit_test(another_seed_gives_another_trace_where_anything_is_drawn),
        cmocka_unit_test(pairs_have_exact_counts),
        cmocka_unit_test(growth_costs_are_exact),
        cmocka_unit_test(growth_traces_do_what_was_counted),
        cmocka_unit_test(blocks_are_freed_in_the_order_of_the_name),
        cmocka_unit_test(the_small_mix_is_like_real_programs),
        cmocka_unit_test(the_large_mix_is_like_real_programs),
    };
    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
