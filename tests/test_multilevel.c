/* What multilevel promises beyond the contract: sizes, mappings found again, heaps side by side,
 * and what becomes of a wrong old_size and of a shrink without memory. */
#include "heap_test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../allocators/pages.h"
#include "multilevel_test.h"

enum { POOLS = 43 };

static const size_t pool_bytes[POOLS] = {
    8,    16,   24,   32,   40,    48,    56,    64,     72,     80,     88,
    96,   104,  112,  120,  128,   160,   192,   224,    256,    320,    384,
    448,  512,  640,  768,  896,   1024,  1280,  1536,   1792,   2048,   2560,
    3072, 3584, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288,
};

static void impossible_settings_are_refused(void **state)
{
    (void)state;
    refuses("multilevel:cache=513", "option cache=513 is not allowed: give 0 .. 512");
    refuses("multilevel:chunk=0", "option chunk=0 is not allowed: give 1 .. 8192");
    refuses("multilevel:chunk=8193", "give 1 .. 8192");
    refuses("multilevel:tune=perhaps", "give yes or no");
}

/* A block of so many bytes comes out of this pool and goes back there. */
static void is_served_by(struct heap *heap, size_t bytes, size_t index)
{
    char *block = make(heap, bytes);
    memset(block, 0x5a, bytes);
    assert_int_equal(tier_of(heap, index).used_blocks, 1);
    assert_int_equal(totals_of(heap).usable_bytes, pool_bytes[index]);
    assert_int_equal(totals_of(heap).live_bytes, bytes);
    drop(heap, block, bytes);
    assert_int_equal(tier_of(heap, index).used_blocks, 0);
}

static void each_size_has_the_pool_with_the_smallest_blocks_that_hold_it(void **state)
{
    (void)state;
    struct tier_statistics tier;
    struct heap *heap = open_spec("multilevel");
    for (size_t i = 0; i < POOLS; i++) {
        assert_int_equal(tier_of(heap, i).block_bytes, pool_bytes[i]);
        is_served_by(heap, i > 0 ? pool_bytes[i - 1] + 1 : 1, i);
        is_served_by(heap, pool_bytes[i], i);
    }
    assert_false(heap->allocator->tier(heap->state, POOLS, &tier));
    heap_close(heap);
}

static void a_small_pools_first_chunk_has_the_blocks_that_were_asked_for(void **state)
{
    (void)state;
    struct heap *heap = open_spec("multilevel");
    make(heap, 8), make(heap, 16), make(heap, 128), make(heap, 4096), make(heap, 524288);
    assert_int_equal(tier_of(heap, 0).total_blocks, 16384 / 8);
    assert_int_equal(tier_of(heap, 1).total_blocks, 16384 / 16); /* 1000, rounded up */
    assert_int_equal(tier_of(heap, 15).total_blocks, 131072 / 128);
    assert_int_equal(tier_of(heap, 35).total_blocks, 128); /* 100, rounded up */
    assert_int_equal(tier_of(heap, 42).total_blocks, 1);   /* a hundred would be 50 MiB */
    heap_close(heap);
    heap = open_spec("multilevel:chunk=1");
    make(heap, 128);
    assert_int_equal(tier_of(heap, 15).total_blocks, 16384 / 128);
    heap_close(heap);
}

static void beyond_the_pools_each_block_is_a_mapping(void **state)
{
    (void)state;
    enum { FIRST = 524289, PAGES = 532480 };
    struct heap *heap = open_spec("multilevel");
    char *block = make(heap, FIRST);
    block[0] = 'a', block[FIRST - 1] = 'z';
    assert_int_equal(totals_of(heap).usable_bytes - FIRST, 528384 - FIRST);
    assert_ptr_equal(resize(heap, block, FIRST, 528384), block); /* into its last page */
    block = resize(heap, block, 528384, PAGES + 1);
    assert_true(block[0] == 'a' && block[FIRST - 1] == 'z');
    assert_int_equal(figure_of(heap, "mapped for them"), PAGES + 4096);
    assert_ptr_equal(resize(heap, block, PAGES + 1, FIRST), block);
    assert_int_equal(figure_of(heap, "mapped for them"), 528384);
    block = resize(heap, block, FIRST, 100);
    assert_true(block[0] == 'a');
    assert_int_equal(figure_of(heap, "mapped for them"), 0);
    assert_int_equal(totals_of(heap).live_blocks, 1);
    drop(heap, block, 100);
    heap_close(heap);
}

