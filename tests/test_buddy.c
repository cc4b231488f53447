/* What buddy promises beyond the contract: orders, splitting and merging by the count, delayed
 * blocks, and chunks given back. */
#include "heap_test.h"

#include <string.h>
#include <sys/mman.h>

enum { ORDERS = 8, CHUNK = 64 << 10, PAGE = 4096 };

static void impossible_settings_are_refused(void **state)
{
    (void)state;
    refuses("buddy:min=48", "min=48 is no power of two");
    refuses("buddy:max=5000", "max=5000 is no power of two");
    refuses("buddy:size=100000", "size=100000 is no power of two");
    refuses("buddy:min=8", "16 .. 64K");
    refuses("buddy:min=8K", "min=8192 is above max=4096; give min 16 .. 4096");
    refuses("buddy:max=128K", "size=65536 has no room for max=131072");
    refuses("buddy:front=12", "give a multiple of 8, 0 .. 1024");
    refuses("buddy:max=256,front=72", "give a multiple of 8, 0 .. 64");
}

static void each_size_gets_the_smallest_order_that_holds_it(void **state)
{
    (void)state;
    struct heap *heap = open_spec("buddy");
    struct tier_statistics row;
    for (size_t size = 1; size <= 4096; size++) {
        size_t order = 0;
        while (((size_t)32 << order) < size) order++;
        char *block = make(heap, size);
        assert_int_equal(tier_of(heap, order).used_blocks, 1);
        assert_int_equal(totals_of(heap).usable_bytes, (size_t)32 << order);
        assert_int_equal((uintptr_t)block % ((size_t)32 << order), 0);
        drop(heap, block, size);
        assert_int_equal(tier_of(heap, order).used_blocks, 0);
    }
    assert_int_equal(tier_of(heap, ORDERS - 1).block_bytes, 4096);
    assert_false(heap->allocator->tier(heap->state, ORDERS, &row));
    void *backed = make(heap, 4097);
    assert_int_equal(totals_of(heap).backing_live_bytes, 4097);
    drop(heap, backed, 4097);
    assert_int_equal(figure_of(heap, "fallbacks"), 0);
    heap_close(heap);
}

static void a_block_splits_down_and_merges_up(void **state)
{
    (void)state;
    struct heap *heap = open_spec("buddy:delayed=0");
    void *block = make(heap, 32);
    assert_int_equal(figure_of(heap, "blocks split"), 7);
    for (size_t i = 0; i < 7; i++) assert_int_equal(tier_of(heap, i).free_blocks, 1);
    assert_int_equal(tier_of(heap, 7).total_blocks, 0);
    drop(heap, block, 32);
    assert_int_equal(figure_of(heap, "buddies merged"), 7);
    for (size_t i = 0; i < 7; i++) assert_int_equal(tier_of(heap, i).free_blocks, 0);
    assert_int_equal(tier_of(heap, 7).free_blocks, 1);
    heap_close(heap);
}

static void only_buddies_merge(void **state)
{
    (void)state;
    struct heap *heap = open_spec("buddy:delayed=0");
    char *blocks[4];
    for (size_t i = 0; i < 4; i++) blocks[i] = make(heap, 32);
    for (size_t i = 1; i < 4; i++) assert_ptr_equal(blocks[i], blocks[0] + 32 * i);
    drop(heap, blocks[1], 32);
    drop(heap, blocks[2], 32); /* neighbours, of different pairs */
    assert_int_equal(figure_of(heap, "buddies merged"), 0);
    assert_int_equal(tier_of(heap, 0).free_blocks, 2);
    drop(heap, blocks[0], 32);
    assert_int_equal(figure_of(heap, "buddies merged"), 1);
    assert_int_equal(tier_of(heap, 1).free_blocks, 1);
    drop(heap, blocks[3], 32);
    assert_int_equal(figure_of(heap, "buddies merged"), 1 + 7);
    heap_close(heap);
}

