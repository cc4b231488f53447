/* What fixed-pool and tiered promise beyond the contract: exact counts, borrowing, backing. */
#include "heap_test.h"

#include <string.h>

static void refuses(const char *spec, const char *reason)
{
    struct error error = {""};
    assert_null(heap_open(spec, &error));
    if (!strstr(error.text, reason)) fail_msg("%s: `%s` lacks `%s`", spec, error.text, reason);
}

static void impossible_settings_are_refused(void **state)
{
    (void)state;
    refuses("fixed-pool:size=33", "no multiple of 8");
    refuses("tiered:max=100", "no power of two");
    refuses("tiered:preset=source,max=512", "preset=source fixes max");
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

static void tiered_serves_each_size_from_the_smallest_tier(void **state)
{
    (void)state;
    static const struct {
        size_t bytes, tier;
    } rows[] = {
        {1, 0},  {8, 0},  {9, 1},  {16, 1},  {17, 2},  {32, 2},
        {33, 3}, {64, 3}, {65, 4}, {128, 4}, {129, 5}, {256, 5},
    };
    struct heap *heap = open_spec("tiered");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        void *block = make(heap, rows[i].bytes);
        assert_int_equal(tier_of(heap, rows[i].tier).used_blocks, 1);
        assert_int_equal(totals_of(heap).usable_bytes, (size_t)8 << rows[i].tier);
        drop(heap, block, rows[i].bytes);
        assert_int_equal(tier_of(heap, rows[i].tier).used_blocks, 0);
    }
    void *backed = make(heap, 257);
    assert_int_equal(totals_of(heap).backing_live_bytes, 257);
    drop(heap, backed, 257);
    heap_close(heap);
}

static void tiered_starts_with_the_published_counts(void **state)
{
    (void)state;
    static const size_t counts[] = {2000, 1500, 1000, 500, 250, 125, 62, 31};
    struct heap *heap = open_spec("tiered:max=1024");
    struct tier_statistics tier;
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(tier_of(heap, i).block_bytes, (size_t)8 << i);
        assert_int_equal(tier_of(heap, i).total_blocks, counts[i]);
    }
    assert_false(heap->allocator->tier(heap->state, 8, &tier));
    heap_close(heap);
}

static void tiered_source_borrows_from_larger_tiers_then_the_backing(void **state)
{
    (void)state;
    enum { OWN = 250, LARGER = 125 };
    void *blocks[OWN + LARGER + 1];
    struct heap *heap = open_spec("tiered:preset=source");
    for (size_t i = 0; i < OWN; i++) blocks[i] = make(heap, 128);
    assert_int_equal(tier_of(heap, 4).free_blocks, 0);
    assert_int_equal(tier_of(heap, 5).used_blocks, 0);
    for (size_t i = OWN; i < OWN + LARGER; i++) blocks[i] = make(heap, 128);
    assert_int_equal(tier_of(heap, 5).free_blocks, 0);
    assert_int_equal(totals_of(heap).backing_calls, 0);
    assert_int_equal(totals_of(heap).largest_free_bytes, 64);
    blocks[OWN + LARGER] = make(heap, 128);
    assert_int_equal(totals_of(heap).backing_live_bytes, 128);
    for (size_t i = 0; i <= OWN + LARGER; i++) drop(heap, blocks[i], 128);
    assert_int_equal(tier_of(heap, 4).free_blocks, OWN);
    assert_int_equal(tier_of(heap, 5).free_blocks, LARGER);
    assert_int_equal(totals_of(heap).backing_live_bytes, 0);
    heap_close(heap);
}

/* A borrowed block has the room of the tier that it came from, and goes back there. */
static void tiered_knows_a_borrowed_block_again(void **state)
{
    (void)state;
    struct heap *heap = open_spec("tiered:grow=no");
    for (size_t i = 0; i < 2000; i++) make(heap, 8);
    void *borrowed = make(heap, 5);
    assert_int_equal(tier_of(heap, 1).used_blocks, 1);
    assert_ptr_equal(resize(heap, borrowed, 5, 16), borrowed);
    assert_ptr_equal(resize(heap, borrowed, 16, 3), borrowed);
    drop(heap, borrowed, 3);
    assert_int_equal(tier_of(heap, 1).used_blocks, 0);
    assert_int_equal(tier_of(heap, 1).total_blocks, 1500);
    assert_int_equal(tier_of(heap, 0).used_blocks, 2000);
    assert_int_equal(totals_of(heap).live_bytes, 16000);
    for (size_t i = 0; i < 1500; i++) make(heap, 16);
    void *from_afar = make(heap, 5);
    assert_int_equal(tier_of(heap, 2).used_blocks, 1);
    drop(heap, from_afar, 5);
    assert_int_equal(tier_of(heap, 2).used_blocks, 0);
    assert_int_equal(tier_of(heap, 1).used_blocks, 1500);
    heap_close(heap);
}

static void tiered_grows_instead_of_borrowing(void **state)
{
    (void)state;
    struct heap *heap = open_spec("tiered");
    for (size_t i = 0; i < 126; i++) make(heap, 200);
    for (size_t i = 0; i < 10000; i++) make(heap, 40);
    assert_int_equal(tier_of(heap, 5).used_blocks, 126);
    assert_int_equal(tier_of(heap, 3).used_blocks, 10000);
    assert_int_equal(tier_of(heap, 4).used_blocks, 0);
    assert_int_equal(totals_of(heap).backing_calls, 0);
    assert_int_equal(totals_of(heap).live_bytes, 126 * 200 + 10000 * 40);
    heap_close(heap);
}

static void tiered_totals_add_up(void **state)
{
    (void)state;
    struct heap *heap = open_spec("tiered");
    make(heap, 40);
    struct heap_statistics totals = totals_of(heap);
    assert_int_equal(totals.live_blocks, 1);
    assert_int_equal(totals.usable_bytes, 64);
    assert_int_equal(totals.backing_live_bytes, 0);
    assert_int_equal(totals.footprint_bytes,
                     totals.usable_bytes + totals.free_bytes + totals.metadata_bytes);
    assert_int_equal(totals.largest_free_bytes, 256);
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
        cmocka_unit_test(tiered_serves_each_size_from_the_smallest_tier),
        cmocka_unit_test(tiered_starts_with_the_published_counts),
        cmocka_unit_test(tiered_source_borrows_from_larger_tiers_then_the_backing),
        cmocka_unit_test(tiered_knows_a_borrowed_block_again),
        cmocka_unit_test(tiered_grows_instead_of_borrowing),
        cmocka_unit_test(tiered_totals_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
