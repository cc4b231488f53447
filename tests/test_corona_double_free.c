/* A block that is freed twice. With CORONA_DEBUG the second free is told of at once. Without, at
 * the latest when the memory would be handed out twice: however the frees are spread over threads,
 * no two live blocks ever overlap. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>

#include "../allocators/corona/settings.h"
#include "corona_child_test.h"
#include "corona_blocks_test.h"

enum { BEFORE = 700, AFTER = 3000, LARGE_SIZE = 100000 };

static size_t size = 48; /* of the victim and its like */

static held_block before[BEFORE], after[AFTER];
static void *victim;

static void free_victim(void)
{
    corona_free(victim);
}

static void free_other_one(void)
{
    held_block *other = &before[BEFORE / 2 + 1];
    drop(*other);
    *other = 0;
}

static void *free_there(void *unused)
{
    (void)unused;
    free_victim();
    return NULL;
}

static void *free_twice_there(void *unused)
{
    free_there(unused);
    return free_there(unused);
}

static void in_thread(void *(*run)(void *argument))
{
    pthread_t thread;
    expect(pthread_create(&thread, NULL, run, NULL) == 0);
    pthread_join(thread, NULL);
}

static held_block hold_new(size_t bytes, size_t seed)
{
    void *block = corona_malloc(bytes);
    expect(block != NULL);
    return hold(block, bytes, (uint32_t)seed);
}

static void hold_after(size_t bytes)
{
    for (size_t i = 0; i < AFTER; i++) after[i] = hold_new(bytes, BEFORE + i);
}

/* ---- the ways to do it */

static void own(void)
{
    free_victim();
    free_victim();
}

static void own_with_another_between(void)
{
    free_victim();
    free_other_one();
    free_victim();
}

static void thrice(void)
{
    free_victim();
    free_victim();
    free_victim();
}

/* By their addresses the two beside it, which stay, are as good as two of the victim. */
static void thrice_between_two(void)
{
    size_t i = BEFORE / 2, apart = corona_usable_size(victim);
    before[i] = (uintptr_t)victim | SELF_DESCRIBED; /* goes with the others */
    do i++;
    while (before[i] - before[i - 1] != apart || before[i + 1] - before[i] != apart);
    victim = held_bytes(before[i]);
    for (size_t k = 0; k < BEFORE; k++) {
        if (k + 1 == i || k == i + 1) continue;
        if (k != i) drop(before[k]);
        before[k] = 0;
    }
    thrice();
}

static void own_then_other(void)
{
    free_victim();
    in_thread(free_there);
}

static void other_then_own(void)
{
    in_thread(free_there);
    free_victim();
}

static void other_twice(void)
{
    in_thread(free_twice_there);
}

static void two_others(void)
{
    in_thread(free_there);
    in_thread(free_there);
}

static _Atomic int turn;

static void await(int number)
{
    while (turn != number) sched_yield();
}

/* What it has freed is still on the way when the owner frees, and only comes when the owner has
 * handed the block out again. */
static void *free_early_post_late(void *unused)
{
    (void)unused;
    free_victim();
    turn = 1;
    await(2);
    return NULL;
}

static void on_the_way(void)
{
    pthread_t thread;
    expect(pthread_create(&thread, NULL, free_early_post_late, NULL) == 0);
    await(1);
    free_victim();
    hold_after(size / 2);
    for (size_t i = 0; i < 100; i++) after[i] = hold_new(size, i);
    turn = 2;
    pthread_join(thread, NULL);
}

/* The same with others freed before and after, so that the block is not the first of its batch. */
static void *free_among_others(void *unused)
{
    for (size_t i = 0; i < 20; i++) {
        if (i == 10) free_victim();
        drop(before[i]);
        before[i] = 0;
    }
    turn = 1;
    await(2);
    return unused;
}