static void a_delayed_block_comes_back_whole(void **state)
{
    (void)state;
    struct heap *heap = open_spec("buddy:delayed=2");
    void *blocks[6];
    for (size_t i = 0; i < 6; i++) blocks[i] = make(heap, 32);
    drop(heap, blocks[2], 32);
    assert_int_equal(figure_of(heap, "freed but not merged yet"), 1);
    assert_ptr_equal(make(heap, 20), blocks[2]);
    drop(heap, blocks[2], 20);
    drop(heap, blocks[3], 32);
    assert_int_equal(figure_of(heap, "buddies merged"), 0);
    assert_int_equal(tier_of(heap, 0).free_blocks, 2);
    drop(heap, blocks[4], 32); /* the third is one too many: all are merged */
    assert_int_equal(figure_of(heap, "freed but not merged yet"), 0);
    assert_int_equal(figure_of(heap, "buddies merged"), 1);
    heap_close(heap);
}

static void an_empty_heap_has_nothing_delayed(void **state)
{
    (void)state;
    enum { BLOCKS = 5000 };
    static void *blocks[BLOCKS];
    struct heap *heap = open_spec("buddy:delayed=4096");
    for (size_t i = 0; i < BLOCKS; i++) blocks[i] = make(heap, 32 << i % 3);
    for (size_t i = 0; i < BLOCKS; i++) drop(heap, blocks[i], 32 << i % 3);
    assert_int_equal(figure_of(heap, "freed but not merged yet"), 0);
    for (size_t i = 0; i < 7; i++) assert_int_equal(tier_of(heap, i).total_blocks, 0);
    heap_close(heap);
}

static void blocks_are_resized_where_they_stand(void **state)
{
    (void)state;
    struct heap *heap = open_spec("buddy:delayed=0");
    char *block = memcpy(make(heap, 32), "as it was", 10), *buddy = make(heap, 32);
    assert_ptr_equal(buddy, block + 32);
    assert_ptr_not_equal(resize(heap, buddy, 32, 64), buddy); /* `block` is in the way */
    assert_ptr_equal(resize(heap, block, 32, 64), block);
    assert_int_equal(figure_of(heap, "grown in place"), 1);
    assert_ptr_equal(resize(heap, block, 64, 1), block);
    assert_int_equal(figure_of(heap, "shrunk in place"), 1);
    assert_int_equal(tier_of(heap, 0).used_blocks, 1);
    assert_int_equal(tier_of(heap, 1).used_blocks, 1);
    assert_string_equal(block, "as it was");
    assert_ptr_equal(resize(heap, block, 1, 48), block);
    heap_close(heap);
    heap = open_spec("buddy:delayed=0");
    char *low = make(heap, 100), *high = make(heap, 100);
    assert_ptr_equal(high, low + 128);
    drop(heap, low, 100);
    assert_ptr_not_equal(resize(heap, high, 100, 200), high); /* free, but before it */
    heap_close(heap);
}

static void without_growth_the_backing_takes_over(void **state)
{
    (void)state;
    struct heap *heap = open_spec("buddy:grow=no,size=4K,delayed=32");
    void *blocks[128];
    for (size_t i = 0; i < 128; i++) blocks[i] = make(heap, 32);
    assert_int_equal(totals_of(heap).largest_free_bytes, 0);
    void *backed = make(heap, 32);
    assert_int_equal(totals_of(heap).backing_live_bytes, 32);
    assert_int_equal(figure_of(heap, "fallbacks"), 1);
    drop(heap, blocks[6], 32);
    drop(heap, blocks[7], 32);
    assert_ptr_equal(make(heap, 64), blocks[6]); /* what is delayed is merged before giving up */
    drop(heap, backed, 32);
    assert_int_equal(totals_of(heap).backing_live_bytes, 0);
    heap_close(heap);
}

static size_t resident_bytes(char *start, char *end)
{
    static unsigned char pages[16384];
    start -= (uintptr_t)start % PAGE;
    size_t count = ((size_t)(end - start) + PAGE - 1) / PAGE, resident = 0;
    assert_true(count <= sizeof pages);
    assert_int_equal(mincore(start, count * PAGE, pages), 0);
    for (size_t i = 0; i < count; i++) resident += pages[i] & 1;
    return resident * PAGE;
}

enum { BLOCKS = 20000 };

/* Each with its number; returns the end of the highest. */
static char *fill(const struct heap *heap, char **blocks, size_t size)
{
    char *end = NULL;
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = memset(make(heap, size), 1, size);
        memcpy(blocks[i], &i, sizeof i);
        if (blocks[i] + size > end) end = blocks[i] + size;
    }
    return end;
}