/* More mappings than the first table has places for, removed in another order than made. */
static void many_mappings_are_found_again_by_address(void **state)
{
    (void)state;
    enum { BLOCKS = 500, STEP = 211 };
    char *blocks[BLOCKS];
    struct heap *heap = open_spec("multilevel");
    for (size_t i = 0; i < BLOCKS; i++) *(size_t *)(void *)(blocks[i] = make(heap, 600000 + i)) = i;
    assert_int_equal(figure_of(heap, "blocks with a mapping of their own"), BLOCKS);
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t next = i * STEP % BLOCKS;
        assert_int_equal(*(size_t *)(void *)blocks[next], next);
        drop(heap, blocks[next], 600000 + next);
        assert_int_equal(totals_of(heap).live_blocks, BLOCKS - 1 - i);
    }
    assert_int_equal(totals_of(heap).live_bytes, 0);
    assert_int_equal(totals_of(heap).usable_bytes, 0);
    heap_close(heap);
}

static void totals_add_up(void **state)
{
    (void)state;
    struct heap *heap = open_spec("multilevel");
    void *block = make(heap, 40);
    make(heap, 700000), make(heap, 9000);
    struct heap_statistics totals = totals_of(heap);
    assert_int_equal(totals.live_blocks, 3);
    assert_int_equal(totals.usable_bytes, 40 + 700416 + 16384);
    assert_int_equal(totals.footprint_bytes,
                     totals.usable_bytes + totals.free_bytes + totals.metadata_bytes);
    assert_true(totals.largest_free_bytes <= totals.free_bytes);
    drop(heap, block, 40);
    heap_close(heap);
}

static void two_heaps_used_in_turn_stay_apart(void **state)
{
    (void)state;
    enum { BLOCKS = 1000 };
    static size_t *blocks[BLOCKS];
    struct heap *heaps[] = {open_spec("multilevel"), open_spec("multilevel")};
    for (size_t i = 0; i < BLOCKS; i++) *(blocks[i] = make(heaps[i % 2], 48)) = i;
    assert_int_equal(tier_of(heaps[0], 5).used_blocks, BLOCKS / 2);
    assert_int_equal(tier_of(heaps[1], 5).used_blocks, BLOCKS / 2);
    for (size_t i = 0; i < BLOCKS; i++) {
        assert_int_equal(*blocks[i], i);
        drop(heaps[i % 2], blocks[i], 48);
    }
    assert_int_equal(totals_of(heaps[0]).live_blocks, 0);
    heap_close(heaps[0]);
    drop(heaps[1], make(heaps[1], 48), 48);
    assert_int_equal(totals_of(heaps[1]).live_blocks, 0);
    heap_close(heaps[1]);
}

static void heaps_opened_and_closed_in_turn_use_up_no_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < 1100; i++) { /* a process has 1024 */
        struct heap *heap = open_spec("multilevel");
        drop(heap, make(heap, 24), 24);
        heap_close(heap);
    }
}

/* How a child ended that did this on a heap. */
static int in_a_child(void (*act)(struct heap *heap), const char *spec)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        if (!freopen("/dev/null", "w", stderr)) _exit(2);
        act(open_spec(spec));
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void free_as_larger(struct heap *heap)
{
    heap->resize(heap->state, make(heap, 32), 64, 0);
}

static void free_as_smaller(struct heap *heap)
{
    heap->resize(heap->state, make(heap, 64), 32, 0);
}

static void free_as_mapping(struct heap *heap)
{
    heap->resize(heap->state, make(heap, 32), 1 << 20, 0);
}

