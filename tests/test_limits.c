/* Each kind of limit is exact and can be relied on, over heaps that refuse too. */
#include "limits_test.h"

#include <math.h>
#include <stdlib.h>

static const char *const limits[] = {"hard-limit", "soft-limit", "adaptive-limit",
                                     "production-limit", "production-limit:thread-safe"};
enum { LIMITS = sizeof limits / sizeof *limits };

/* ---- all limits */

static void exact(const char *wrapper, const char *inner)
{
    char spec[128];
    snprintf(spec, sizeof spec, "%s+%s", wrapper, inner);
    struct heap *heap = open_spec(spec);
    assert_true(limit_set(heap, 10000, true));
    size_t limit = state_of(heap).limit;
    assert_int_equal(totals_of(heap).capacity_bytes, limit);
    char *block = make(heap, 5000), *rest;
    memset(block, 'x', 5000);
    assert_null(make(heap, limit - 4999));
    assert_null(make(heap, SIZE_MAX));
    assert_null(make(heap, SIZE_MAX - 4999));
    assert_null(resize(heap, block, 5000, limit + 1));
    assert_int_equal(used_of(heap), 5000);
    assert_non_null(rest = make(heap, limit - 5000));
    assert_null(make(heap, 1));
    assert_int_equal(used_of(heap), limit);
    assert_int_equal(state_of(heap).refused, 5);
    for (size_t i = 0; i < 5000; i++) assert_int_equal(block[i], 'x');
    assert_true(limit_set(heap, 100, true)); /* below what is used */
    assert_non_null(block = resize(heap, block, 5000, 4000));
    assert_null(resize(heap, block, 4000, 4001));
    drop(heap, rest, limit - 5000);
    assert_null(resize(heap, NULL, 0, 0));
    assert_int_equal(used_of(heap), 4000);
    assert_int_equal(totals_of(heap).live_blocks, 1);
    assert_int_equal(state_of(heap).peak, limit);
    drop(heap, block, 4000);
    assert_int_equal(used_of(heap), 0);
    heap_close(heap);
}

static void use_is_exact_and_what_lessens_it_passes(void **state)
{
    (void)state;
    for (size_t i = 0; i < LIMITS; i++) exact(limits[i], "libc");
    for (size_t i = 0; i < LIMITS; i++) exact(limits[i], "tiered");
}

static void a_heap_that_refuses_leaves_use_as_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < LIMITS; i++) {
        char spec[128];
        snprintf(spec, sizeof spec, "%s+bump:grow=no,size=64K", limits[i]);
        struct heap *heap = open_in_world(spec);
        size_t count = 0;
        while (make(heap, 1000)) count++;
        assert_in_range(count, 32, 65);
        assert_int_equal(used_of(heap), count * 1000);
        assert_int_equal(totals_of(heap).live_blocks, count);
        assert_int_equal(figure_of(heap, "failed in the heap under it"), 1);
        assert_int_equal(state_of(heap).refused, 0);
        heap_close(heap);
    }
}

static void adopted_bytes_count_and_never_wrap(void **state)
{
    (void)state;
    struct heap *libc = open_spec("libc");
    for (size_t i = 0; i < LIMITS; i++) {
        struct error error = {""};
        char *old = make(libc, 300);
        struct heap *heap = heap_open_over(limits[i], libc->resize, libc->state, 300, &error);
        if (!heap) fail_msg("%s", error.text);
        assert_int_equal(used_of(heap), 300);
        assert_true(limit_set(heap, 250, true));
        assert_null(make(heap, 1000));
        drop(heap, old, 400); /* a size that it never had */
        assert_int_equal(used_of(heap), 0);
        char *block = make(heap, 100);
        assert_int_equal(used_of(heap), 100);
        drop(heap, block, 100);
        heap_close(heap);
    }
    heap_close(libc);
}

static void a_limit_of_zero_has_figures_that_are_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < LIMITS; i++) {
        char spec[128];
        struct heap_figure figure;
        snprintf(spec, sizeof spec, "%s+libc", limits[i]);
        struct heap *heap = open_spec(spec);
        assert_true(limit_set(heap, 0, false));
        assert_null(make(heap, 1));
        for (size_t row = 0; heap->allocator->figure(heap->state, row, &figure); row++) {
            if (!isfinite(figure.value)) fail_msg("%s: %s", limits[i], figure.name);
        }
        heap_close(heap);
    }
}

