/* What free-list promises beyond the contract under any policy: merging and splitting to the byte,
 * pages given back, a bounded form, and that a block freed twice is caught. */
#include "free_list_test.h"

#include <sys/mman.h>

static const char *const policies[] = {"first", "next", "best", "tlsf"};
/* WHOLE_PAGE: the block that a page can hold beside the fence. */
enum { POLICIES = 4, PAGE = 4096, WHOLE_PAGE = PAGE - 2 * TAG };

static void impossible_settings_are_refused(void **state)
{
    (void)state;
    refuses("free-list:policy=worst", "first next best tlsf");
    refuses("free-list:size=100", "4K .. 16G");
    refuses("free-list:max=8", "64 .. 1G");
    refuses("free-list:grow=no+libc", "takes no allocator under it");
}

static void freed_neighbours_become_one_block_in_any_order(void **state)
{
    (void)state;
    static const size_t orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                       {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (size_t i = 0; i < POLICIES * 6; i++) {
        struct heap *heap = open_policy(policies[i / 6], ",grow=no,size=4K");
        char *blocks[3];
        for (size_t j = 0; j < 3; j++) blocks[j] = make(heap, 100);
        assert_ptr_equal(blocks[2], blocks[0] + 2 * 112);
        void *last = make(heap, WHOLE_PAGE - 3 * 112); /* all of the rest */
        for (size_t j = 0; j < 3; j++) drop(heap, blocks[orders[i % 6][j]], 100);
        assert_ptr_equal(make(heap, 3 * 112 - TAG), blocks[0]);
        drop(heap, blocks[0], 3 * 112 - TAG);
        drop(heap, last, WHOLE_PAGE - 3 * 112);
        /* TLSF is sure of what every block of the list has. */
        assert_true(totals_of(heap).largest_free_bytes >= WHOLE_PAGE * 31 / 32);
        assert_int_equal(totals_of(heap).free_bytes, WHOLE_PAGE);
        assert_ptr_equal(make(heap, WHOLE_PAGE), blocks[0]);
        assert_int_equal(totals_of(heap).free_bytes, 0);
        heap_close(heap);
    }
}

/* 48 bytes are free, in two pieces: half of what is free cannot be had at once. */
static void free_bytes_in_two_pieces_do_not_serve_one_request(void **state)
{
    (void)state;
    for (size_t i = 0; i < POLICIES; i++) {
        struct heap *heap = open_policy(policies[i], ",grow=no,size=4K");
        void *blocks[PAGE / 32];
        size_t count = 0;
        while ((blocks[count] = make(heap, 24))) count++;
        assert_int_equal(count, PAGE / 32 - 1);
        drop(heap, blocks[10], 24);
        drop(heap, blocks[20], 24);
        assert_int_equal(totals_of(heap).free_bytes, 48);
        assert_int_equal(totals_of(heap).largest_free_bytes, 24);
        assert_null(make(heap, 48));
        drop(heap, blocks[11], 24);
        assert_int_equal(totals_of(heap).free_bytes, 48 + 24 + TAG);
        assert_int_equal(totals_of(heap).largest_free_bytes, 48 + TAG);
        assert_ptr_equal(make(heap, 48), blocks[10]);
        heap_close(heap);
    }
}

static void totals_add_up_to_the_byte(void **state)
{
    (void)state;
    struct heap *heap = open_spec("free-list:grow=no,size=4K");
    make(heap, 1);
    make(heap, 24);
    make(heap, 25);
    struct heap_statistics totals = totals_of(heap);
    assert_int_equal(totals.live_bytes, 50);
    assert_int_equal(totals.live_blocks, 3);
    assert_int_equal(totals.usable_bytes, 24 + 24 + 32);
    assert_int_equal(totals.free_bytes, PAGE - 2 * 32 - 40 - 2 * TAG);
    assert_int_equal(totals.footprint_bytes,
                     totals.usable_bytes + totals.free_bytes + totals.metadata_bytes);
    assert_int_equal(tier_of(heap, 0).used_blocks, 2); /* to 32, tags included */
    assert_int_equal(tier_of(heap, 1).used_blocks, 1);
    assert_int_equal(tier_of(heap, 7).free_blocks, 1);
    heap_close(heap);
}

static void a_block_grows_into_a_free_right_neighbour(void **state)
{
    (void)state;
    for (size_t i = 0; i < POLICIES; i++) {
        struct heap *heap = open_policy(policies[i], "");
        char *block = make(heap, 40), *right = make(heap, 40), *end = make(heap, 40);
        memcpy(block, "as it was", 10);
        assert_ptr_not_equal(resize(heap, right, 40, 41), right); /* `end` is in the way */
        assert_ptr_equal(resize(heap, block, 40, 48), block);     /* 8 bytes of the hole */
        assert_ptr_equal(resize(heap, block, 48, 88), block);     /* all of it */
        assert_string_equal(block, "as it was");
        assert_ptr_equal(end, block + 96);
        assert_int_equal(totals_of(heap).usable_bytes, 88 + 48 + 40);
        assert_int_equal((int)figure_of(heap, "grown in place"), 2);
        heap_close(heap);
    }
}

static void a_shrunk_block_leaves_its_tail(void **state)
{
    (void)state;
    for (size_t i = 0; i < POLICIES; i++) {
        struct heap *heap = open_policy(policies[i], "");
        char *block = make(heap, 200);
        make(heap, 24);
        assert_ptr_equal(resize(heap, block, 200, 180), block); /* 16 bytes cannot stand alone */
        assert_int_equal(totals_of(heap).usable_bytes, 200 + 24);
        assert_ptr_equal(resize(heap, block, 180, 24), block);
        assert_int_equal(totals_of(heap).usable_bytes, 24 + 24);
        if (i != 1) assert_ptr_equal(make(heap, 168), block + 32); /* next fit is elsewhere */
        heap_close(heap);
    }
}

static void larger_requests_live_in_the_backing(void **state)
{
    (void)state;
    struct heap *heap = open_spec("free-list:max=1K");
    char *block = memcpy(make(heap, 1024), "0123456789", 11);
    assert_int_equal(totals_of(heap).backing_calls, 0);
    block = resize(heap, block, 1024, 1025);
    assert_int_equal(totals_of(heap).backing_live_bytes, 1025);
    block = resize(heap, block, 1025, 100);
    assert_int_equal(totals_of(heap).backing_live_bytes, 0);
    assert_int_equal(totals_of(heap).usable_bytes, 104);
    assert_string_equal(block, "0123456789");
    heap_close(heap);
}

static void without_growth_it_is_bounded_and_stands_on_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < POLICIES; i++) {
        struct heap *heap = open_policy(policies[i], ",grow=no,size=4M,max=64");
        size_t capacity = totals_of(heap).capacity_bytes;
        assert_int_equal(capacity, totals_of(heap).footprint_bytes);
        assert_null(heap->inner);
        assert_null(make(heap, 4 << 20));
        char *block = make(heap, 3 << 20);
        block[(3 << 20) - 1] = 1;
        assert_null(resize(heap, block, 3 << 20, (4 << 20) + 1));
        assert_int_equal((int)figure_of(heap, "refused"), 2);
        drop(heap, block, 3 << 20);
        assert_int_equal(totals_of(heap).capacity_bytes, capacity);
        assert_ptr_equal(make(heap, 3 << 20), block);
        heap_close(heap);
    }
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

