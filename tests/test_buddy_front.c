/* What buddy promises of its front: runs that fit, come and go, and let blocks move. */
#include "heap_test.h"

#include <string.h>

enum { ORDERS = 8, SIZE_40 = ORDERS + 4 }; /* the rows: orders, then the front's 8, 16, 24 ... */

static size_t count_runs(const struct heap *heap)
{
    struct tier_statistics row = tier_of(heap, SIZE_40);
    return row.full_pages + row.partial_pages;
}

/* The waste that a hash part of one node makes, and the front that takes it away. */
static void the_front_fits_what_powers_of_two_do_not(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        size_t room;
    } rows[] = {{"buddy", 64}, {"buddy:front=40", 40}, {"buddy:front=32", 64}};
    for (size_t i = 0; i < 3; i++) {
        struct heap *heap = open_spec(rows[i].spec);
        for (size_t j = 0; j < 1000; j++) make(heap, 40);
        assert_int_equal(totals_of(heap).usable_bytes, 1000 * rows[i].room);
        assert_int_equal(totals_of(heap).live_blocks, 1000);
        heap_close(heap);
    }
}

static void a_run_goes_back_when_it_is_empty(void **state)
{
    (void)state;
    enum { RUN_BLOCKS = 4096 / 40 };
    struct heap *heap = open_spec("buddy:front=64,delayed=0");
    char *blocks[RUN_BLOCKS + 1];
    for (size_t i = 0; i < RUN_BLOCKS; i++) blocks[i] = make(heap, 40);
    assert_int_equal(count_runs(heap), 1);
    assert_int_equal(tier_of(heap, SIZE_40).full_pages, 1);
    blocks[RUN_BLOCKS] = make(heap, 33);
    assert_int_equal(count_runs(heap), 2);
    assert_int_equal(tier_of(heap, SIZE_40).partial_pages, 1);
    assert_int_equal(tier_of(heap, SIZE_40).used_blocks, RUN_BLOCKS + 1);
    drop(heap, blocks[7], 40);
    assert_int_equal(tier_of(heap, SIZE_40).full_pages, 0);
    assert_ptr_equal(make(heap, 40), blocks[7]);
    for (size_t i = 0; i < RUN_BLOCKS; i++) drop(heap, blocks[i], 40);
    assert_int_equal(count_runs(heap), 1);
    drop(heap, blocks[RUN_BLOCKS], 33);
    assert_int_equal(count_runs(heap), 0);
    assert_int_equal(tier_of(heap, ORDERS - 1).free_blocks, 2);
    void *whole = make(heap, 4096); /* what was a run is a block like others */
    assert_int_equal(tier_of(heap, ORDERS - 1).used_blocks, 1);
    drop(heap, whole, 4096);
    assert_int_equal(tier_of(heap, ORDERS - 1).free_blocks, 2);
    heap_close(heap);
}

static void blocks_move_between_runs_and_orders(void **state)
{
    (void)state;
    struct heap *heap = open_spec("buddy:front=64");
    char *block = memcpy(make(heap, 60), "0123456789", 11);
    assert_ptr_equal(resize(heap, block, 60, 57), block);
    assert_ptr_equal(resize(heap, block, 57, 64), block);
    block = resize(heap, block, 64, 65);
    assert_int_equal(tier_of(heap, 2).used_blocks, 1);
    block = resize(heap, block, 65, 5000);
    assert_int_equal(totals_of(heap).backing_live_bytes, 5000);
    block = resize(heap, block, 5000, 16);
    assert_memory_equal(block, "0123456789", 11);
    assert_int_equal(totals_of(heap).usable_bytes, 16);
    drop(heap, block, 16);
    assert_int_equal(totals_of(heap).usable_bytes, 0);
    heap_close(heap);
}

/* No run to be had: the block keeps its place, and is known again by it. */
static void a_shrink_that_finds_no_run_stays(void **state)
{
    (void)state;
    struct heap *heap = open_spec("buddy:front=64,grow=no,size=4K");
    char *block = make(heap, 1000);
    for (size_t i = 1; i < 4; i++) make(heap, 1000);
    assert_ptr_equal(resize(heap, block, 1000, 10), block);
    assert_ptr_equal(resize(heap, block, 10, 30), block);
    drop(heap, block, 30);
    assert_int_equal(totals_of(heap).largest_free_bytes, 1024);
    heap_close(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_front_fits_what_powers_of_two_do_not),
        cmocka_unit_test(a_run_goes_back_when_it_is_empty),
        cmocka_unit_test(blocks_move_between_runs_and_orders),
        cmocka_unit_test(a_shrink_that_finds_no_run_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
