/* A trace done by its threads: each call by the thread that it belongs to, in the recorded order or
 * in any that leaves each block its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_heap.h"
#include "few_threads.h"
#include "replay_test.h"

enum { THREADS = 4, BLOCKS = 50, STEPS = 4000 };

/* Any thread does anything to any block, which is the worst that a trace can ask of the order. */
static void step(struct trace *trace, struct random *random, uint32_t *slots, size_t *sizes)
{
    size_t i = random_below(random, BLOCKS), size = 1 + random_below(random, 300);
    if (sizes[i] == 0) slots[i] = trace_new(trace, size);
    else if (random_below(random, 3) == 0) trace_resize(trace, slots[i], size);
    else if (random_below(random, 3) == 0 && sizes[i] >= TRACE_WORD) {
        trace_visit(trace, slots[i]);
        size = sizes[i];
    } else {
        trace_free(trace, slots[i]);
        size = 0;
    }
    sizes[i] = size;
    if (random_below(random, 10) == 0) trace_query(trace);
}

/* Leaves blocks alive. */
static bool generate_scramble(struct trace *trace, const struct settings *settings,
                              struct random *random, struct error *error)
{
    uint32_t slots[BLOCKS];
    size_t sizes[BLOCKS] = {0};
    (void)settings, (void)error;
    trace->touches_blocks = true;
    for (unsigned i = 0; i < STEPS; i++) {
        if (random_below(random, 4) == 0) {
            trace_mark(trace, MARK_THREAD, (uint32_t)random_below(random, THREADS));
        }
        step(trace, random, slots, sizes);
    }
    return !trace->is_full;
}

static const struct trace_family scramble = {
    .name = "scramble", .threads = THREADS, .generate = generate_scramble};

static struct workload scrambled(const char *options, bool is_alone)
{
    struct workload workload = planted_workload(NULL, options);
    workload.family = &scramble;
    workload.is_alone = is_alone;
    return workload;
}

/* ---- a heap that may be called by all, and remembers who called */

struct witness {
    pthread_mutex_t lock;
    struct fake fake;
    size_t call_count;
    struct call {
        pthread_t thread;
        size_t old_size, new_size;
    } calls[6 * STEPS];
};

static void *witness_resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct witness *witness = heap;
    pthread_mutex_lock(&witness->lock);
    witness->calls[witness->call_count++] = (struct call){pthread_self(), old_size, new_size};
    void *moved = moving_resize(&witness->fake, block, old_size, new_size);
    pthread_mutex_unlock(&witness->lock);
    return moved;
}

static const struct allocator safe = {.name = "safe", .traits = TRAIT_THREAD_SAFE};
static const struct allocator unsafe = {.name = "unsafe"};

static void run_witnessed(const char *options, bool is_alone, struct witness *witness,
                          char answer[ANSWER_LENGTH])
{
    struct workload workload = scrambled(options, is_alone);
    struct heap heap = {.allocator = &safe, .resize = witness_resize, .state = witness};
    struct error error = {""};
    *witness = (struct witness){.lock = PTHREAD_MUTEX_INITIALIZER};
    run_workload(&workload, &heap, OUTCOME_OK, answer, &error);
    assert_int_equal(witness->fake.live_blocks, 0);
}

static size_t count_threads(const struct witness *witness)
{
    size_t count = 0;
    for (size_t i = 0, j; i < witness->call_count; i++) {
        for (j = 0; j < i && witness->calls[j].thread != witness->calls[i].thread; j++) continue;
        count += j == i;
    }
    return count;
}

static void the_answer_is_one_whoever_makes_the_calls(void **state)
{
    static struct witness witness;
    static const char *const orders[] = {"order=recorded,passes=3", "order=free,passes=3"};
    char alone[ANSWER_LENGTH], threaded[ANSWER_LENGTH];
    (void)state;
    for (int i = 0; i < 2; i++) {
        run_witnessed(orders[i], true, &witness, alone);
        size_t call_count = witness.call_count;
        assert_int_equal(count_threads(&witness), 1);
        run_witnessed(orders[i], false, &witness, threaded);
        assert_int_equal(witness.call_count, call_count);
        assert_string_equal(alone, threaded);
    }
}

/* The survivors' frees at the end are the caller's. */
static void recorded_order_is_kept_and_calls_are_made_by_their_threads(void **state)
{
    static struct witness one, each;
    char answer[ANSWER_LENGTH];
    (void)state;
    run_witnessed("order=one,passes=1", false, &one, answer);
    run_witnessed("order=recorded,passes=1", false, &each, answer);
    assert_int_equal(one.call_count, each.call_count);
    for (size_t i = 0; i < one.call_count; i++) {
        assert_int_equal(one.calls[i].old_size, each.calls[i].old_size);
        assert_int_equal(one.calls[i].new_size, each.calls[i].new_size);
    }
    assert_int_equal(count_threads(&one), 1);
    assert_int_equal(count_threads(&each), THREADS + 1);
}

