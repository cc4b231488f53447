/* What guards promise without other wrappers: nothing is known there of who allocated a block. */
#include "listening.h"

#include <stdlib.h>

enum { FILL = 0xCD };

/* The sanitizers' own malloc must refuse as others do, rather than end the program. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static const char *const guarded[] = {"guards+libc", "guards+tiered"};

/* The index before the block is written over: with what none is, and with another block's. */
static void guards_find_a_block_whose_header_is_gone(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct heap *heap = open_heard(guarded[i]);
        char *other = make(heap, 100);
        for (size_t size = 1; size <= SIZES; size++) {
            char *block = make(heap, size);
            if (size % 2) spoil(block - 32, 32);
            else memcpy(block - 32, other - 32, 8);
            drop(heap, block, size);
            expect(heap, FAULT_UNDERFLOW, block, size);
        }
        drop(heap, other, 100);
        assert_int_equal(figure_of(heap, "underflows"), SIZES);
        close_quietly(heap);
    }
}

/* The last word of the caller's bytes is where a write one byte too far would begin. */
static void guards_say_which_byte_has_changed(void **state)
{
    (void)state;
    struct heap *heap = open_heard("guards+libc");
    char *block = make(heap, 41);
    block[41 + 16] = 0x55;
    block[41 + 17] = 0x55;
    block[-17] = 0x56;
    assert_int_equal(heap_audit(heap), 2);
    assert_non_null(strstr(heard_of(FAULT_OVERFLOW), "byte 57, 17 past its end, is 0x55 and should "
                                                     "be 0xef; written over up to 18 bytes past"));
    assert_non_null(strstr(heard_of(FAULT_UNDERFLOW),
                           "byte -17, 17 before its start, is 0x56 and should be 0x"));
    heard.count = 0;
    drop(heap, block, 41);
    close_quietly(heap);
}

static void guards_trust_no_address_that_they_did_not_give(void **state)
{
    (void)state;
    if (getenv("LD_PRELOAD")) skip(); /* valgrind objects to what is read of such an address */
    static char of_the_program[128];
    for (size_t i = 0; i < 2; i++) {
        struct heap *heap = open_heard(guarded[i]);
        char of_the_stack[128], *block = make(heap, 400);
        void *strangers[] = {of_the_program + 64, of_the_stack + 64,      unmapped(),
                             (void *)16,          (void *)~(uintptr_t)15, of_the_program + 65};
        for (size_t j = 0; j < sizeof strangers / sizeof *strangers; j++) {
            drop(heap, strangers[j], 40);
            expect(heap, FAULT_INVALID_FREE, strangers[j], 40);
            assert_null(resize(heap, strangers[j], 40, 80));
            expect(heap, FAULT_INVALID_FREE, strangers[j], 40);
            assert_ptr_equal(resize(heap, strangers[j], 40, 20), strangers[j]);
            expect(heap, FAULT_INVALID_FREE, strangers[j], 40);
        }
        for (size_t offset = 1; offset < 400; offset++) {
            drop(heap, block + offset, 8);
            expect(heap, FAULT_INTERIOR_FREE, block, 400);
        }
        drop(heap, block, 400);
        close_quietly(heap);
    }
}

/* As far as can be known: large blocks are gone from memory unless quarantine keeps them. */
static void guards_find_a_second_free_at_once(void **state)
{
    (void)state;
    if (getenv("LD_PRELOAD")) skip(); /* valgrind objects to what is read of freed blocks */
    static const char *const specs[] = {"guards+libc", "guards+tiered", "guards+quarantine+libc"};
    for (size_t i = 0; i < 3; i++) {
        struct heap *heap = open_heard(specs[i]);
        size_t faults = 0;
        for (size_t size = 1; size <= 400000; size += size < SIZES ? 1 : size) {
            void *block = make(heap, size);
            drop(heap, block, size);
            drop(heap, block, size);
            assert_int_equal(heap->host->fault_count, ++faults);
            if (size <= SIZES || i == 2) expect(heap, FAULT_DOUBLE_FREE, block, size);
            heard.count = 0;
        }
        assert_int_equal(figure_of(heap, "calls refused, of no live block"), faults);
        close_quietly(heap);
    }
}