static void free_of_a_stranger(struct heap *heap)
{
    static char stranger[64];
    heap->resize(heap->state, stranger, sizeof stranger, 0);
}

/* At the latest when the cache is flushed; here there is none. */
static void a_wrong_old_size_ends_the_program_rather_than_corrupt_a_pool(void **state)
{
    (void)state;
    assert_int_equal(in_a_child(free_as_larger, "multilevel:cache=0"), 128 + SIGABRT);
    assert_int_equal(in_a_child(free_as_smaller, "multilevel:cache=0"), 128 + SIGABRT);
    assert_int_equal(in_a_child(free_as_mapping, "multilevel:cache=0"), 128 + SIGABRT);
    assert_int_equal(in_a_child(free_of_a_stranger, "multilevel:cache=0"), 128 + SIGABRT);
}

static void a_mapping_is_freed_by_its_own_size(void **state)
{
    (void)state;
    struct heap *heap = open_spec("multilevel");
    char *one = make(heap, 1 << 20), *other = make(heap, 1 << 20);
    other[0] = 'x';
    drop(heap, one, 16 << 20);
    assert_int_equal(other[0], 'x');
    assert_int_equal(totals_of(heap).live_bytes, 1 << 20);
    drop(heap, other, 8);
    assert_int_equal(totals_of(heap).live_bytes, 0);
    heap_close(heap);
}

enum { STAYED, NEVER_REFUSED = 10, MOVED, COUNTED_WRONG };

/* With memory used up a block shrinks where it stands and belongs to the smaller size from then on,
 * until it is flushed. */
static void shrink_at_the_limit(struct heap *heap)
{
    enum { MANY = 1 << 17 };
    void **blocks = pages_map(MANY * sizeof *blocks);
    size_t count = 0;
    limit_memory(3 << 20);
    while (count < MANY && (blocks[count] = make(heap, 128))) count++;
    if (count == MANY) _exit(NEVER_REFUSED);
    if (resize(heap, blocks[0], 128, 24) != blocks[0]) _exit(MOVED);
    if (resize(heap, blocks[0], 24, 8) != blocks[0]) _exit(MOVED);
    if (tier_of(heap, 15).used_blocks != count - 1) _exit(COUNTED_WRONG);
    if (tier_of(heap, 0).used_blocks != 1) _exit(COUNTED_WRONG);
    drop(heap, blocks[0], 8);
    for (size_t i = 1; i < count; i++) drop(heap, blocks[i], 128);
    for (size_t i = 0; i < POOLS; i++) {
        if (tier_of(heap, i).total_blocks != 0) _exit(COUNTED_WRONG);
    }
    _exit(STAYED);
}

static void a_shrink_without_memory_stays_and_is_counted(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip(); /* the sanitizer itself needs the memory that the limit denies */
#endif
    int status = in_a_child(shrink_at_the_limit, "multilevel:cache=0");
    if (status == NEVER_REFUSED && getenv("LD_PRELOAD")) skip(); /* valgrind keeps the limit */
    assert_int_equal(status, STAYED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(impossible_settings_are_refused),
        cmocka_unit_test(each_size_has_the_pool_with_the_smallest_blocks_that_hold_it),
        cmocka_unit_test(a_small_pools_first_chunk_has_the_blocks_that_were_asked_for),
        cmocka_unit_test(beyond_the_pools_each_block_is_a_mapping),
        cmocka_unit_test(many_mappings_are_found_again_by_address),
        cmocka_unit_test(totals_add_up),
        cmocka_unit_test(two_heaps_used_in_turn_stay_apart),
        cmocka_unit_test(heaps_opened_and_closed_in_turn_use_up_no_keys),
        cmocka_unit_test(a_wrong_old_size_ends_the_program_rather_than_corrupt_a_pool),
        cmocka_unit_test(a_mapping_is_freed_by_its_own_size),
        cmocka_unit_test(a_shrink_without_memory_stays_and_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
