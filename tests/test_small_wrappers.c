/* `fault`, `latency`, `lock` and `count`: refusals come where they were ordered, times are those of
 * the clock, waits are counted; and all that may go over memory in use counts it rightly. */
#include "heap_test.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "../allocators/wrappers/count.h"

/* ---- fault */

/* Which of so many new blocks are refused, as digits: 1 refused, 0 granted. */
static const char *refusals(const char *options, size_t calls)
{
    static char digits[10001];
    char spec[128];
    snprintf(spec, sizeof spec, "fault%s+libc", options);
    struct heap *heap = open_spec(spec);
    size_t refused = 0;
    for (size_t i = 0; i < calls; i++) {
        void *block = make(heap, 40);
        digits[i] = block ? '0' : '1';
        refused += !block;
        if (block) drop(heap, block, 40);
    }
    digits[calls] = '\0';
    assert_int_equal(figure_of(heap, "calls that could have failed"), calls);
    assert_int_equal(figure_of(heap, "calls refused on purpose"), refused);
    heap_close(heap);
    return digits;
}

static void refusals_come_where_they_were_ordered(void **state)
{
    (void)state;
    assert_string_equal(refusals("", 8), "00000000");
    assert_string_equal(refusals(":at=1", 8), "10000000");
    assert_string_equal(refusals(":at=5", 8), "00001000");
    assert_string_equal(refusals(":from=1", 8), "11111111");
    assert_string_equal(refusals(":from=6", 8), "00000111");
    assert_string_equal(refusals(":every=1", 8), "11111111");
    assert_string_equal(refusals(":every=3", 8), "00100100");
    assert_string_equal(refusals(":at=1,every=4,from=7", 8), "10010011");
    assert_string_equal(refusals(":chance=1", 8), "11111111");
}

static void chance_is_one_in_n_and_the_seed_repeats_it(void **state)
{
    (void)state;
    char first[10001];
    size_t refused = 0;
    snprintf(first, sizeof first, "%s", refusals(":chance=10", 10000));
    for (const char *at = first; *at; at++) refused += *at == '1';
    assert_in_range(refused, 850, 1150); /* five times the deviation of 30 */
    assert_string_equal(refusals(":chance=10,seed=1", 10000), first);
    assert_string_not_equal(refusals(":chance=10,seed=2", 10000), first);
}

static void only_new_blocks_and_growths_are_refused(void **state)
{
    (void)state;
    struct heap *heap = open_spec("fault:from=3+libc");
    char *block = make(heap, 100), *other = make(heap, 50);
    memcpy(block, "kept", 5);
    assert_null(resize(heap, block, 100, 200));
    assert_string_equal(block, "kept");
    assert_null(make(heap, 1));
    assert_null(make(heap, 0));
    block = resize(heap, block, 100, 40);
    block = resize(heap, block, 40, 40);
    assert_string_equal(block, "kept");
    assert_int_equal(totals_of(heap).live_bytes, 90);
    assert_int_equal(totals_of(heap).live_blocks, 2);
    drop(heap, block, 40);
    drop(heap, other, 50);
    assert_int_equal(figure_of(heap, "calls that could have failed"), 4);
    assert_int_equal(figure_of(heap, "calls refused on purpose"), 2);
    heap_close(heap);
}

/* ---- latency, by a clock of the test's own */

/* Each second reading is later by what comes next. */
struct clock {
    uint64_t now, next_ns, readings;
};

static uint64_t read_clock(void *outlet)
{
    struct clock *clock = outlet;
    if (clock->readings++ % 2) clock->now += clock->next_ns;
    return clock->now;
}

static struct heap *open_timed(const char *spec, struct clock *clock)
{
    struct heap *heap = open_spec(spec);
    struct host host = host_standard;
    *clock = (struct clock){.now = 1000000000000};
    host.now_ns = read_clock;
    host.outlet = clock;
    heap_surround(heap, &host);
    return heap;
}

static void is_near(double told, double wanted)
{
    if (told < wanted * 0.97 || told > wanted * 1.03) fail_msg("%g is told for %g", told, wanted);
}

static void times_are_told_by_kind_as_the_clock_gave_them(void **state)
{
    (void)state;
    struct clock clock;
    struct heap *heap = open_timed("latency+libc", &clock);
    for (uint64_t i = 1; i <= 1000; i++) {
        clock.next_ns = i;
        void *block = make(heap, 40);
        clock.next_ns = i * 1000;
        drop(heap, block, 40);
    }
    assert_int_equal(figure_of(heap, "new calls timed"), 1000);
    assert_true(figure_of(heap, "new mean") == 500.5);
    is_near(figure_of(heap, "new p50"), 500);
    is_near(figure_of(heap, "new p99"), 990);
    is_near(figure_of(heap, "new p99.9"), 999);
    assert_int_equal(figure_of(heap, "new max"), 1000);
    is_near(figure_of(heap, "free p50"), 500000);
    assert_int_equal(figure_of(heap, "free max"), 1000000);
    assert_int_equal(figure_of(heap, "grow calls timed"), 0);
    heap_close(heap);
}

