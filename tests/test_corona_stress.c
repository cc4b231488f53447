/* All calls at random by 8 threads, which free and resize each other's blocks; every block's
 * contents are checked. Forks in the midst, whose children free whatever was anywhere; then
 * threads that come and go. At the end the heap is as small as it was.
 *
 *     CORONA_OPERATIONS=100000000 tests/test_corona_stress      make corona-soak
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>

#include "corona_child_test.h"
#include "corona_blocks_test.h"

enum {
    THREADS = 8,
    PLACES = 512,         /* of each thread, and as many that all share */
    WAVES_A_MILLION = 25, /* of threads that come and go, for each million operations */
    CHURN_PLACES = 256,
    KEPT = 20000,
};

static _Atomic held_block places[THREADS + 1][PLACES], churned[CHURN_PLACES], kept[KEPT];
static _Atomic size_t finished;

static size_t all_operations(void)
{
    const char *text = getenv("CORONA_OPERATIONS");
    return text ? strtoul(text, NULL, 10) : SANITIZED ? 200000 : 3000000;
}

/* One in eight at a place of any thread. */
static void *exchange(void *argument)
{
    size_t number = (uintptr_t)argument, count = all_operations() / THREADS;
    struct random random;
    random_seed(&random, number);
    for (size_t i = 0; i < count; i++) {
        bool is_own = random_below(&random, 8) != 0;
        size_t of = is_own ? number : random_below(&random, THREADS + 1);
        use_place(&places[of][random_below(&random, PLACES)], &random);
    }
    finished++;
    return NULL;
}

static void *use_some(void *argument)
{
    struct random random;
    random_seed(&random, (uintptr_t)argument);
    for (size_t i = 0; i < 100; i++)
        use_place(&churned[random_below(&random, CHURN_PLACES)], &random);
    return NULL;
}

static void run_threads(void *(*run)(void *argument), size_t seed)
{
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        expect(pthread_create(&threads[i], NULL, run, (void *)(seed + i)) == 0);
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

static void empty_all_places(void)
{
    empty_places(places[0], (THREADS + 1) * PLACES);
    empty_places(churned, CHURN_PLACES);
}

static void fork_and_free_all(void)
{
    pid_t child = fork();
    expect(child >= 0);
    if (child == 0) {
        alarm(CHILD_SECONDS_MOST);
        empty_all_places();
        if (!SANITIZED) run_threads(use_some, 1000);
        empty_all_places();
        _exit(0);
    }
    int status;
    expect(waitpid(child, &status, 0) == child && status == 0);
}

static void exchange_with_forks(void)
{
    pthread_t threads[THREADS];
    finished = 0;
    for (uintptr_t i = 0; i < THREADS; i++)
        expect(pthread_create(&threads[i], NULL, exchange, (void *)i) == 0);
    for (useconds_t pause_us = 20000; finished < THREADS; pause_us += pause_us / 4) {
        usleep(pause_us);
        if (finished < THREADS) fork_and_free_all();
    }
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

static void churn(size_t waves)
{
    for (size_t wave = 0; wave < waves; wave++) run_threads(use_some, wave * THREADS);
}

static void fill_kept(void)
{
    struct random random;
    random_seed(&random, 1);
    for (size_t i = 0; i < KEPT; i++) {
        void *block = corona_malloc(random_below(&random, 400));
        kept[i] = hold(block, corona_usable_size(block), (uint32_t)i);
    }
}

struct footprint {
    size_t used, resident;
};

static struct footprint measure(void)
{
    empty_all_places();
    corona_purge();
    return (struct footprint){used_bytes(), resident_bytes()};
}

/* The first round makes what stays for good: stacks, threads' data. */
static void nothing_is_lost_or_left_behind(void **state)
{
    (void)state;
    fill_kept();
    churn(50);
    struct footprint before = measure();
    exchange_with_forks();
    size_t operations = all_operations();
    churn(operations < 10000000 ? operations * WAVES_A_MILLION / 1000000 : 10000 / THREADS);
    struct footprint after = measure();
    for (size_t i = 0; i < KEPT; i++) expect_whole(kept[i]);
    print_message("used %zu KiB, then %zu; resident %zu KiB, then %zu\n", before.used >> 10,
                  after.used >> 10, before.resident >> 10, after.resident >> 10);
    assert_true(after.used <= before.used + before.used / 10);
    assert_true(SANITIZED || after.resident <= before.resident + before.resident / 10);
    empty_places(kept, KEPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_or_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
