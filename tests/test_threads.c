/* Programs of several threads: what they compute is the same whoever does the work, and a heap that
 * gives a block to two, writes into one, or refuses, is found out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "few_threads.h"
#include "threads_test.h"

static void the_answer_is_one_whoever_does_the_work(void **state)
{
    const struct thread_program *program;
    (void)state;
    for (size_t i = 0; (program = thread_program_at(i)); i++) {
        for (unsigned threads = 1; threads <= 5; threads++) {
            char options[64], alone[ANSWER_LENGTH], threaded[ANSWER_LENGTH];
            struct error error = {""};
            snprintf(options, sizeof options, SHORT "threads=%u%s", threads,
                     program->has_lives ? ",lives=20" : "");
            struct workload workload = described(program->name, options);
            assert_int_equal(workload.threads, threads + 1);
            run_workload(&workload, &plain_heap, OUTCOME_OK, threaded, &error);
            workload.is_alone = true;
            run_workload(&workload, &plain_heap, OUTCOME_OK, alone, &error);
            assert_string_equal(alone, threaded);
        }
    }
}

/* Each birth has its death. */
static void operations_are_those_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *name, *options;
        uint64_t operations;
    } cases[] = {
        {"scale-independent", "threads=3,replacements=1000,blocks=10", 3 * 2 * 1010},
        {"scale-exchange", "threads=3,replacements=1000,blocks=10", 3 * 2 * 1010},
        {"scale-handover", "threads=3,replacements=1000,blocks=10", 3 * 2 * 1000},
        {"scale-generations", "threads=3,replacements=999,lives=9,blocks=10", 3 * 2 * 9 * 112},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct workload workload = described(cases[i].name, cases[i].options);
        struct error error = {""};
        void *job = workload.kind->prepare(&workload, 1, &error);
        assert_int_equal(workload.kind->run(job, &plain_heap, &error), OUTCOME_OK);
        assert_int_equal(thread_program_operations(job), cases[i].operations);
        workload.kind->finish(job);
    }
}

static void queues_of_any_room_let_all_through(void **state)
{
    char answer[ANSWER_LENGTH], options[64];
    struct error error = {""};
    (void)state;
    for (int blocks = 1; blocks <= 6; blocks++) {
        for (int threads = 1; threads <= 3; threads++) {
            snprintf(options, sizeof options, "threads=%d,blocks=%d,replacements=2001", threads,
                     blocks);
            struct workload workload = described("scale-handover", options);
            run_workload(&workload, &plain_heap, OUTCOME_OK, answer, &error);
        }
    }
}

/* ---- who calls */

static _Atomic unsigned thread_count;

static void *counting_resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    static _Thread_local bool is_known;
    if (!is_known) atomic_fetch_add(&thread_count, 1);
    is_known = true;
    return plain_resize(heap, block, old_size, new_size);
}

static unsigned count_threads(const char *name, const char *options, bool is_alone)
{
    struct heap heap = {.allocator = &safe, .resize = counting_resize};
    char answer[ANSWER_LENGTH];
    struct error error = {""};
    struct workload workload = described(name, options);
    workload.is_alone = is_alone;
    atomic_store(&thread_count, 0);
    run_workload(&workload, &heap, OUTCOME_OK, answer, &error);
    return thread_count;
}

/* The caller, which is the last to free, is counted in the first call alone. */
static void each_thread_is_one(void **state)
{
    (void)state;
    assert_int_equal(count_threads("scale-exchange", SHORT "threads=2", true), 1);
    assert_int_equal(count_threads("scale-independent", SHORT "threads=4", false), 4);
    assert_int_equal(count_threads("scale-handover", SHORT "threads=4", false), 4);
    assert_int_equal(count_threads("scale-exchange", SHORT "threads=4", false), 4);
    assert_int_equal(count_threads("scale-generations", SHORT "threads=3,lives=7", false), 21);
}

/* ---- what is refused */

static void only_thread_safe_heaps_are_given_threads(void **state)
{
    struct heap bare = {.allocator = &unsafe, .resize = plain_resize};
    static const struct allocator lock = {.name = "lock", .traits = TRAIT_THREAD_SAFE};
    struct heap locked = {.allocator = &lock, .resize = plain_resize, .inner = &bare};
    char answer[ANSWER_LENGTH];
    struct error error = {""};
    const struct thread_program *program;
    (void)state;
    for (size_t i = 0; (program = thread_program_at(i)); i++) {
        struct workload workload = described(program->name, "replacements=100,threads=2");
        run_workload(&workload, &bare, OUTCOME_UNAVAILABLE, answer, &error);
        assert_string_equal(error.text, "unsafe is not thread-safe: put lock+ before it, or take "
                                        "threads=1");
        run_workload(&workload, &locked, OUTCOME_OK, answer, &error);
        workload.is_alone = true;
        run_workload(&workload, &bare, OUTCOME_UNAVAILABLE, answer, &error);
        workload = described(program->name, "replacements=100,threads=1");
        run_workload(&workload, &bare, OUTCOME_OK, answer, &error);
    }
}

static void expect_refused(const char *name, const char *options, const char *why)
{
    struct workload workload;
    struct error error = {""};
    assert_true(thread_program_describe(name, strlen(name), &workload));
    assert_false(thread_program_take_options(&workload, options, &error));
    if (!strstr(error.text, why)) fail_msg("%s", error.text);
}

static void options_that_cannot_be_are_refused(void **state)
{
    (void)state;
    expect_refused("scale-exchange", "low=100,high=99", "low=100 is above high=99");
    expect_refused("scale-exchange", "threads=65", "threads");
    expect_refused("scale-exchange", "low=8", "low");
    expect_refused("scale-exchange", "lives=2", "lives");
    expect_refused("scale-generations", "lives=0", "lives");
}

static void threads_that_cannot_be_made_end_the_run(void **state)
{
    const struct thread_program *program;
    (void)state;
    for (size_t i = 0; (program = thread_program_at(i)); i++) {
        char answer[ANSWER_LENGTH];
        struct error error = {""};
        struct workload workload = described(program->name, SHORT "threads=4");
        threads_left = 7; /* of generations, the second */
        if (!program->has_lives) threads_left = 3;
        run_workload(&workload, &plain_heap, OUTCOME_OUT_OF_MEMORY, answer, &error);
        assert_string_equal(error.text, "no thread could be made");
    }
    threads_left = -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_is_one_whoever_does_the_work),
        cmocka_unit_test(operations_are_those_asked_for),
        cmocka_unit_test(queues_of_any_room_let_all_through),
        cmocka_unit_test(each_thread_is_one),
        cmocka_unit_test(only_thread_safe_heaps_are_given_threads),
        cmocka_unit_test(options_that_cannot_be_are_refused),
        cmocka_unit_test(threads_that_cannot_be_made_end_the_run),
    };
    return cmocka_run_group_tests_name("programs of threads", tests, NULL, NULL);
}
