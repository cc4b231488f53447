/* Service times on a clock that the heap itself moves: what each figure contains, and what not. */
#include "heap_test.h"

#include <pthread.h>
#include <time.h>

#include "../harness/latency/latency.h"

enum { READING = 7 }; /* ticks that a reading of this clock takes; a tick is 2 ns */

/* A heap of no blocks, whose calls take what the test says. */
struct machine {
    uint64_t now, preemptions, call_ticks;
    bool preempts; /* the next call */
    struct heap heap;
    struct host host;
    struct latency *latency;
};

static uint64_t read_clock(void *source)
{
    struct machine *machine = source;
    return machine->now += READING;
}

static uint64_t count_preemptions(void *source)
{
    return ((struct machine *)source)->preemptions;
}

static void *work(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct machine *machine = heap;
    (void)block, (void)old_size;
    machine->now += machine->call_ticks;
    machine->preemptions += machine->preempts;
    machine->preempts = false;
    return new_size ? machine : NULL;
}

static struct machine machine;

static void open_machine(unsigned gap)
{
    struct latency_clock clock = {read_clock, count_preemptions, &machine, 2};
    struct error error;
    machine = (struct machine){.call_ticks = 100};
    machine.heap = (struct heap){.resize = work, .state = &machine, .host = &machine.host};
    machine.latency = latency_open(&machine.heap, &clock, gap, 1, &error);
    assert_non_null(machine.latency);
}

static int time_all(void **state)
{
    (void)state;
    open_machine(1);
    return 0;
}

static int close_machine(void **state)
{
    (void)state;
    latency_close(machine.latency);
    return 0;
}

static void call(size_t old_size, size_t new_size)
{
    const struct heap *heap = &machine.latency->heap;
    heap->resize(heap->state, old_size ? &machine : NULL, old_size, new_size);
}

static void calls(size_t count, size_t old_size, size_t new_size)
{
    for (size_t i = 0; i < count; i++) call(old_size, new_size);
}

static void mark(enum heap_mark mark)
{
    const struct heap *heap = &machine.latency->heap;
    heap->allocator->wrapper->mark(heap->state, mark, 0);
}

static void every_call_is_timed_by_its_kind_and_contains_the_floor(void **state)
{
    (void)state;
    calls(64, 0, 40);
    calls(3, 40, 80);
    calls(2, 80, 80);
    calls(64, 80, 0);
    calls(9, 0, 0);
    static const uint64_t expected[] = {64, 3, 2, 64};
    for (size_t kind = 0; kind < LATENCY_KINDS; kind++) {
        assert_int_equal(machine.latency->calls[kind], expected[kind]);
        assert_int_equal(machine.latency->call_ns[kind].count, expected[kind]);
        assert_int_equal(machine.latency->call_ns[kind].minimum_inverted, ~(uint64_t)214);
        assert_int_equal(machine.latency->call_ns[kind].maximum, 214);
    }
    assert_int_equal(machine.latency->operations, 142);
    assert_int_equal(machine.latency->floor_ns[CALL_NEW].count, 1 + 64 / LATENCY_FLOOR_EVERY);
    assert_int_equal(machine.latency->floor_ns[CALL_GROW].count, 1);
    assert_int_equal(machine.latency->floor_ns[CALL_NEW].maximum, 2 * READING);
}

static void gaps_are_random_and_sixty_four_on_average(void **state)
{
    uint64_t longest = 0, last = 0, timed = 0;
    (void)state;
    latency_close(machine.latency);
    open_machine(64);
    for (uint64_t i = 1; i <= 200000; i++) {
        call(0, 40);
        if (machine.latency->times[CALL_NEW].count == timed) continue;
        timed = machine.latency->times[CALL_NEW].count;
        if (i - last > longest) longest = i - last;
        last = i;
    }
    assert_in_range(timed, 200000 / 66, 200000 / 62);
    assert_int_equal(longest, 127);
    assert_int_equal(machine.latency->floors[CALL_NEW].count, timed);
    assert_int_equal(machine.latency->calls[CALL_NEW], 200000);
}

static const struct latency_call *find(const struct latency *latency, uint64_t operation)
{
    for (size_t i = 0; i < latency->slowest_count; i++) {
        if (latency->slowest[i].operation == operation) return &latency->slowest[i];
    }
    return NULL;
}

static void a_planted_slow_call_is_found_with_its_sizes_and_place(void **state)
{
    (void)state;
    for (size_t i = 1; i <= 5000; i++) {
        machine.call_ticks = i % 100 == 0 ? 600 + i / 100 : 100;
        call(i, 0);
    }
    for (uint64_t i = 100; i <= 5000; i += 100) {
        const struct latency_call *slow = find(machine.latency, i);
        assert_non_null(slow);
        assert_int_equal(slow->old_size, i);
        assert_int_equal(slow->kind, CALL_FREE);
        assert_int_equal(slow->ns, 2 * (600 + i / 100 + READING));
    }
    assert_in_range(histogram_quantile(&machine.latency->call_ns[CALL_FREE], 0.991), 1200, 1330);
    assert_in_range(histogram_quantile(&machine.latency->call_ns[CALL_FREE], 0.989), 210, 218);
}