/* In the order of birth, against it, and first every second one. */
static void freeing_everything_gives_pages_back(void **state)
{
    (void)state;
    enum { BLOCKS = 8000, SIZE = 1000 };
    static char *blocks[BLOCKS];
    for (size_t i = 0; i < POLICIES * 3; i++) {
        struct heap *heap = open_policy(policies[i / 3], "");
        for (size_t j = 0; j < BLOCKS; j++) blocks[j] = memset(make(heap, SIZE), 1, SIZE);
        char *start = blocks[0], *end = blocks[BLOCKS - 1] + SIZE;
        assert_true(resident_bytes(start, end) >= (size_t)BLOCKS * SIZE);
        for (size_t j = 0; j < BLOCKS; j++) {
            size_t straight = i % 3 == 0 ? j : BLOCKS - 1 - j;
            size_t place = i % 3 < 2 ? straight : (2 * j) % BLOCKS + (j >= BLOCKS / 2);
            drop(heap, blocks[place], SIZE);
        }
        assert_true(totals_of(heap).footprint_bytes < 400 << 10);
        assert_true(resident_bytes(start, end) < 400 << 10);
        assert_true(figure_of(heap, "given back to the system") > 7e6);
        assert_true(totals_of(heap).largest_free_bytes <= totals_of(heap).free_bytes);
        heap_close(heap);
    }
}

