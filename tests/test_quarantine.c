/* What quarantine promises without other wrappers: sizes are believed there. */
#include "listening.h"

/* The sanitizers' own malloc must refuse as others do, rather than end the program. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void quarantine_tells_writes_to_what_it_keeps(void **state)
{
    (void)state;
    struct heap *heap = open_heard("quarantine:blocks=4+tiered");
    char *blocks[8];
    for (size_t i = 0; i < 8; i++) blocks[i] = make(heap, 48);
    for (size_t i = 0; i < 4; i++) drop(heap, blocks[i], 48);
    blocks[0][5] = 1;
    drop(heap, blocks[4], 48); /* the first leaves */
    expect(heap, FAULT_USE_AFTER_FREE, blocks[0], 48);
    blocks[2][47] = blocks[2][3] = 1;
    assert_int_equal(heap_audit(heap), 1);
    assert_non_null(strstr(heard.messages[0], "byte 3 was written"));
    assert_non_null(strstr(heard.messages[0], "changed bytes: 2"));
    expect(heap, FAULT_USE_AFTER_FREE, blocks[2], 48);
    for (size_t i = 5; i < 8; i++) drop(heap, blocks[i], 48);
    assert_int_equal(figure_of(heap, "kept blocks"), 4);
    assert_int_equal(figure_of(heap, "kept bytes"), 4 * 48);
    assert_int_equal(figure_of(heap, "evictions"), 4);
    blocks[7][0] = 1;
    heap_close(heap);
    assert_int_equal(heard.count, 1);
    assert_non_null(heard_of(FAULT_USE_AFTER_FREE));
}

/* Guards put 32 bytes before each block and 24 behind it, of which the program knows nothing. */
static void quarantine_tells_a_block_as_the_program_knows_it(void **state)
{
    (void)state;
    struct heap *heap = open_heard("guards+quarantine+tiered");
    char *block = make(heap, 40);
    drop(heap, block, 40);
    block[3] = 1;
    assert_int_equal(heap_audit(heap), 1);
    assert_non_null(strstr(heard.messages[0], "byte 3 was written"));
    expect(heap, FAULT_USE_AFTER_FREE, block, 40);
    close_quietly(heap);
}

static void quarantine_keeps_the_old_place_of_what_grows(void **state)
{
    (void)state;
    struct heap *heap = open_heard("quarantine+libc");
    unsigned char *old = memset(make(heap, 48), 7, 48), *block = resize(heap, old, 48, 49);
    assert_ptr_not_equal(block, old);
    for (size_t i = 0; i < 48; i++) {
        assert_int_equal(block[i], 7);
        assert_int_equal(old[i], POISON);
    }
    assert_null(resize(heap, old, 48, 60));
    expect(heap, FAULT_RESIZE_OF_FREED, old, 48);
    drop(heap, old, 48);
    expect(heap, FAULT_DOUBLE_FREE, old, 48);
    old[9] = 7;
    assert_int_equal(heap_audit(heap), 1);
    expect(heap, FAULT_USE_AFTER_FREE, old, 48);
    drop(heap, block, 49);
    close_quietly(heap);
}

/* The inner heap has room for 60 such blocks; what is kept makes way, in a growth, too. */
static void quarantine_gives_way_when_memory_is_short(void **state)
{
    (void)state;
    struct heap *heap = open_heard("quarantine+free-list:size=64K,grow=no");
    struct heap_statistics before = totals_of(heap);
    for (size_t i = 0; i < 1000; i++) {
        void *block = make(heap, 1000);
        assert_non_null(block);
        block = resize(heap, block, 1000, 3000);
        assert_non_null(block);
        drop(heap, block, 3000);
    }
    assert_int_not_equal(figure_of(heap, "evictions"), 0);
    assert_null(make(heap, 1 << 20));
    assert_int_equal(figure_of(heap, "kept blocks"), 0);
    assert_int_equal(totals_of(heap).live_bytes, before.live_bytes);
    close_quietly(heap);
}

static void quarantine_passes_what_is_too_large(void **state)
{
    (void)state;
    struct heap *heap = open_heard("quarantine:bytes=1000+tiered");
    void *large = make(heap, 1001), *most = make(heap, 1000), *small = make(heap, 10);
    drop(heap, small, 10);
    drop(heap, large, 1001);
    assert_int_equal(figure_of(heap, "kept bytes"), 10);
    drop(heap, most, 1000);
    assert_int_equal(figure_of(heap, "kept bytes"), 1000);
    close_quietly(heap);
}

/* Freed through the quarantine, known to it or not. */
static void quarantine_goes_over_a_heap_in_use(void **state)
{
    (void)state;
    struct error error = {""};
    struct heap *under = open_spec("tiered");
    char *block = make(under, 40);
    struct heap *heap = heap_open_over("quarantine", under->resize, under->state, 40, &error);
    assert_non_null(heap);
    assert_int_equal(totals_of(heap).live_bytes, 40);
    assert_true(totals_of(heap).live_blocks == UNKNOWN);
    drop(heap, block, 40);
    assert_int_equal(totals_of(heap).live_bytes, 0);
    assert_int_equal(totals_of(under).live_blocks, 1);
    heap_close(heap);
    assert_int_equal(totals_of(under).live_blocks, 0);
    heap_close(under);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quarantine_tells_writes_to_what_it_keeps),
        cmocka_unit_test(quarantine_tells_a_block_as_the_program_knows_it),
        cmocka_unit_test(quarantine_keeps_the_old_place_of_what_grows),
        cmocka_unit_test(quarantine_gives_way_when_memory_is_short),
        cmocka_unit_test(quarantine_passes_what_is_too_large),
        cmocka_unit_test(quarantine_goes_over_a_heap_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
