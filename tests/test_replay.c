/* The replay loop, on heaps made here: some keep the contract and check that the replay does, some
 * break it and must be found out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../workloads/synthetic/generators.h"
#include "../workloads/workload.h"
#include "fake_heap.h"
#include "replay_test.h"

/* Never frees, and hands every block out twice. Growing and shrinking leave a block where it is. */
static void *overlapping_resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    static _Alignas(16) char region[1 << 16];
    size_t *births = heap;
    (void)old_size;
    if (new_size == 0) return NULL;
    return block != NULL ? block : region + (*births)++ / 2 % 64 * 1024;
}

/* ---- traces made here */

static bool generate_growing(struct trace *trace, struct random *random)
{
    (void)random;
    trace->touches_blocks = true;
    uint32_t first = trace_new(trace, 32), second = trace_new(trace, 40);
    trace_query(trace);
    trace_resize(trace, first, 100); /* call 4 */
    trace_visit(trace, first);
    trace_resize(trace, first, 16); /* call 5 */
    trace_visit(trace, second);
    trace_visit(trace, first);
    trace_free(trace, second);
    trace_free(trace, first);
    return true;
}

/* All small sizes, from each to each: words at the ends of such blocks are easily got wrong. */
static bool generate_tiny(struct trace *trace, struct random *random)
{
    (void)random;
    trace->touches_blocks = true;
    for (size_t old_size = 1; old_size <= 80; old_size++) {
        for (size_t new_size = 1; new_size <= 80; new_size++) {
            uint32_t slot = trace_new(trace, old_size);
            trace_resize(trace, slot, new_size);
            if (new_size >= TRACE_WORD) trace_visit(trace, slot);
            trace_free(trace, slot);
        }
    }
    return !trace->is_full;
}

/* Here the first word is the last whole word, too, and growing must leave it all the same. */
static bool generate_tiny_growth(struct trace *trace, struct random *random)
{
    (void)random;
    trace->touches_blocks = true;
    uint32_t slot = trace_new(trace, 8);
    trace_resize(trace, slot, 12);
    trace_visit(trace, slot);
    trace_free(trace, slot);
    return true;
}

static bool generate_nothing(struct trace *trace, struct random *random)
{
    (void)trace, (void)random;
    return false;
}

/* ---- running them */

static void *prepare(generate_fn *generate, unsigned passes, struct error *error)
{
    static struct workload workload;
    workload = planted_workload(generate, "");
    workload.passes = passes;
    return workload_kind_replay.prepare(&workload, 3, error);
}

static enum outcome run(void *job, resize_fn *resize, void *state, char answer[ANSWER_LENGTH])
{
    struct error error = {""};
    struct heap heap = {.resize = resize, .state = state};
    enum outcome outcome = workload_kind_replay.run(job, &heap, &error);
    workload_kind_replay.verify(job, answer);
    return outcome;
}

static void run_once(generate_fn *generate, resize_fn *resize, void *state,
                     char answer[ANSWER_LENGTH])
{
    struct error error = {""};
    void *job = prepare(generate, 2, &error);
    assert_non_null(job);
    assert_int_equal(run(job, resize, state, answer), OUTCOME_OK);
    workload_kind_replay.finish(job);
}

static void every_workload_keeps_the_contract_and_frees_all(void **state)
{
    (void)state;
    static generate_fn *const generators[] = {
#define SYNTHETIC(name, passes, summary) generate_##name,
#include "../workloads/list.h"
#undef SYNTHETIC
    };
    for (size_t i = 0; i < sizeof generators / sizeof *generators; i++) {
        struct error error = {""};
        struct fake fake = {0};
        char answer[ANSWER_LENGTH], count[32];
        void *job = prepare(generators[i], 1, &error);
        assert_non_null(job);
        assert_int_equal(run(job, moving_resize, &fake, answer), OUTCOME_OK);
        assert_int_equal(fake.live_blocks, 0);
        snprintf(count, sizeof count, " %zu operations", fake.calls);
        assert_non_null(strstr(answer, count));
        workload_kind_replay.finish(job);
    }
}

static void right_heaps_agree(void **state)
{
    (void)state;
    generate_fn *const generators[] = {generate_growing, generate_tiny, generate_free_random,
                                       generate_growth_double, generate_lua_mix};
    for (size_t i = 0; i < sizeof generators / sizeof *generators; i++) {
        struct fake fake = {0};
        char moving[ANSWER_LENGTH], plain[ANSWER_LENGTH];
        run_once(generators[i], moving_resize, &fake, moving);
        run_once(generators[i], plain_resize, NULL, plain);
        assert_string_equal(moving, plain);
    }
}

