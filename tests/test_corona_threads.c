/* Threads that end while their blocks live on, and threads that free what is not theirs. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "../allocators/corona/settings.h"
#include "corona_child_test.h"
#include "corona_blocks_test.h"

enum { THREADS = 8, LEFT = 8000, ROUNDS = 20, KEYS = 6 };

static _Atomic held_block left[LEFT];
static _Atomic int ready;

static void run_threads(void *(*run)(void *argument), uintptr_t count)
{
    pthread_t threads[THREADS];
    ready = 0;
    for (uintptr_t i = 0; i < count; i++)
        expect(pthread_create(&threads[i], NULL, run, (void *)i) == 0);
    for (uintptr_t i = 0; i < count; i++) pthread_join(threads[i], NULL);
}

static held_block hold_new(size_t size)
{
    return hold(corona_malloc(size), size, (uint32_t)size);
}

static void *leave_all(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < LEFT; i++) left[i] = hold_new(i * 7 % 1500);
    return NULL;
}

static void await_others(void)
{
    ready++;
    while (ready < THREADS) sched_yield();
}

/* Every eighth, so that all threads are at the same blocks; between them they allocate the like. */
static void *free_share(void *number)
{
    held_block own[16] = {0};
    await_others();
    for (size_t i = (uintptr_t)number; i < LEFT; i += THREADS) {
        drop(atomic_exchange(&left[i], 0));
        drop(own[i / THREADS % 16]);
        own[i / THREADS % 16] = hold_new(i * 7 % 1500);
    }
    for (size_t i = 0; i < 16; i++) drop(own[i]);
    return NULL;
}

static void blocks_of_an_ended_thread_are_freed_by_eight_at_once(void **state)
{
    (void)state;
    size_t used = 0;
    for (int round = 0; round < ROUNDS; round++) {
        run_threads(leave_all, 1);
        run_threads(free_share, THREADS);
        corona_purge();
        if (round == 1) used = used_bytes();
    }
    assert_true(used_bytes() <= used);
}

/* ---- freed while their owner ends, begins to end, or is long gone */

static void *leave_and_end(void *number)
{
    for (size_t i = (uintptr_t)number; i < LEFT; i += THREADS)
        drop(atomic_exchange(&left[i], hold_new(i * 11 % 700)));
    return NULL;
}

static _Atomic bool is_over;

static void *free_whatever_is_there(void *number)
{
    for (size_t i = (uintptr_t)number; !is_over; i = (i + 1) % LEFT)
        drop(atomic_exchange(&left[i], 0));
    return NULL;
}

static void blocks_are_freed_while_their_threads_end(void **state)
{
    (void)state;
    pthread_t frees[2];
    corona_purge();
    size_t used = used_bytes();
    is_over = false;
    for (uintptr_t i = 0; i < 2; i++)
        expect(pthread_create(&frees[i], NULL, free_whatever_is_there, (void *)(i * 4)) == 0);
    for (int round = 0; round < ROUNDS; round++) run_threads(leave_and_end, THREADS);
    is_over = true;
    for (int i = 0; i < 2; i++) pthread_join(frees[i], NULL);
    empty_places(left, LEFT);
    corona_purge();
    assert_true(used_bytes() <= used + (1 << 20));
}

/* ---- the order of destructors */

static pthread_key_t keys[KEYS];
static _Atomic size_t destroyed;

/* Frees what an earlier call left, allocates anew, and asks to be called again, as long as that is
 * done. */
static void destroy(void *value)
{
    struct random random;
    held_block held = (held_block)value;
    random_seed(&random, held);
    drop(held);
    drop(atomic_exchange(&left[random_below(&random, 100)], draw_new(&random)));
    size_t index = destroyed++ % KEYS;
    if (THREADS_SANITIZED) return; /* it ends before the last of them */
    held = hold_new(3000);
    expect(pthread_setspecific(keys[index], (void *)held) == 0);
}

static void *end_with_destructors(void *number)
{
    if ((uintptr_t)number % 2) drop(hold_new(100));
    for (int i = 0; i < KEYS; i++) pthread_setspecific(keys[i], (void *)hold_new(3000));
    return NULL;
}

static void destroy_often(void *unused)
{
    (void)unused;
    for (int i = 0; i < KEYS / 2; i++) expect(pthread_key_create(&keys[i], destroy) == 0);
    corona_free(corona_malloc(1)); /* its own destructor comes in their midst */
    for (int i = KEYS / 2; i < KEYS; i++) expect(pthread_key_create(&keys[i], destroy) == 0);
    for (int round = 0; round < ROUNDS; round++) run_threads(end_with_destructors, THREADS);
    empty_places(left, LEFT);
    expect(destroyed >= ROUNDS * THREADS * KEYS);
}

static void destructors_allocate_and_free_in_any_order(void **state)
{
    (void)state;
    child_succeeds(destroy_often, NULL);
}

/* ---- a thread that only frees, and what is counted */

static void *free_all(void *unused)
{
    (void)unused;
    empty_places(left, LEFT);
    return NULL;
}

static void what_a_thread_frees_that_does_nothing_else_is_used_again(void **state)
{
    (void)state;
    size_t used = 0;
    for (int round = 0; round < ROUNDS; round++) {
        leave_all(NULL);
        run_threads(free_all, 1);
        if (round == 1) used = used_bytes();
    }
    assert_true(used_bytes() <= used + used / 10);
}

static void *use_known(void *number)
{
    void *blocks[100];
    for (size_t i = 0; i < 100; i++) blocks[i] = corona_malloc(i * 1000);
    for (size_t i = 0; i < 100; i += 2) corona_free(blocks[i]);
    for (size_t i = 1; i < 100; i += 2) left[(uintptr_t)number * 100 + i] = (uintptr_t)blocks[i];
    corona_free(corona_realloc(corona_malloc(100), 100000));
    return NULL;
}

static void *free_known(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < THREADS * 100; i += 2) corona_free((void *)left[i + 1]);
    return NULL;
}

static void count_calls(void *unused)
{
    (void)unused;
    struct corona_statistics now;
    corona_settings.has_statistics = true;
    run_threads(use_known, THREADS);
    corona_statistics(&now);
    expect(now.allocations == THREADS * 102 && now.live_objects == THREADS * 50);
    expect(now.small_allocations == THREADS * (33 + 1) && now.threads == 0);
    run_threads(free_known, 1);
    corona_statistics(&now);
    expect(now.live_objects == 0 && now.frees == now.allocations);
    expect(now.cross_thread_frees > 0);
}

static void statistics_add_up_over_threads(void **state)
{
    (void)state;
    child_succeeds(count_calls, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statistics_add_up_over_threads),
        cmocka_unit_test(destructors_allocate_and_free_in_any_order),
        cmocka_unit_test(blocks_of_an_ended_thread_are_freed_by_eight_at_once),
        cmocka_unit_test(blocks_are_freed_while_their_threads_end),
        cmocka_unit_test(what_a_thread_frees_that_does_nothing_else_is_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