static void among_others_on_the_way(void)
{
    pthread_t thread;
    expect(pthread_create(&thread, NULL, free_among_others, NULL) == 0);
    await(1);
    free_victim();
    for (size_t i = 0; i < 100; i++) after[i] = hold_new(size, i);
    turn = 2;
    pthread_join(thread, NULL);
}

static void *leave_victim(void *unused)
{
    victim = held_bytes(hold_new(size, 1));
    before[0] = hold_new(size, 2);
    return unused;
}

static void of_a_thread_that_ended(void)
{
    in_thread(leave_victim);
    free_victim();
    free_victim();
}

static void by_others_of_a_thread_that_ended(void)
{
    in_thread(leave_victim);
    in_thread(free_there);
    in_thread(free_there);
}

static void of_a_block_that_is_gone(void)
{
    for (size_t i = 0; i < BEFORE; i++) drop(before[i]), before[i] = 0;
    corona_purge();
    free_victim();
    corona_purge();
    free_victim();
}

static void after_a_move(void)
{
    expect(corona_realloc(victim, 10 * size) != victim);
    free_victim();
}

static void large(void)
{
    victim = corona_malloc(LARGE_SIZE);
    own();
}

static void large_by_two_threads(void)
{
    victim = corona_malloc(LARGE_SIZE);
    other_then_own();
}

static void large_that_is_gone(void)
{
    victim = corona_malloc(LARGE_SIZE);
    free_victim();
    corona_purge();
    free_victim();
}

/* ---- what has to follow */

static void find_overlaps(void)
{
    for (size_t i = 0; i < BEFORE; i++)
        if (before[i] != 0) expect_whole(before[i]);
    for (size_t i = 0; i < AFTER; i++) expect_whole(after[i]);
}

static void free_and_go_on(void *act)
{
    for (size_t i = 0; i < BEFORE; i++) before[i] = hold_new(size, i);
    victim = held_bytes(before[BEFORE / 2]);
    before[BEFORE / 2] = 0;
    (*(void (**)(void))act)();
    hold_after(size);
    find_overlaps();
    hold_after(LARGE_SIZE / 4);
    find_overlaps();
}

static void free_while_debugging(void *act)
{
    corona_settings.is_debugging = true;
    free_and_go_on(act);
}

static const struct way {
    const char *name;
    void (*act)(void);
} ways[] = {
#define WAY(name)   \
    {               \
#name, name \
    }
    WAY(own),
    WAY(own_with_another_between),
    WAY(thrice),
    WAY(own_then_other),
    WAY(other_then_own),
    WAY(other_twice),
    WAY(two_others),
    WAY(on_the_way),
    WAY(among_others_on_the_way),
    WAY(of_a_thread_that_ended),
    WAY(by_others_of_a_thread_that_ended),
    WAY(of_a_block_that_is_gone),
    WAY(after_a_move),
    WAY(large),
    WAY(large_by_two_threads),
    WAY(large_that_is_gone),
};

static void each_way_is_told_of(void (*child)(void *act))
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct way way = ways[i];
        struct ending ending = run_child(child, &way.act);
        if (!complains(ending, "free"))
            fail_msg("%s: %x: %s", way.name, ending.status, ending.said);
    }
}

static void no_memory_is_handed_out_twice(void **state)
{
    (void)state;
    each_way_is_told_of(free_and_go_on);
}

static void nor_is_any_of_the_larger_sizes(void **state)
{
    (void)state;
    size = 6000;
    each_way_is_told_of(free_and_go_on);
    void (*act)(void) = thrice_between_two;
    child_complains(free_and_go_on, &act, "freed twice");
    size = 32000;
    each_way_is_told_of(free_and_go_on);
    size = 48;
}

static void debugging_tells_of_it_at_once(void **state)
{
    (void)state;
    each_way_is_told_of(free_while_debugging);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_memory_is_handed_out_twice),
        cmocka_unit_test(nor_is_any_of_the_larger_sizes),
        cmocka_unit_test(debugging_tells_of_it_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