static void empty(const struct heap *heap, char **blocks, size_t size, bool is_backwards)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t place = is_backwards ? BLOCKS - 1 - i : i;
        assert_memory_equal(blocks[place], &place, sizeof place);
        drop(heap, blocks[place], size);
    }
}

static void drops_to_little(const char *spec, size_t size)
{
    static char *blocks[BLOCKS];
    struct heap *heap = open_spec(spec);
    for (size_t round = 0; round < 4; round++) {
        char *end = fill(heap, blocks, size);
        size_t footprint = totals_of(heap).footprint_bytes;
        assert_true(footprint >= BLOCKS * size);
        empty(heap, blocks, size, round % 2 == 0);
        assert_true(resident_bytes(end - BLOCKS * size, end) <= 5 * CHUNK);
        /* The arena is usable for up to a quarter more than was ever taken. */
        assert_true(totals_of(heap).footprint_bytes < footprint / 3);
        assert_int_equal(figure_of(heap, "chunks not resident") +
                             figure_of(heap, "chunks without a block"),
                         figure_of(heap, "chunks"));
        assert_true(tier_of(heap, ORDERS - 1).free_blocks <=
                    (size_t)figure_of(heap, "chunks without a block") * CHUNK / 4096);
    }
    heap_close(heap);
}

static void chunks_that_empty_are_given_back_and_used_again(void **state)
{
    (void)state;
    drops_to_little("buddy", 512);
    drops_to_little("buddy:delayed=0", 256);
    drops_to_little("buddy:front=256", 256);
    drops_to_little("buddy:front=200", 200);
}

static void totals_add_up(void **state)
{
    (void)state;
    static const char *const specs[] = {"buddy", "buddy:front=128", "buddy:delayed=0,size=4K"};
    for (size_t i = 0; i < 3; i++) {
        struct heap *heap = open_spec(specs[i]);
        size_t usable = 0, used = 0;
        struct tier_statistics row;
        for (size_t size = 1; size <= 4096; size += size / 3 + 1) make(heap, size);
        struct heap_statistics totals = totals_of(heap);
        for (size_t j = 0; heap->allocator->tier(heap->state, j, &row); j++) {
            usable += row.used_blocks * row.block_bytes;
            used += row.used_blocks;
        }
        assert_int_equal(totals.usable_bytes, usable);
        assert_int_equal(totals.live_blocks, used);
        assert_int_equal(totals.footprint_bytes,
                         totals.usable_bytes + totals.free_bytes + totals.metadata_bytes);
        heap_close(heap);
    }
}

static void free_twice(const struct heap *heap)
{
    void *left = make(heap, 300), *block = make(heap, 300);
    drop(heap, left, 300);
    drop(heap, block, 300);
    drop(heap, block, 300);
}

static void free_with_a_larger_size(const struct heap *heap)
{
    drop(heap, make(heap, 200), 300);
}

static void free_inside(const struct heap *heap)
{
    drop(heap, (char *)make(heap, 256) + 64, 64);
}

static void behave(const struct heap *heap)
{
    drop(heap, make(heap, 200), 256);
}

static void broken_promises_are_caught(void **state)
{
    (void)state;
    static const char *const specs[] = {"buddy", "buddy:delayed=0", "buddy:front=64"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(signal_of(behave, specs[i]), 0);
        assert_int_equal(signal_of(free_twice, specs[i]), SIGABRT);
        assert_int_equal(signal_of(free_with_a_larger_size, specs[i]), SIGABRT);
        assert_int_equal(signal_of(free_inside, specs[i]), SIGABRT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(impossible_settings_are_refused),
        cmocka_unit_test(each_size_gets_the_smallest_order_that_holds_it),
        cmocka_unit_test(a_block_splits_down_and_merges_up),
        cmocka_unit_test(only_buddies_merge),
        cmocka_unit_test(a_delayed_block_comes_back_whole),
        cmocka_unit_test(an_empty_heap_has_nothing_delayed),
        cmocka_unit_test(blocks_are_resized_where_they_stand),
        cmocka_unit_test(without_growth_the_backing_takes_over),
        cmocka_unit_test(chunks_that_empty_are_given_back_and_used_again),
        cmocka_unit_test(totals_add_up),
        cmocka_unit_test(broken_promises_are_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
