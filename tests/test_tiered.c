/* What tiered promises beyond the contract: exact classes, pages that move between them, memory
 * that goes back, blocks that grow in place, wrong sizes that are caught; and its older forms. */
#include "heap_test.h"

#include <stdlib.h>
#include <string.h>

enum { KIB = 1 << 10, MIB = 1 << 20 };

static size_t room_for(size_t size)
{
    struct heap *heap = open_spec("tiered");
    make(heap, size);
    size_t room = totals_of(heap).usable_bytes;
    heap_close(heap);
    return room;
}

static void every_size_has_the_room_of_its_class(void **state)
{
    (void)state;
    for (size_t size = 1; size <= KIB; size++) assert_int_equal(room_for(size), (size + 7) & ~7ul);
    for (size_t size = KIB + 1; size < 40 * KIB; size += 777) {
        size_t room = room_for(size);
        assert_in_range(room, size, size + 15);
    }
}

static void lua_sizes_lose_next_to_nothing(void **state)
{
    (void)state;
    for (size_t count = 1; count <= 1024; count *= 2) {
        size_t nodes = 40 * count, values = 16 * count;
        assert_in_range(room_for(nodes), nodes, nodes + (nodes > KIB ? 8 : 0));
        assert_in_range(room_for(values), values, values + (values > KIB ? 8 : 0));
    }
}

static void blocks_born_together_lie_side_by_side(void **state)
{
    (void)state;
    struct heap *heap = open_spec("tiered");
    char *before = make(heap, 40);
    for (size_t i = 1; i < 300; i++) {
        char *block = make(heap, 40);
        assert_ptr_equal(block, before + 40);
        before = block;
    }
    heap_close(heap);
}

/* 10 MiB of one size, then of another: the second takes the pages of the first. */
static void pages_move_between_classes(void **state)
{
    (void)state;
    enum { COUNT = 10 * MIB / 64 };
    static void *blocks[COUNT];
    struct heap *heap = open_spec("tiered");
    for (size_t i = 0; i < COUNT; i++) blocks[i] = make(heap, 64);
    size_t footprint = totals_of(heap).footprint_bytes;
    /* One in 64 stays, so that the heap has not shrunk to nothing. */
    for (size_t i = 0; i < COUNT; i++) {
        if (i >= COUNT / 2) drop(heap, blocks[i], 64);
    }
    for (size_t i = COUNT / 2; i < COUNT; i++) {
        if (i % 2 == 0) blocks[i] = make(heap, 128);
    }
    assert_in_range(totals_of(heap).footprint_bytes, footprint - footprint / 50,
                    footprint + footprint / 50);
    heap_close(heap);
}

static void what_is_freed_goes_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {16, 40, 64, 160, 1000, 2560, 8217, 50000, 300000};
    enum { SIZES = sizeof sizes / sizeof *sizes, BYTES_EACH = 8 * MIB };
    struct heap *heap = open_spec("tiered");
    static void *blocks[SIZES][BYTES_EACH / 16];
    for (size_t round = 0; round < 3; round++) {
        for (size_t s = 0; s < SIZES; s++) {
            for (size_t i = 0; i < BYTES_EACH / sizes[s]; i++) blocks[s][i] = make(heap, sizes[s]);
        }
        size_t peak = totals_of(heap).footprint_bytes;
        assert_true(peak >= (size_t)SIZES * BYTES_EACH - MIB);
        for (size_t s = 0; s < SIZES; s++) {
            for (size_t i = 0; i < BYTES_EACH / sizes[s]; i++) drop(heap, blocks[s][i], sizes[s]);
        }
        assert_int_equal(totals_of(heap).live_bytes, 0);
        assert_int_equal(totals_of(heap).usable_bytes, 0);
        assert_true(totals_of(heap).footprint_bytes <= peak / 20);
    }
    assert_true(figure_of(heap, "returned in all") > 2ul * SIZES * BYTES_EACH);
    heap_close(heap);
}

/* A swing between a peak and four tenths of it is what a collector makes of a steady program. */
static void a_swing_returns_nothing(void **state)
{
    (void)state;
    enum { COUNT = 8 * MIB / 64 };
    static void *blocks[COUNT];
    struct heap *heap = open_spec("tiered");
    for (size_t i = 0; i < COUNT; i++) blocks[i] = make(heap, 64);
    for (size_t round = 0; round < 4; round++) {
        for (size_t i = COUNT * 4 / 10; i < COUNT; i++) drop(heap, blocks[i], 64);
        for (size_t i = COUNT * 4 / 10; i < COUNT; i++) blocks[i] = make(heap, 64);
    }
    assert_true(figure_of(heap, "returned in all") == 0);
    heap_close(heap);
}

static void the_last_large_block_grows_in_place(void **state)
{
    (void)state;
    struct heap *heap = open_spec("tiered");
    make(heap, 20000);
    char *block = make(heap, 20000), *first = block;
    for (size_t size = 20000; size < 64 * MIB; size *= 2) {
        block = resize(heap, block, size, size * 2);
        assert_ptr_equal(block, first);
    }
    heap_close(heap);
}

static void a_large_block_grows_into_a_free_neighbour(void **state)
{
    (void)state;
    struct heap *heap = open_spec("tiered");
    char *block = make(heap, 20000), *next = make(heap, 60000);
    make(heap, 20000);
    drop(heap, next, 60000);
    assert_ptr_equal(resize(heap, block, 20000, 70000), block);
    assert_ptr_not_equal(resize(heap, block, 70000, 200000), block);
    heap_close(heap);
}