static void free_order_leaves_each_block_its_own_calls(void **state)
{
    static struct witness witness;
    char answer[ANSWER_LENGTH];
    (void)state;
    run_witnessed("order=free,passes=5", false, &witness, answer);
    assert_int_equal(count_threads(&witness), THREADS + 1);
    assert_non_null(strstr(answer, "operations"));
}

static void plain_heaps_serve_all_touches_and_orders(void **state)
{
    static const char *const touches[] = {"none", "ends", "lines", "all"};
    struct heap heap = {.allocator = &safe, .resize = plain_resize};
    (void)state;
    for (int i = 0; i < 4; i++) {
        char options[64], recorded[ANSWER_LENGTH], again[ANSWER_LENGTH];
        struct error error;
        snprintf(options, sizeof options, "order=%s,touch=%s,passes=3", i % 2 ? "free" : "recorded",
                 touches[i]);
        struct workload workload = scrambled(options, false);
        run_workload(&workload, &heap, OUTCOME_OK, recorded, &error);
        run_workload(&workload, &heap, OUTCOME_OK, again, &error);
        assert_string_equal(recorded, again);
    }
}

static void a_refusal_ends_all_threads(void **state)
{
    static struct witness witness;
    struct heap heap = {.allocator = &safe, .resize = witness_resize, .state = &witness};
    char answer[ANSWER_LENGTH];
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct error error = {""};
        struct workload workload = scrambled(i ? "order=free" : "order=recorded", false);
        witness = (struct witness){.lock = PTHREAD_MUTEX_INITIALIZER, .fake = {.refused_call = 1}};
        run_workload(&workload, &heap, OUTCOME_OUT_OF_MEMORY, answer, &error);
        assert_non_null(strstr(error.text, "in pass 1, call 1 of thread"));
        bury_all(&witness.fake);
    }
}

/* The first run has its threads; those of the second are not all to be had. */
static void threads_that_cannot_be_made_end_the_run(void **state)
{
    struct workload workload = scrambled("order=free,passes=2", false);
    struct heap heap = {.allocator = &safe, .resize = plain_resize};
    struct error error = {""};
    (void)state;
    void *job = workload.kind->prepare(&workload, 3, &error);
    assert_non_null(job);
    assert_int_equal(workload.kind->run(job, &heap, &error), OUTCOME_OK);
    threads_left = THREADS / 2;
    assert_int_equal(workload.kind->run(job, &heap, &error), OUTCOME_OUT_OF_MEMORY);
    assert_non_null(strstr(error.text, "no thread could be made"));
    threads_left = THREADS;
    assert_int_equal(workload.kind->run(job, &heap, &error), OUTCOME_OK);
    workload.kind->finish(job);
    threads_left = 1;
    assert_null(workload.kind->prepare(&workload, 3, &error));
    assert_non_null(strstr(error.text, "no thread could be made"));
    threads_left = -1;
}

static void expect_unavailable(const struct heap *heap, const char *advice)
{
    char answer[ANSWER_LENGTH];
    struct error error = {""};
    struct workload workload = scrambled("order=free", false);
    run_workload(&workload, heap, OUTCOME_UNAVAILABLE, answer, &error);
    assert_non_null(strstr(error.text, advice));
}

static void only_thread_safe_heaps_are_given_threads(void **state)
{
    static const struct allocator lock = {.name = "lock", .traits = TRAIT_THREAD_SAFE};
    static const struct allocator limit = {.name = "limit", .traits = TRAIT_THREAD_SAFE};
    struct heap bare = {.allocator = &unsafe, .resize = plain_resize};
    struct heap limited = {.allocator = &limit, .resize = plain_resize, .inner = &bare};
    struct heap locked = {.allocator = &lock, .resize = plain_resize, .inner = &bare};
    char answer[ANSWER_LENGTH];
    struct error error = {""};
    struct workload workload = scrambled("order=free,touch=none,passes=1", true);
    (void)state;
    expect_unavailable(&bare, "unsafe is not thread-safe: put lock+ before it, or take order=one");
    expect_unavailable(&limited, "unsafe is not thread-safe");
    assert_null(heap_unsafe_layer(&locked));
    run_workload(&workload, &locked, OUTCOME_OK, answer, &error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_is_one_whoever_makes_the_calls),
        cmocka_unit_test(recorded_order_is_kept_and_calls_are_made_by_their_threads),
        cmocka_unit_test(free_order_leaves_each_block_its_own_calls),
        cmocka_unit_test(plain_heaps_serve_all_touches_and_orders),
        cmocka_unit_test(a_refusal_ends_all_threads),
        cmocka_unit_test(threads_that_cannot_be_made_end_the_run),
        cmocka_unit_test(only_thread_safe_heaps_are_given_threads),
    };
    return cmocka_run_group_tests_name("replay threads", tests, NULL, NULL);
}