static void a_second_run_gives_the_same_answer(void **state)
{
    (void)state;
    struct error error = {""};
    struct fake fake = {0};
    char first[ANSWER_LENGTH], second[ANSWER_LENGTH];
    void *job = prepare(generate_growing, 3, &error);
    assert_int_equal(run(job, moving_resize, &fake, first), OUTCOME_OK);
    assert_int_equal(run(job, moving_resize, &fake, second), OUTCOME_OK);
    assert_string_equal(first, second);
    assert_non_null(strstr(first, " 21 operations"));
    assert_int_equal(fake.calls, 42);
    assert_int_equal(fake.queries, 6);
    workload_kind_replay.finish(job);
}

static void lost_contents_change_the_answer(void **state)
{
    (void)state;
    struct fake right = {0}, lost_in_growth = {.forgetful_call = 4},
                lost_in_shrink = {.forgetful_call = 12}; /* the second pass's */
    char expected[ANSWER_LENGTH], got[ANSWER_LENGTH];
    run_once(generate_growing, moving_resize, &right, expected);
    run_once(generate_growing, moving_resize, &lost_in_growth, got);
    assert_string_not_equal(expected, got);
    run_once(generate_growing, moving_resize, &lost_in_shrink, got);
    assert_string_not_equal(expected, got);
}

static void a_lost_single_word_changes_the_answer(void **state)
{
    (void)state;
    struct fake right = {0}, forgetful = {.forgetful_call = 2};
    char expected[ANSWER_LENGTH], got[ANSWER_LENGTH];
    run_once(generate_tiny_growth, moving_resize, &right, expected);
    run_once(generate_tiny_growth, moving_resize, &forgetful, got);
    assert_string_not_equal(expected, got);
}

static void overlapping_blocks_change_the_answer(void **state)
{
    (void)state;
    struct fake right = {0};
    size_t births = 0;
    char expected[ANSWER_LENGTH], got[ANSWER_LENGTH];
    run_once(generate_growing, moving_resize, &right, expected);
    run_once(generate_growing, overlapping_resize, &births, got);
    assert_string_not_equal(expected, got);
}

static void a_refusal_ends_the_run_and_says_where(void **state)
{
    (void)state;
    struct error error = {""};
    struct fake fake = {.refused_call = 7 + 4};
    struct heap heap = {.resize = moving_resize, .state = &fake};
    void *job = prepare(generate_growing, 2, &error);
    assert_int_equal(workload_kind_replay.run(job, &heap, &error), OUTCOME_OUT_OF_MEMORY);
    assert_non_null(strstr(error.text, "operation 4 of pass 2"));
    assert_non_null(strstr(error.text, "from 32 to 100 bytes"));
    assert_int_equal(fake.calls, 11);
    assert_int_equal(fake.live_blocks, 2); /* left to the heap's close */
    bury_all(&fake);
    workload_kind_replay.finish(job);
}

static void a_run_after_a_refusal_starts_afresh(void **state)
{
    (void)state;
    struct error error = {""};
    struct fake refusing = {.refused_call = 4}, right = {0};
    char expected[ANSWER_LENGTH], got[ANSWER_LENGTH];
    void *job = prepare(generate_growing, 2, &error);
    assert_int_equal(run(job, moving_resize, &refusing, got), OUTCOME_OUT_OF_MEMORY);
    assert_int_equal(run(job, moving_resize, &right, got), OUTCOME_OK);
    run_once(generate_growing, plain_resize, NULL, expected);
    assert_string_equal(expected, got);
    bury_all(&refusing);
    workload_kind_replay.finish(job);
}

static void a_trace_that_is_not_whole_is_refused(void **state)
{
    (void)state;
    struct error error = {""};
    assert_null(prepare(generate_nothing, 1, &error));
    assert_non_null(strstr(error.text, "planted: not enough memory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_workload_keeps_the_contract_and_frees_all),
        cmocka_unit_test(right_heaps_agree),
        cmocka_unit_test(a_second_run_gives_the_same_answer),
        cmocka_unit_test(lost_contents_change_the_answer),
        cmocka_unit_test(a_lost_single_word_changes_the_answer),
        cmocka_unit_test(overlapping_blocks_change_the_answer),
        cmocka_unit_test(a_refusal_ends_the_run_and_says_where),
        cmocka_unit_test(a_run_after_a_refusal_starts_afresh),
        cmocka_unit_test(a_trace_that_is_not_whole_is_refused),
    };
    return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