static void a_preempted_call_is_named_and_in_no_other_figure(void **state)
{
    (void)state;
    calls(70, 0, 40);
    machine.preempts = true;
    machine.call_ticks = 1000000;
    call(40, 0);
    machine.call_ticks = 900000;
    call(48, 0);
    assert_true(find(machine.latency, 71)->is_preempted);
    assert_false(find(machine.latency, 72)->is_preempted);
    assert_int_equal(machine.latency->preempted[CALL_FREE], 1);
    assert_int_equal(machine.latency->call_ns[CALL_FREE].count, 1);
    assert_int_equal(machine.latency->times[CALL_FREE].ticks, 900000 + READING);
}

static void a_step_is_a_run_of_sixteen_frees_or_more_that_queries_do_not_end(void **state)
{
    (void)state;
    calls(64, 0, 40);
    calls(15, 40, 0);
    call(0, 40);
    calls(10, 40, 0);
    calls(5, 0, 0);
    calls(30, 40, 0);
    call(0, 40);
    calls(16, 40, 0);
    latency_end(machine.latency);
    assert_int_equal(machine.latency->step_ns.count, 2);
    assert_int_equal(machine.latency->longest_step.calls, 40);
    assert_int_equal(machine.latency->longest_step.first_operation, 81);
}

static void a_steps_time_is_without_the_floor_of_its_calls(void **state)
{
    (void)state;
    calls(50, 40, 0);
    latency_end(machine.latency);
    assert_int_equal(histogram_minimum(&machine.latency->step_ns), 50 * 200);
}

static void frames_and_the_closing_state_have_their_own_time(void **state)
{
    (void)state;
    calls(7, 0, 40); /* before the first frame */
    for (size_t frame = 0; frame < 3; frame++) {
        mark(HEAP_FRAME);
        calls(10 + frame, 0, 40);
    }
    mark(HEAP_CLOSING);
    calls(100, 40, 0);
    latency_end(machine.latency);
    assert_int_equal(machine.latency->frame_ns.count, 3);
    assert_int_equal(machine.latency->frame_ns.maximum, 12 * 200);
    assert_int_equal(machine.latency->longest_frame.calls, 12);
    assert_int_equal(machine.latency->step_ns.count, 0);
    assert_int_equal(machine.latency->closing.calls, 100);
    assert_int_equal(machine.latency->closing.ns, 100 * 200);
}

static void *call_ten_times(void *nothing)
{
    calls(10, 0, 40);
    return nothing;
}

static void the_first_thread_that_calls_is_timed_and_others_pass(void **state)
{
    pthread_t other;
    (void)state;
    assert_int_equal(pthread_create(&other, NULL, call_ten_times, NULL), 0);
    pthread_join(other, NULL);
    uint64_t before = machine.now;
    calls(5, 0, 40);
    assert_int_equal(machine.now - before, 5 * 100);
    assert_int_equal(machine.latency->operations, 10);
}

static void a_real_clock_counts_nanoseconds(void **state)
{
    struct latency_clock clock;
    struct timespec first, last;
    (void)state;
    latency_clock_open(&clock);
    clock_gettime(CLOCK_MONOTONIC_RAW, &first);
    uint64_t start = latency_clock_ticks(&clock);
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    uint64_t ticks = latency_clock_ticks(&clock) - start;
    clock_gettime(CLOCK_MONOTONIC_RAW, &last);
    double outer =
        (double)(last.tv_sec - first.tv_sec) * 1e9 + (double)(last.tv_nsec - first.tv_nsec);
    assert_true(latency_clock_ns(&clock, ticks) >= 20000000);
    assert_true(latency_clock_ns(&clock, ticks) <= outer * 1.001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_call_is_timed_by_its_kind_and_contains_the_floor,
                                        time_all, close_machine),
        cmocka_unit_test_setup_teardown(gaps_are_random_and_sixty_four_on_average, time_all,
                                        close_machine),
        cmocka_unit_test_setup_teardown(a_planted_slow_call_is_found_with_its_sizes_and_place,
                                        time_all, close_machine),
        cmocka_unit_test_setup_teardown(a_preempted_call_is_named_and_in_no_other_figure, time_all,
                                        close_machine),
        cmocka_unit_test_setup_teardown(
            a_step_is_a_run_of_sixteen_frees_or_more_that_queries_do_not_end, time_all,
            close_machine),
        cmocka_unit_test_setup_teardown(a_steps_time_is_without_the_floor_of_its_calls, time_all,
                                        close_machine),
        cmocka_unit_test_setup_teardown(frames_and_the_closing_state_have_their_own_time, time_all,
                                        close_machine),
        cmocka_unit_test_setup_teardown(the_first_thread_that_calls_is_timed_and_others_pass,
                                        time_all, close_machine),
        cmocka_unit_test_setup_teardown(a_real_clock_counts_nanoseconds, time_all, close_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
