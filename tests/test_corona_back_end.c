/* The back end against a simple model: which run each granule is of, and what was written there.
 * Then by threads, at once. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "../allocators/corona/back_end.h"
#include "../workloads/random.h"
#include "corona_runs_test.h"

enum { OPERATIONS = 30000, SLOTS = 400, LIVE_MOST = 4000, THREADS = 4, THREAD_SLOTS = 32 };

static struct {
    struct random random;
    struct held_run runs[SLOTS];
    size_t live; /* granules */
} model;

static size_t below(uint64_t bound)
{
    return (size_t)random_below(&model.random, bound);
}

static size_t draw_granules(void)
{
    size_t kind = below(100);
    return 1 + below(kind < 60 ? 4 : kind < 90 ? 30 : kind < 98 ? 200 : 1500);
}

static size_t draw_alignment(void)
{
    return below(4) ? 1 : (size_t)1 << below(8);
}

static void take(struct held_run *run)
{
    size_t granules = draw_granules(), alignment = draw_alignment();
    if (model.live + granules > LIVE_MOST) return;
    *run = hold_run(granules, alignment);
    assert_int_equal(granule_aligned(run->first, alignment), run->first);
    model.live += granules;
}

static void grow(struct held_run *run)
{
    size_t granules = run->granules + draw_granules();
    bool is_zero;
    if (model.live + granules - run->granules > LIVE_MOST) return;
    if (!back_end_grow(run->first, granules, &is_zero)) return;
    model.live += granules - run->granules;
    if (is_zero) granules_are_zero(run->first + run->granules, run->first + granules);
    run->granules = granules;
    stamp_run(run);
}

static void shrink(struct held_run *run)
{
    size_t granules = 1 + below(run->granules);
    back_end_shrink(run->first, granules);
    model.live -= run->granules - granules;
    run->granules = granules;
}

static void change(struct held_run *run)
{
    size_t kind = below(100);
    run_is_untouched(run);
    if (kind < 70) {
        model.live -= run->granules;
        drop_run(run);
    } else if (kind < 85) {
        grow(run);
    } else {
        shrink(run);
    }
}

static void runs_are_as_in_a_model(void **state)
{
    (void)state;
    random_seed(&model.random, 1);
    for (size_t i = 0; i < OPERATIONS; i++) {
        struct held_run *run = &model.runs[below(SLOTS)];
        if (run->granules) change(run);
        else take(run);
        if (below(500) == 0) back_end_purge();
        if (i % 100 == 0) runs_are_sound(model.live);
    }
    for (size_t i = 0; i < SLOTS; i++) {
        if (model.runs[i].granules) drop_run(&model.runs[i]);
    }
    runs_are_sound(0);
    assert_true(corona_runs.top - first_run() <= 5 * LIVE_MOST);
}

static void all_that_is_free_joins_when_purged(void **state)
{
    (void)state;
    struct held_run runs[100];
    for (size_t i = 0; i < 100; i++) runs[i] = hold_run(1 + i, 1);
    for (size_t i = 0; i < 100; i += 2) drop_run(&runs[i]);
    for (size_t i = 1; i < 100; i += 2) drop_run(&runs[i]);
    back_end_purge();
    runs_are_sound(0);
    assert_int_equal(corona_runs.top, first_run());
}

static void metadata_is_zero_and_aligned(void **state)
{
    (void)state;
    struct held_run dirt = hold_run(8, 1);
    drop_run(&dirt);
    for (size_t bytes = 1; bytes < 100000; bytes += bytes / 2 + 1) {
        unsigned char *memory = back_end_metadata(bytes);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 64, 0);
        for (size_t i = 0; i < bytes; i++) assert_int_equal(memory[i], 0);
        memory[bytes - 1] = 1;
    }
}

static void *take_and_give(void *seed)
{
    struct random random;
    struct held_run runs[THREAD_SLOTS] = {0};
    random_seed(&random, (uint64_t)(uintptr_t)seed);
    for (size_t i = 0; i < OPERATIONS / 4; i++) {
        struct held_run *run = &runs[random_below(&random, THREAD_SLOTS)];
        if (run->granules) drop_run(run);
        else *run = hold_run(1 + random_below(&random, 40), 1);
        if (i % 1000 == 0) back_end_purge();
        if (i % 64 == 0) sched_yield();
    }
    for (size_t i = 0; i < THREAD_SLOTS; i++) {
        if (runs[i].granules) drop_run(&runs[i]);
    }
    return NULL;
}

static void threads_never_share_a_run(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    size_t used = corona_runs.used;
    for (uintptr_t i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, take_and_give, (void *)(i + 1));
    }
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    runs_are_sound(used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_are_as_in_a_model),
        cmocka_unit_test(all_that_is_free_joins_when_purged),
        cmocka_unit_test(threads_never_share_a_run),
        cmocka_unit_test(metadata_is_zero_and_aligned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