/* What the blocks lay in has gone back to the system by then. */
static void guards_find_a_second_free_of_memory_that_is_gone(void **state)
{
    (void)state;
    enum { BLOCKS = 40000, BYTES = 2000 };
    static const char *const specs[] = {"guards+libc", "guards+slab", "guards+quarantine+libc"};
    static char *blocks[BLOCKS];
    for (size_t i = 0; i < 3; i++) {
        struct heap *heap = open_heard(specs[i]);
        for (size_t j = 0; j < BLOCKS; j++) blocks[j] = make(heap, BYTES);
        for (size_t j = BLOCKS; j-- > 0;) drop(heap, blocks[j], BYTES);
        for (size_t j = 0; j < BLOCKS; j += BLOCKS / 4) drop(heap, blocks[j], BYTES);
        assert_int_equal(heap->host->fault_count, 4);
        heard.count = 0;
        close_quietly(heap);
    }
}

static void guards_survive_wrong_sizes_and_refused_growths(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct heap *heap = open_heard(guarded[i]);
        char *block = memset(make(heap, 100), 7, 100);
        assert_null(resize(heap, block, 100, SIZE_MAX / 2));
        assert_null(resize(heap, block, 100, SIZE_MAX));
        assert_null(make(heap, SIZE_MAX - 8));
        assert_int_equal(heap_audit(heap), 0);
        block = resize(heap, block, 90, 200);
        for (size_t j = 0; j < 100; j++) assert_int_equal(block[j], 7);
        assert_int_equal(totals_of(heap).live_bytes, 200);
        assert_non_null(heard_of(FAULT_WRONG_OLD_SIZE));
        heard.count = 0;
        drop(heap, block, 0);
        expect(heap, FAULT_WRONG_OLD_SIZE, block, 200);
        assert_int_equal(figure_of(heap, "wrong sizes stated"), 2);
        close_quietly(heap);
    }
}

static void guards_fill_what_is_new(void **state)
{
    (void)state;
    struct heap *heap = open_heard("guards:fill+tiered");
    unsigned char *block = make(heap, 40);
    for (size_t i = 0; i < 40; i++) assert_int_equal(block[i], FILL);
    memset(block, 7, 40);
    block = resize(heap, block, 40, 500);
    for (size_t i = 0; i < 500; i++) assert_int_equal(block[i], i < 40 ? 7 : FILL);
    memset(block, 7, 500);
    assert_ptr_equal(resize(heap, block, 500, 499), block);
    block = resize(heap, block, 499, 500);
    assert_int_equal(block[499], FILL);
    drop(heap, block, 500);
    close_quietly(heap);
}

/* A program that does the same wrong in a loop must not fill the disk. */
static void faults_beyond_a_number_are_counted_alone(void **state)
{
    (void)state;
    struct heap *heap = open_heard("guards+libc");
    heap->host->most_told = 3;
    for (int i = 0; i < 10; i++) {
        char *block = make(heap, 24);
        block[24] = 'x';
        drop(heap, block, 24);
    }
    assert_int_equal(heap->host->fault_count, 10);
    assert_int_equal(heard.count, 4);
    assert_non_null(strstr(heard.messages[3], "3 faults were told"));
    heap_close(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_beyond_a_number_are_counted_alone),
        cmocka_unit_test(guards_find_a_block_whose_header_is_gone),
        cmocka_unit_test(guards_say_which_byte_has_changed),
        cmocka_unit_test(guards_trust_no_address_that_they_did_not_give),
        cmocka_unit_test(guards_find_a_second_free_at_once),
        cmocka_unit_test(guards_find_a_second_free_of_memory_that_is_gone),
        cmocka_unit_test(guards_survive_wrong_sizes_and_refused_growths),
        cmocka_unit_test(guards_fill_what_is_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