static void growths_shrinks_and_failures_are_timed_and_queries_are_not(void **state)
{
    (void)state;
    struct clock clock;
    struct heap *heap = open_timed("latency+fault:from=3+libc", &clock);
    clock.next_ns = 7;
    void *block = resize(heap, make(heap, 40), 40, 80);
    assert_null(make(heap, 40));
    assert_null(make(heap, 0));
    block = resize(heap, block, 80, 80);
    drop(heap, resize(heap, block, 80, 20), 20);
    assert_int_equal(figure_of(heap, "new calls timed"), 2);
    assert_int_equal(figure_of(heap, "grow calls timed"), 1);
    assert_int_equal(figure_of(heap, "shrink calls timed"), 2);
    assert_int_equal(figure_of(heap, "free calls timed"), 1);
    assert_int_equal(figure_of(heap, "grow max"), 7);
    assert_int_equal(clock.readings, 2 * 6);
    heap_close(heap);
}

static void every_nth_call_alone_asks_the_clock(void **state)
{
    (void)state;
    struct clock clock;
    struct heap *heap = open_timed("latency:every=5+libc", &clock);
    for (uint64_t i = 1; i <= 50; i++) drop(heap, make(heap, 40), 40);
    assert_int_equal(clock.readings, 2 * 20);
    assert_int_equal(figure_of(heap, "new calls timed"), 10);
    assert_int_equal(figure_of(heap, "free calls timed"), 10);
    heap_close(heap);
}

static void the_clock_itself_is_measured_at_open(void **state)
{
    (void)state;
    struct heap *heap = open_spec("latency+libc");
    double floor_ns = figure_of(heap, "a reading of the clock");
    assert_true(floor_ns > 0 && floor_ns < 1e6);
    assert_int_equal(figure_of(heap, "new calls timed"), 0);
    heap_close(heap);
}

/* ---- lock */

/* An allocator in which a new block of this size waits until it is let go on. */
enum { SLOW_SIZE = 77 };

struct gate {
    sem_t is_inside, may_leave;
};

static void *gated_resize(void *state, void *block, size_t old_size, size_t new_size)
{
    struct gate *gate = state;
    (void)old_size;
    if (new_size == SLOW_SIZE) {
        sem_post(&gate->is_inside);
        sem_wait(&gate->may_leave);
    }
    if (new_size) return realloc(block, new_size);
    free(block);
    return NULL;
}

struct caller {
    const struct heap *heap;
    size_t size;
    atomic_int thread; /* the system's number of it, once it is about to call */
    void *block;
};

static void *call(void *argument)
{
    struct caller *caller = argument;
    atomic_store(&caller->thread, (int)syscall(SYS_gettid));
    caller->block = make(caller->heap, caller->size);
    return NULL;
}