/* Two that grow in turn cannot both stay; their pages move, and what they hold is as it was. */
static void large_blocks_move_by_page(void **state)
{
    (void)state;
    struct heap *heap = open_spec("tiered");
    size_t size = 200000;
    unsigned char *blocks[2] = {make(heap, size), make(heap, size)};
    for (size_t i = 0; i < 2; i++) memset(blocks[i], (int)i + 1, size);
    for (; size < 8 * MIB; size += size / 2) {
        for (size_t i = 0; i < 2; i++) {
            blocks[i] = resize(heap, blocks[i], size, size + size / 2);
            for (size_t k = 0; k < size; k += 97) assert_int_equal(blocks[i][k], i + 1);
            assert_int_equal(blocks[i][size - 1], i + 1);
            memset(blocks[i] + size, (int)i + 1, size / 2);
        }
    }
    if (!getenv("LD_PRELOAD")) { /* valgrind knows no such moves: there they are copied */
        assert_true(figure_of(heap, "moved page by page") > 5);
    }
    heap_close(heap);
}

static void free_as_larger(const struct heap *heap)
{
    void *block = make(heap, 40);
    resize(heap, block, 64, 0);
}

static void free_within_the_class(const struct heap *heap)
{
    void *block = make(heap, 40);
    resize(heap, block, 39, 0);
}

static void grow_with_wrong_size(const struct heap *heap)
{
    void *block = make(heap, 40);
    resize(heap, block, 16, 400);
}

static void free_twice(const struct heap *heap)
{
    void *block = make(heap, 40);
    resize(heap, block, 40, 0);
    resize(heap, block, 40, 0);
}

static void free_the_middle(const struct heap *heap)
{
    void *block = make(heap, 40);
    resize(heap, (char *)block + 16, 40, 0);
}

static void free_rightly(const struct heap *heap)
{
    void *block = make(heap, 40);
    resize(heap, block, 40, 0);
}

static void checked_stops_at_wrong_sizes(void **state)
{
    (void)state;
    void (*const wrongs[])(const struct heap *) = {
        free_as_larger, free_within_the_class, grow_with_wrong_size, free_twice, free_the_middle,
    };
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        assert_int_equal(signal_of(wrongs[i], "tiered:checked"), SIGABRT);
    }
    assert_int_equal(signal_of(free_rightly, "tiered:checked"), 0);
}

/* Without checks a wrong size harms no figure but the live bytes, and no block. */
static void a_wrong_size_harms_no_other_block(void **state)
{
    (void)state;
    struct heap *heap = open_spec("tiered");
    void *wrong = make(heap, 40);
    for (size_t i = 0; i < 100; i++) make(heap, 40);
    resize(heap, wrong, 64, 0);
    assert_ptr_not_equal(make(heap, 64), wrong);
    assert_int_equal(totals_of(heap).usable_bytes, 100 * 40 + 64);
    heap_close(heap);
}

static void source_has_the_published_counts(void **state)
{
    (void)state;
    static const size_t counts[] = {2000, 1500, 1000, 500, 250, 125};
    struct heap *heap = open_spec("tiered:preset=source");
    struct tier_statistics tier;
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(tier_of(heap, i).block_bytes, (size_t)8 << i);
        assert_int_equal(tier_of(heap, i).total_blocks, counts[i]);
    }
    assert_false(heap->allocator->tier(heap->state, 6, &tier));
    heap_close(heap);
}

static void source_borrows_from_larger_tiers_then_the_backing(void **state)
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
    assert_true(figure_of(heap, "borrowed from larger tiers") == LARGER);
    blocks[OWN + LARGER] = make(heap, 128);
    assert_int_equal(totals_of(heap).backing_live_bytes, 128);
    for (size_t i = 0; i <= OWN + LARGER; i++) drop(heap, blocks[i], 128);
    assert_int_equal(tier_of(heap, 4).free_blocks, OWN);
    assert_int_equal(tier_of(heap, 5).free_blocks, LARGER);
    assert_int_equal(totals_of(heap).backing_live_bytes, 0);
    heap_close(heap);
}

static void lists_grow_in_steps_of_8(void **state)
{
    (void)state;
    struct heap *heap = open_spec("tiered:preset=lists");
    for (size_t size = 1; size <= 64; size++) {
        void *block = make(heap, size);
        assert_int_equal(totals_of(heap).usable_bytes, (size + 7) & ~7ul);
        drop(heap, block, size);
        assert_ptr_equal(make(heap, size), block); /* last in, first out */
        drop(heap, block, size);
    }
    for (size_t i = 0; i < 10000; i++) make(heap, 40);
    assert_int_equal(tier_of(heap, 4).used_blocks, 10000);
    assert_int_equal(totals_of(heap).backing_calls, 0);
    void *backed = make(heap, 65);
    assert_int_equal(totals_of(heap).backing_live_bytes, 65);
    drop(heap, backed, 65);
    heap_close(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_has_the_room_of_its_class),
        cmocka_unit_test(lua_sizes_lose_next_to_nothing),
        cmocka_unit_test(blocks_born_together_lie_side_by_side),
        cmocka_unit_test(pages_move_between_classes),
        cmocka_unit_test(what_is_freed_goes_back),
        cmocka_unit_test(a_swing_returns_nothing),
        cmocka_unit_test(the_last_large_block_grows_in_place),
        cmocka_unit_test(a_large_block_grows_into_a_free_neighbour),
        cmocka_unit_test(large_blocks_move_by_page),
        cmocka_unit_test(checked_stops_at_wrong_sizes),
        cmocka_unit_test(a_wrong_size_harms_no_other_block),
        cmocka_unit_test(source_has_the_published_counts),
        cmocka_unit_test(source_borrows_from_larger_tiers_then_the_backing),
        cmocka_unit_test(lists_grow_in_steps_of_8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
