/* The caches and chunks of multilevel, to the block: what goes back when they are full, how they
 * tune themselves by their hit rates, and that memory returns when all is freed. */
#include "heap_test.h"

#include <sys/mman.h>

#include "multilevel_test.h"

enum { PAGE = 4096 };

/* Of the pages from the one where low stands to the one where high does, those in memory. */
static size_t resident_bytes(uintptr_t low, uintptr_t high)
{
    static unsigned char is_resident[1 << 16];
    size_t first = low / PAGE, count = high / PAGE - first + 1, resident = 0;
    assert_true(count <= sizeof is_resident);
    assert_int_equal(mincore((void *)(first * PAGE), count * PAGE, is_resident), 0);
    for (size_t i = 0; i < count; i++) resident += is_resident[i] & 1;
    return resident * PAGE;
}

static void a_full_cache_gives_its_older_half_back(void **state)
{
    (void)state;
    void *blocks[20];
    struct heap *heap = open_spec("multilevel:cache=8,tune=no");
    for (size_t i = 0; i < 20; i++) blocks[i] = make(heap, 32);
    assert_int_equal(figure_of(heap, "caches refilled"), 5); /* by 4 */
    for (size_t i = 0; i < 8; i++) drop(heap, blocks[i], 32);
    assert_int_equal(figure_of(heap, "caches flushed"), 0);
    drop(heap, blocks[8], 32); /* 4 go, 4 stay and this one */
    assert_int_equal(figure_of(heap, "caches flushed"), 1);
    assert_int_equal(figure_of(heap, "calls that a cache answered"), 20 + 9 - 5 - 1);
    assert_int_equal(tier_of(heap, 3).used_blocks, 20 - 9);
    for (size_t i = 8; i >= 4; i--) assert_ptr_equal(make(heap, 32), blocks[i]);
    assert_int_equal(figure_of(heap, "caches refilled"), 5);
    make(heap, 32);
    assert_int_equal(figure_of(heap, "caches refilled"), 6);
    for (size_t i = 9; i < 20; i++) drop(heap, blocks[i], 32);
    assert_int_equal(figure_of(heap, "caches flushed"), 3);
    heap_close(heap);
}

static void the_standard_cache_holds_64_blocks_of_each_size(void **state)
{
    (void)state;
    void *blocks[65];
    static const size_t sizes[] = {8, 128, 1000, 4096};
    struct heap *heap = open_spec("multilevel:tune=no");
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 65; j++) blocks[j] = make(heap, sizes[i]);
        /* Three refills of 32 left 31 blocks there. */
        for (size_t j = 0; j < 64 - 31; j++) drop(heap, blocks[j], sizes[i]);
        assert_int_equal(figure_of(heap, "caches flushed"), i);
        drop(heap, blocks[33], sizes[i]);
        assert_int_equal(figure_of(heap, "caches flushed"), i + 1);
    }
    heap_close(heap);
}

static void without_caches_each_call_goes_to_the_pool(void **state)
{
    (void)state;
    struct heap *heap = open_spec("multilevel:cache=0");
    for (size_t i = 0; i < 50; i++) drop(heap, make(heap, 40), 40);
    assert_int_equal(figure_of(heap, "calls that a cache answered"), 0);
    assert_int_equal(figure_of(heap, "caches refilled"), 50);
    assert_int_equal(figure_of(heap, "caches flushed"), 50);
    assert_int_equal(tier_of(heap, 4).total_blocks, 0);
    heap_close(heap);
}

/* So many blocks of 32 bytes made, then freed. */
static void burst(struct heap *heap, size_t count)
{
    static void *blocks[200000];
    for (size_t i = 0; i < count; i++) blocks[i] = make(heap, 32);
    for (size_t i = 0; i < count; i++) drop(heap, blocks[i], 32);
}

static void caches_grow_while_the_hit_rate_is_low(void **state)
{
    (void)state;
    struct heap *heap = open_spec("multilevel");
    burst(heap, 10); /* refilled once, answered from the cache nine times */
    assert_int_equal(figure_of(heap, "chosen cache, blocks to 128 bytes"), 64);
    assert_int_equal(figure_of(heap, "cache sizes doubled"), 0);
    for (size_t i = 0; i < 20; i++) burst(heap, 2000);
    assert_int_equal(figure_of(heap, "chosen cache, blocks to 128 bytes"), 256);
    assert_int_equal(figure_of(heap, "cache sizes doubled"), 2);
    heap_close(heap);
}

