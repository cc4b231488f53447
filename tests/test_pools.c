/* What fixed-pool promises beyond the contract: exact counts, growth, its backing. */
#include "heap_test.h"

#include <string.h>

static void impossible_settings_are_refused(void **state)
{
    (void)state;
    refuses("fixed-pool:size=33", "no multiple of 8");
}

static void fixed_pool_counts_what_the_backing_serves(void **state)
{
    (void)state;
    struct heap *heap = open_spec("fixed-pool:size=32,count=10");
    void *own = make(heap, 32), *backed = make(heap, 33);
    struct heap_statistics totals = totals_of(heap);
    assert_int_equal(totals.backing_calls, 1);
    assert_int_equal(totals.backing_live_bytes, 33);
    assert_int_equal(totals.live_bytes, 65);
    assert_int_equal(totals.live_blocks, 2);
    assert_int_equal(totals.usable_bytes, 65);
    assert_int_equal(totals.largest_free_bytes, 32);
    assert_int_equal(tier_of(heap, 0).used_blocks, 1);
    drop(heap, own, 32);
    drop(heap, backed, 33);
    assert_int_equal(totals_of(heap).backing_calls, 2);
    assert_int_equal(totals_of(heap).backing_live_bytes, 0);
    heap_close(heap);
}

static void fixed_pool_moves_blocks_across_its_size(void **state)
{
    (void)state;
    struct heap *heap = open_spec("fixed-pool:size=32");
    char *block = memcpy(make(heap, 32), "0123456789abcdef0123456789abcdef", 32);
    block = resize(heap, block, 32, 100);
    assert_memory_equal(block, "0123456789abcdef0123456789abcdef", 32);
    assert_int_equal(tier_of(heap, 0).used_blocks, 0);
    block = resize(heap, block, 100, 20);
    assert_memory_equal(block, "0123456789abcdef0123", 20);
    assert_int_equal(tier_of(heap, 0).used_blocks, 1);
    assert_int_equal(totals_of(heap).backing_live_bytes, 0);
    assert_int_equal(totals_of(heap).live_bytes, 20);
    drop(heap, block, 20);
    heap_close(heap);
}

static void fixed_pool_without_growth_falls_over_to_the_backing(void **state)
{
    (void)state;
    void *blocks[10];
    struct heap *heap = open_spec("fixed-pool:size=32,count=10,grow=no");
    for (size_t i = 0; i < 10; i++) blocks[i] = make(heap, 32);
    assert_int_equal(totals_of(heap).backing_calls, 0);
    void *backed = make(heap, 32);
    assert_int_equal(totals_of(heap).backing_live_bytes, 32);
    backed = resize(heap, backed, 32, 8); /* the pool is full: it shrinks where it is */
    assert_non_null(backed);
    assert_int_equal(totals_of(heap).backing_live_bytes, 8);
    drop(heap, blocks[3], 32);
    void *again = make(heap, 5);
    assert_ptr_equal(again, blocks[3]);
    drop(heap, backed, 8);
    assert_int_equal(tier_of(heap, 0).used_blocks, 10);
    assert_int_equal(totals_of(heap).backing_live_bytes, 0);
    heap_close(heap);
}

static void fixed_pool_grows_by_its_count(void **state)
{
    (void)state;
    struct heap *heap = open_spec("fixed-pool:size=24,count=7");
    for (size_t i = 0; i < 7; i++) make(heap, 24);
    assert_int_equal(tier_of(heap, 0).total_blocks, 7);
    make(heap, 1);
    assert_int_equal(tier_of(heap, 0).total_blocks, 14);
    assert_int_equal(totals_of(heap).backing_calls, 0);
    heap_close(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(impossible_settings_are_refused),
        cmocka_unit_test(fixed_pool_counts_what_the_backing_serves),
        cmocka_unit_test(fixed_pool_moves_blocks_across_its_size),
        cmocka_unit_test(fixed_pool_without_growth_falls_over_to_the_backing),
        cmocka_unit_test(fixed_pool_grows_by_its_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
