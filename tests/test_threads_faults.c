/* Heaps that are wrong under several threads, and how the programs find that out. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "threads_test.h"

/* Does something wrong `times` times from its birth number `at` on, under one lock. */
struct wrong {
    pthread_mutex_t lock;
    uint64_t calls, at, times;
    char *last; /* the block that was handed out last, while it lives */
    size_t last_size;
    void (*act)(struct wrong *wrong, void **block);
    uint64_t done;
};

static void refuse(struct wrong *wrong, void **block)
{
    wrong->done++;
    free(*block);
    *block = NULL;
}

/* A neighbour's overrun, at either end: many, as a thread may be about to write there itself. */
static void scribble_begin(struct wrong *wrong, void **block)
{
    (void)block;
    if (!wrong->last) return;
    wrong->last[0] ^= 1;
    wrong->done++;
}

static void scribble_end(struct wrong *wrong, void **block)
{
    (void)block;
    if (!wrong->last) return;
    wrong->last[wrong->last_size - 1] ^= 64;
    wrong->done++;
}

/* A free list from which two threads have taken the same block. */
static void give_twice(struct wrong *wrong, void **block)
{
    if (!wrong->last) return;
    *block = wrong->last;
    wrong->done++;
}

static void *wrong_resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct wrong *wrong = heap;
    pthread_mutex_lock(&wrong->lock);
    if (new_size == 0) {
        if (block == wrong->last) wrong->last = NULL;
        if (!wrong->done || wrong->act != give_twice) free(block);
        block = NULL;
    } else {
        block = malloc(2048);
        if (++wrong->calls >= wrong->at && wrong->done < wrong->times) wrong->act(wrong, &block);
        wrong->last = block;
        wrong->last_size = new_size;
    }
    (void)old_size;
    pthread_mutex_unlock(&wrong->lock);
    return block;
}

static void expect_found(const char *name, void (*act)(struct wrong *, void **), unsigned threads,
                         enum outcome outcome, const char *why)
{
    struct wrong wrong = {.lock = PTHREAD_MUTEX_INITIALIZER, .at = 2000, .act = act};
    wrong.times = act == scribble_begin || act == scribble_end ? 100 : 1;
    struct heap heap = {.allocator = &safe, .resize = wrong_resize, .state = &wrong};
    char options[64], answer[ANSWER_LENGTH];
    struct error error = {""};
    snprintf(options, sizeof options, "replacements=3000,blocks=200,threads=%u", threads);
    struct workload workload = described(name, options);
    run_workload(&workload, &heap, outcome, answer, &error);
    assert_true(wrong.done > 0);
    if (!strstr(error.text, why)) fail_msg("%s: %s", name, error.text);
}

/* Under the address sanitizer, which finds these first, leaks of what is not freed are no fault. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static void a_byte_that_was_overwritten_is_found(void **state)
{
    const struct thread_program *program;
    (void)state;
    for (size_t i = 0; (program = thread_program_at(i)); i++) {
        for (unsigned threads = 1; threads <= 4; threads += 3) {
            expect_found(program->name, scribble_end, threads, OUTCOME_WRONG_ANSWER,
                         "whose contents are not those that were written");
            expect_found(program->name, scribble_begin, threads, OUTCOME_WRONG_ANSWER,
                         "whose contents are not those that were written");
        }
    }
}

static void a_block_given_to_two_is_found(void **state)
{
    const struct thread_program *program;
    (void)state;
    for (size_t i = 0; (program = thread_program_at(i)); i++) {
        expect_found(program->name, give_twice, 1, OUTCOME_WRONG_ANSWER, "");
        expect_found(program->name, give_twice, 4, OUTCOME_WRONG_ANSWER, "");
    }
}

static void a_refusal_ends_the_run_whoever_had_it(void **state)
{
    const struct thread_program *program;
    (void)state;
    for (size_t i = 0; (program = thread_program_at(i)); i++) {
        for (unsigned threads = 1; threads <= 4; threads++) {
            expect_found(program->name, refuse, threads, OUTCOME_OUT_OF_MEMORY,
                         "bytes was refused to thread");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_byte_that_was_overwritten_is_found),
        cmocka_unit_test(a_block_given_to_two_is_found),
        cmocka_unit_test(a_refusal_ends_the_run_whoever_had_it),
    };
    return cmocka_run_group_tests_name("faults of threads", tests, NULL, NULL);
}