enum { SLOTS = 400, SLACK = 16 * PAGE };

/* Every byte of a block is written, so that what is not resident was given back. */
static void resize_slot(const struct heap *heap, char **block, size_t *old_size, size_t size)
{
    char *resized = resize(heap, *block, *old_size, size);
    if (!resized && size) return;
    *block = resized;
    *old_size = size;
    if (size) memset(resized, 1, size);
}

/* In a region all of which was touched once, the footprint is what is resident: while random blocks
 * make holes whose pages are purged, cut off, grown into and joined. */
static void purged_pages_are_accounted_for(void **state)
{
    (void)state;
    enum { REGION = 16 << 20, STEPS = 20000 };
    for (size_t i = 0; i < POLICIES; i++) {
        struct heap *heap = open_policy(policies[i], ",grow=no,size=16M");
        char *blocks[SLOTS] = {0}, *whole = make(heap, REGION - 2 * TAG);
        size_t sizes[SLOTS] = {0};
        uint32_t seed = (uint32_t)i;
        drop(heap, memset(whole, 1, REGION - 2 * TAG), REGION - 2 * TAG);
        for (size_t step = 0; step < STEPS; step++) {
            size_t slot = draw(&seed) % SLOTS, free_odds = step / 2000 % 2 ? 80 : 20;
            size_t size = draw(&seed) % 100 < free_odds ? 0 : 1 + draw(&seed) % 60000;
            resize_slot(heap, &blocks[slot], &sizes[slot], size);
            struct heap_statistics totals = totals_of(heap);
            assert_int_equal(totals.footprint_bytes,
                             totals.usable_bytes + totals.free_bytes + totals.metadata_bytes);
            if (step % 500) continue;
            size_t resident = resident_bytes(whole, whole + REGION - 2 * TAG);
            assert_in_range(totals.footprint_bytes, resident, resident + SLACK);
        }
        assert_true(figure_of(heap, "given back to the system") > REGION * 2.0);
        heap_close(heap);
    }
}

static void free_twice(const struct heap *heap)
{
    void *block = make(heap, 40);
    make(heap, 40);
    drop(heap, block, 40);
    drop(heap, block, 40);
}

/* By then its tag lies inside of a larger free block. */
static void free_twice_when_merged(const struct heap *heap)
{
    void *left = make(heap, 40), *block = make(heap, 40);
    make(heap, 40);
    drop(heap, left, 40);
    drop(heap, block, 40);
    drop(heap, block, 40);
}

static void free_with_a_larger_size(const struct heap *heap)
{
    drop(heap, make(heap, 40), 48);
}

static void behave(const struct heap *heap)
{
    drop(heap, make(heap, 40), 40);
}

static void broken_promises_are_caught(void **state)
{
    (void)state;
    for (size_t i = 0; i < POLICIES; i++) {
        char spec[64];
        snprintf(spec, sizeof spec, "free-list:policy=%s", policies[i]);
        assert_int_equal(signal_of(behave, spec), 0);
        assert_int_equal(signal_of(free_twice, spec), SIGABRT);
        assert_int_equal(signal_of(free_twice_when_merged, spec), SIGABRT);
        assert_int_equal(signal_of(free_with_a_larger_size, spec), SIGABRT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(impossible_settings_are_refused),
        cmocka_unit_test(freed_neighbours_become_one_block_in_any_order),
        cmocka_unit_test(free_bytes_in_two_pieces_do_not_serve_one_request),
        cmocka_unit_test(totals_add_up_to_the_byte),
        cmocka_unit_test(a_block_grows_into_a_free_right_neighbour),
        cmocka_unit_test(a_shrunk_block_leaves_its_tail),
        cmocka_unit_test(larger_requests_live_in_the_backing),
        cmocka_unit_test(without_growth_it_is_bounded_and_stands_on_nothing),
        cmocka_unit_test(freeing_everything_gives_pages_back),
        cmocka_unit_test(purged_pages_are_accounted_for),
        cmocka_unit_test(broken_promises_are_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