static void what_is_no_limit_says_so(void **state)
{
    (void)state;
    struct limit_state ignored;
    struct budget budget;
    struct heap *heap = open_spec("count+libc");
    budget_begin(&budget, 1000);
    assert_false(limit_set(heap, 1000, true));
    assert_false(limit_lift(heap, true));
    assert_false(limit_read(heap, &ignored));
    assert_false(budget_join(heap, &budget));
    heap_close(heap);
    refuses("hard-limit:bytes=0+libc", "bytes=0");
}

/* ---- each kind */

static void a_lenient_limit_grants_a_tenth_and_counts_it(void **state)
{
    (void)state;
    struct heap *heap = open_spec("count+hard-limit:bytes=1000,lenient+libc");
    char *block = make(heap, 1000);
    const struct heap *limit = heap->inner;
    assert_int_equal(figure_of(limit, "hard violations"), 0);
    assert_non_null(block = resize(heap, block, 1000, 1100));
    assert_int_equal(figure_of(limit, "hard violations"), 1);
    assert_null(make(heap, 1));
    assert_int_equal(figure_of(limit, "hard violations"), 2);
    assert_true(limit_set(heap, 2000, false));
    assert_int_equal(state_of(heap).limit, 2200);
    assert_true(limit_lift(heap, true));
    assert_non_null(block = resize(heap, block, 1100, 9000));
    assert_true(limit_lift(heap, false));
    assert_null(make(heap, 1));
    drop(heap, block, 9000);
    heap_close(heap);
}

static void a_soft_limit_warns_once_a_crossing(void **state)
{
    (void)state;
    struct heap *heap = open_in_world("soft-limit:bytes=1000+libc");
    char *block = make(heap, 1000);
    assert_int_equal(world.said, 0);
    for (int round = 1; round <= 3; round++) {
        for (size_t size = 1001; size <= 1200; size++) block = resize(heap, block, size - 1, size);
        assert_int_equal(world.said, round);
        assert_null(make(heap, 1));
        block = resize(heap, block, 1200, 990); /* not low enough to count again */
        block = resize(heap, block, 990, 1010);
        assert_int_equal(world.said, round);
        block = resize(heap, resize(heap, block, 1010, 900), 900, 1000);
    }
    assert_non_null(strstr(world.last, "soft limit of 1000"));
    assert_int_equal(figure_of(heap, "soft violations"), 3);
    assert_int_equal(figure_of(heap, "hard violations"), 3);
    assert_int_equal(figure_of(heap, "use of the soft limit"), 100);
    drop(heap, block, 1000);
    heap_close(heap);
}

static void an_adaptive_limit_follows_the_load_of_each_period(void **state)
{
    (void)state;
    struct heap *heap = open_in_world("adaptive-limit:bytes=10000,period=1000+libc");
    char *block = make(heap, 9500), *more;
    assert_null(make(heap, 501));
    world.clock_ns += 999999999;
    assert_non_null(more = make(heap, 400));
    drop(heap, more, 400);
    world.clock_ns += 1; /* the load is 0.95 */
    assert_null(make(heap, 400));
    assert_int_equal(state_of(heap).limit, 9000);
    assert_non_null(block = resize(heap, block, 9500, 4000)); /* above the limit before */
    world.clock_ns += 1000000000;
    assert_non_null(more = make(heap, 8000));
    assert_int_equal(state_of(heap).limit, 12000);
    drop(heap, more, 8000);
    block = resize(heap, block, 4000, 7000);
    world.clock_ns += 1000000000;
    assert_null(make(heap, 3001));
    assert_int_equal(state_of(heap).limit, 10000);
    assert_int_equal(figure_of(heap, "looks at the load"), 3);
    drop(heap, block, 7000);
    heap_close(heap);
}

static const char *read_log(const char *level, char *text, size_t bytes)
{
    char path[] = "/tmp/limits.XXXXXX", spec[128];
    close(mkstemp(path));
    snprintf(spec, sizeof spec, "production-limit:bytes=1000,log=%s%s+libc", path, level);
    struct heap *heap = open_in_world(spec);
    char *block = make(heap, 800);
    world.clock_ns += 1500000000;
    block = resize(heap, block, 800, 900);
    for (int i = 0; i < 5; i++) assert_null(make(heap, 101));
    block = resize(heap, block, 900, 100);
    drop(heap, block, 100);
    heap_close(heap);
    FILE *file = fopen(path, "r");
    text[fread(text, 1, bytes - 1, file)] = '\0';
    fclose(file);
    unlink(path);
    return text;
}