static void caches_shrink_while_the_hit_rate_is_high(void **state)
{
    (void)state;
    struct heap *heap = open_spec("multilevel");
    for (size_t i = 0; i < 40; i++) {
        burst(heap, 100); /* more than fits: a few misses, among many hits */
        for (size_t j = 0; j < 10000; j++) drop(heap, make(heap, 32), 32);
    }
    assert_true(figure_of(heap, "hit rate of the caches") > 99.9);
    assert_int_equal(figure_of(heap, "cache sizes halved"), 2);
    assert_int_equal(figure_of(heap, "cache sizes doubled"), 0);
    assert_int_equal(figure_of(heap, "chosen cache, blocks to 128 bytes"), 16);
    heap_close(heap);
}

static void chunks_grow_while_many_are_asked_for(void **state)
{
    (void)state;
    struct heap *heap = open_spec("multilevel");
    make(heap, 32);
    assert_int_equal(figure_of(heap, "chosen chunk, blocks to 128 bytes"), 1024);
    burst(heap, 200000);
    assert_true(figure_of(heap, "chosen chunk, blocks to 128 bytes") > 1024);
    assert_true(figure_of(heap, "chunk sizes doubled") >= 1);
    heap_close(heap);
}

static void without_tuning_sizes_stay(void **state)
{
    (void)state;
    struct heap *heap = open_spec("multilevel:tune=no");
    for (size_t i = 0; i < 5; i++) burst(heap, 100000);
    assert_true(figure_of(heap, "hit rate of the caches") < 99);
    assert_int_equal(figure_of(heap, "chosen cache, blocks to 128 bytes"), 64);
    assert_int_equal(figure_of(heap, "chosen chunk, blocks to 128 bytes"), 1024);
    assert_int_equal(figure_of(heap, "cache sizes doubled"), 0);
    assert_int_equal(figure_of(heap, "chunk sizes doubled"), 0);
    heap_close(heap);
}

/* Free in an order that has nothing to do with addresses, so that what stays in the cache would
 * pin as many spans as it holds blocks. */
static void memory_goes_back_when_all_is_freed(void **state)
{
    (void)state;
    enum { BLOCKS = 200003, STEP = 100003 };
    static char *blocks[BLOCKS];
    uintptr_t low = UINTPTR_MAX, high = 0;
    struct heap *heap = open_spec("multilevel");
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = memset(make(heap, 16 + i % 20 * 8), 1, 16);
        if ((uintptr_t)blocks[i] < low) low = (uintptr_t)blocks[i];
        if ((uintptr_t)blocks[i] > high) high = (uintptr_t)blocks[i];
    }
    size_t peak = resident_bytes(low, high), footprint = totals_of(heap).footprint_bytes;
    assert_true(peak > (size_t)16 << 20);
    assert_true(footprint >= peak);
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t next = i * STEP % BLOCKS;
        drop(heap, blocks[next], 16 + next % 20 * 8);
    }
    assert_true(resident_bytes(low, high) <= peak / 10);
    assert_true(totals_of(heap).footprint_bytes <= footprint / 10);
    heap_close(heap);
}

/* Memory that 32-byte blocks filled serves those of 64 bytes. */
static void memory_moves_between_pools(void **state)
{
    (void)state;
    enum { BYTES = 6400000 };
    static void *blocks[BYTES / 32];
    size_t footprints[2];
    struct heap *heap = open_spec("multilevel");
    for (size_t i = 0; i < 2; i++) {
        size_t size = (size_t)32 << i, count = BYTES / size;
        for (size_t j = 0; j < count; j++) blocks[j] = make(heap, size);
        footprints[i] = totals_of(heap).footprint_bytes;
        for (size_t j = 0; j < count; j++) drop(heap, blocks[j], size);
    }
    assert_true(footprints[1] <= footprints[0] * 11 / 10);
    heap_close(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_cache_gives_its_older_half_back),
        cmocka_unit_test(the_standard_cache_holds_64_blocks_of_each_size),
        cmocka_unit_test(without_caches_each_call_goes_to_the_pool),
        cmocka_unit_test(caches_grow_while_the_hit_rate_is_low),
        cmocka_unit_test(caches_shrink_while_the_hit_rate_is_high),
        cmocka_unit_test(chunks_grow_while_many_are_asked_for),
        cmocka_unit_test(without_tuning_sizes_stay),
        cmocka_unit_test(memory_goes_back_when_all_is_freed),
        cmocka_unit_test(memory_moves_between_pools),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