/* Until it has nothing left to do but to wait: 'S' in the third field of its stat. */
static void await_sleep(struct caller *caller)
{
    char path[64], state = 'R';
    while (atomic_load(&caller->thread) == 0) sched_yield();
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", atomic_load(&caller->thread));
    while (state != 'S') {
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        assert_int_equal(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
        fclose(file);
        sched_yield();
    }
}

static void a_call_that_had_to_wait_is_counted(void **state)
{
    (void)state;
    struct gate gate;
    struct error error;
    pthread_t threads[2];
    sem_init(&gate.is_inside, 0, 0);
    sem_init(&gate.may_leave, 0, 0);
    struct heap *heap = heap_open_over("lock", gated_resize, &gate, 0, &error);
    struct caller slow = {.heap = heap, .size = SLOW_SIZE}, waiting = {.heap = heap, .size = 40};
    pthread_create(&threads[0], NULL, call, &slow);
    sem_wait(&gate.is_inside);
    pthread_create(&threads[1], NULL, call, &waiting);
    await_sleep(&waiting);
    sem_post(&gate.may_leave);
    for (size_t i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    assert_int_equal(figure_of(heap, "calls that had to wait"), 1);
    drop(heap, slow.block, SLOW_SIZE);
    drop(heap, waiting.block, 40);
    assert_int_equal(figure_of(heap, "calls that had to wait"), 1);
    assert_int_equal(figure_of(heap, "calls under the lock"), 4);
    heap_close(heap);
}

static void what_stands_under_the_lock_is_read_through_it(void **state)
{
    (void)state;
    struct tier_statistics tier;
    struct heap *heap = open_spec("lock+tiered"), *plain = open_spec("lock+libc");
    void *block = make(heap, 40);
    assert_true(heap->allocator->traits & TRAIT_THREAD_SAFE);
    assert_int_equal(tier_of(heap, 0).block_bytes, tier_of(heap->inner, 0).block_bytes);
    assert_false(plain->allocator->tier(plain->state, 0, &tier));
    struct heap_figure first;
    assert_true(heap->inner->allocator->figure(heap->inner->state, 0, &first));
    assert_true(figure_of(heap, first.name) == first.value);
    assert_int_equal(totals_of(heap).footprint_bytes, totals_of(heap->inner).footprint_bytes);
    drop(heap, block, 40);
    heap_close(heap);
    heap_close(plain);
}

static void what_is_not_thread_safe_may_not_stand_outside_the_lock(void **state)
{
    (void)state;
    refuses("log+lock+libc", "write lock+log");
    refuses("track+lock+libc", "write lock+track");
    refuses("fault+count+lock+libc", "write lock+fault");
    refuses("lock+lock+libc", "once is enough");
    heap_close(open_spec("count+lock+libc"));
    heap_close(open_spec("lock+log:file=/dev/null+libc"));
}

/* ---- over memory that is already in use */

static void adopted_bytes_are_live_and_blocks_unknown(void **state)
{
    (void)state;
    static const char *const names[] = {"count", "lock",    "log:file=/dev/null",
                                        "track", "latency", "fault"};
    struct error error = {""};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct heap *under = open_spec("tiered");
        void *before = make(under, 1000);
        struct heap *heap = heap_open_over(names[i], under->resize, under->state, 1000, &error);
        if (!heap) fail_msg("%s: %s", names[i], error.text);
        void *block = make(heap, 24);
        assert_int_equal(totals_of(heap).live_bytes, 1024);
        before = resize(heap, before, 1000, 1500);
        assert_true(totals_of(heap).live_blocks == UNKNOWN);
        drop(heap, before, 1500);
        drop(heap, block, 24);
        assert_int_equal(totals_of(heap).live_bytes, 0);
        assert_true(totals_of(heap).live_blocks == UNKNOWN);
        heap_close(heap);
        heap_close(under);
    }
}

static void over_memory_that_holds_nothing_blocks_stay_known(void **state)
{
    (void)state;
    struct error error = {""};
    struct heap *under = open_spec("tiered");
    struct heap *heap = heap_open_over("count+lock", under->resize, under->state, 0, &error);
    assert_non_null(heap);
    void *block = make(heap, 24);
    assert_int_equal(totals_of(heap).live_blocks, 1);
    assert_int_equal(totals_of(heap->inner).live_blocks, 1);
    drop(heap, block, 24);
    heap_close(heap);
    heap_close(under);
}

static void count_keeps_the_peak_of_what_it_adopts(void **state)
{
    (void)state;
    struct error error = {""};
    struct heap *under = open_spec("libc");
    struct heap *heap = heap_open_over("count", under->resize, under->state, 5000, &error);
    assert_non_null(heap);
    drop(heap, make(heap, 40), 40);
    assert_int_equal(count_calls(heap)->peak_live_bytes, 5040);
    assert_int_equal(count_calls(heap)->allocated_bytes, 40);
    heap_close(heap);
    heap_close(under);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_come_where_they_were_ordered),
        cmocka_unit_test(chance_is_one_in_n_and_the_seed_repeats_it),
        cmocka_unit_test(only_new_blocks_and_growths_are_refused),
        cmocka_unit_test(times_are_told_by_kind_as_the_clock_gave_them),
        cmocka_unit_test(growths_shrinks_and_failures_are_timed_and_queries_are_not),
        cmocka_unit_test(every_nth_call_alone_asks_the_clock),
        cmocka_unit_test(the_clock_itself_is_measured_at_open),
        cmocka_unit_test(a_call_that_had_to_wait_is_counted),
        cmocka_unit_test(what_stands_under_the_lock_is_read_through_it),
        cmocka_unit_test(what_is_not_thread_safe_may_not_stand_outside_the_lock),
        cmocka_unit_test(adopted_bytes_are_live_and_blocks_unknown),
        cmocka_unit_test(over_memory_that_holds_nothing_blocks_stay_known),
        cmocka_unit_test(count_keeps_the_peak_of_what_it_adopts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