static void a_production_log_holds_what_its_level_says(void **state)
{
    (void)state;
    char text[4096];
    static const char soft[] = "1.500000 warning production-limit: 900 bytes are used, above the "
                               "soft limit of 800 (time 1)\n";
    assert_string_equal(read_log(",level=quiet", text, sizeof text), "");
    assert_null(strstr(read_log(",level=error", text, sizeof text), "soft"));
    assert_non_null(strstr(text, "1.500000 error production-limit: refused 101 bytes more: 900 of "
                                 "1000 are used (refusal 1)\n"));
    assert_non_null(strstr(text, "(refusal 4)\n"));
    assert_null(strstr(text, "(refusal 3)\n"));
    assert_non_null(strstr(read_log("", text, sizeof text), soft));
    assert_null(strstr(text, "info"));
    assert_non_null(strstr(read_log(",level=info", text, sizeof text), "begins with a limit"));
    assert_non_null(strstr(text, "below the soft limit again\n"));
    assert_non_null(strstr(text, "ends with 0 bytes used, peak 900, refused 5 times\n"));
    assert_non_null(strstr(read_log(",level=debug", text, sizeof text), "(refusal 3)\n"));
    refuses("production-limit:log=/nowhere/at/all+libc", "/nowhere/at/all");
    refuses("production-limit:thread-safe,collect+libc", "remove collect or thread-safe");
}

static void count_line(void *out, const char *text)
{
    *(size_t *)out += strstr(text, "calls that succeeded") != NULL;
}

static void a_production_limit_keeps_statistics(void **state)
{
    (void)state;
    struct heap *heap = open_in_world("production-limit:bytes=1000+libc");
    char *first = make(heap, 100), *second = make(heap, 850);
    size_t lines = 0;
    assert_null(make(heap, 100));
    drop(heap, second, 850);
    world.clock_ns += 2000000000;
    assert_int_equal(figure_of(heap, "allocations"), 2);
    assert_int_equal(figure_of(heap, "frees"), 1);
    assert_int_equal(figure_of(heap, "soft violations"), 1);
    assert_int_equal(figure_of(heap, "hard violations"), 1);
    assert_int_equal(figure_of(heap, "uptime"), 2);
    assert_int_equal(figure_of(heap, "allocations a second"), 1);
    assert_int_equal(figure_of(heap, "calls that succeeded"), 75);
    heap->allocator->wrapper->report(heap->state, count_line, &lines);
    assert_int_equal(lines, 1);
    assert_int_equal(world.said, 0); /* quiet */
    drop(heap, first, 100);
    heap_close(heap);
}

/* ---- growth */

static void growth_is_warned_of_and_asks_for_a_collection(void **state)
{
    (void)state;
    struct heap *heap = open_in_world("growth-monitor:period=1000,growth=100000+tiered");
    for (int second = 0; second < 4; second++) {
        for (int i = 0; i < 256; i++) assert_non_null(make(heap, second == 1 ? 500 : 100));
        world.clock_ns += 1000000000;
        assert_int_equal(world.said, second > 1);
        assert_int_equal(world.asked, second > 1);
        assert_int_equal(world.ended, second > 2);
    }
    assert_non_null(strstr(world.last, "grew by 128000 to 153600 in 1.000 s, 128000 a second"));
    assert_int_equal(figure_of(heap, "looks"), 3);
    assert_int_equal(figure_of(heap, "warnings of growth"), 1);
    assert_int_equal(totals_of(heap).live_bytes, 256 * 800);
    heap_close(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(use_is_exact_and_what_lessens_it_passes),
        cmocka_unit_test(a_heap_that_refuses_leaves_use_as_it_was),
        cmocka_unit_test(adopted_bytes_count_and_never_wrap),
        cmocka_unit_test(a_limit_of_zero_has_figures_that_are_numbers),
        cmocka_unit_test(what_is_no_limit_says_so),
        cmocka_unit_test(a_lenient_limit_grants_a_tenth_and_counts_it),
        cmocka_unit_test(a_soft_limit_warns_once_a_crossing),
        cmocka_unit_test(an_adaptive_limit_follows_the_load_of_each_period),
        cmocka_unit_test(a_production_log_holds_what_its_level_says),
        cmocka_unit_test(a_production_limit_keeps_statistics),
        cmocka_unit_test(growth_is_warned_of_and_asks_for_a_collection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
