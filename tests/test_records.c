/* records: what it knows of live blocks, and which wrong calls it finds. */
#include "records_test.h"

/* ---- what is known of a live block */

static void sizes_ages_and_lines_are_known(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records+libc");
    void *old = records_test_allocates(heap, 40, 7);
    clock_ns += 5000000000;
    for (int i = 0; i < 20; i++) records_test_frees(heap, make(heap, 8), 8, 8);
    void *young = records_test_allocates(heap, 64, 9);
    struct block_record record = find(heap, old);
    assert_int_equal(record.size, 40);
    assert_int_equal(record.age_calls, 41);
    assert_true(record.age_seconds > 4.9 && record.age_seconds < 5.1);
    assert_string_equal(record.source, "program.lua");
    assert_int_equal(record.line, 7);
    record = find(heap, young);
    assert_int_equal(record.age_calls, 0);
    assert_true(record.age_seconds < 0.1);
    assert_int_equal(record.line, 9);
    assert_int_equal(totals_of(heap).live_bytes, 104);
    drop(heap, old, 40);
    drop(heap, young, 64);
    close_quietly(heap);
}

static bool names(const struct block_record *record, const char *function)
{
    char name[256];
    for (size_t i = 0; i < record->frame_count; i++) {
        name_code(NULL, record->frames[i], name, sizeof name);
        if (!strcmp(name, function)) return true;
    }
    return false;
}

void *records_test_goes_deeper(const struct heap *heap, int depth);

__attribute__((noinline)) void *records_test_goes_deeper(const struct heap *heap, int depth)
{
    void *block = depth ? records_test_goes_deeper(heap, depth - 1) : make(heap, 16);
    __asm__ volatile("" ::: "memory"); /* so that it is no jump */
    return block;
}

static void stacks_name_who_asked(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records:depth=8+libc");
    for (int round = 0; round < 3; round++) {
        void *block = records_test_allocates(heap, 40, 1);
        struct block_record record = find(heap, block);
        assert_true(names(&record, "records_test_allocates"));
        assert_int_equal(record.frame_count, 8);
        drop(heap, block, 40);
        block = records_test_goes_deeper(heap, 3);
        record = find(heap, block);
        assert_true(names(&record, "records_test_goes_deeper"));
        assert_false(names(&record, "records_test_allocates"));
        drop(heap, block, 16);
    }
    close_quietly(heap);
}

static void a_stack_is_recognised_where_it_comes_again(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records:depth=32+libc");
    void *blocks[12][4];
    for (int round = 0; round < 4; round++) {
        for (int depth = 0; depth < 12; depth++) {
            blocks[depth][round] = records_test_goes_deeper(heap, depth);
        }
    }
    assert_true(figure_of(heap, "stacks walked") < 20);
    size_t least = find(heap, blocks[0][0]).frame_count;
    for (int depth = 0; depth < 12; depth++) {
        const void *const *frames = find(heap, blocks[depth][0]).frames;
        for (int round = 0; round < 4; round++) {
            struct block_record record = find(heap, blocks[depth][round]);
            assert_int_equal(record.frame_count, least + (size_t)depth);
            assert_ptr_equal(record.frames, frames);
            drop(heap, blocks[depth][round], 16);
        }
    }
    close_quietly(heap);
}

/* Of one size, so that what they call has its frame at one place. */
void *records_test_goes_one_way(const struct heap *heap);
void *records_test_goes_another_way(const struct heap *heap);

__attribute__((noinline)) void *records_test_goes_one_way(const struct heap *heap)
{
    void *block = records_test_allocates(heap, 40, 1);
    __asm__ volatile("" ::: "memory");
    return block;
}

__attribute__((noinline)) void *records_test_goes_another_way(const struct heap *heap)
{
    void *block = records_test_allocates(heap, 40, 2);
    __asm__ volatile("" ::: "memory");
    return block;
}

static void stacks_that_differ_further_out_are_told_apart(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records+libc");
    for (int round = 0; round < 3; round++) {
        void *one = records_test_goes_one_way(heap), *other = records_test_goes_another_way(heap);
        struct block_record of_one = find(heap, one), of_other = find(heap, other);
        assert_true(names(&of_one, "records_test_goes_one_way"));
        assert_true(names(&of_other, "records_test_goes_another_way"));
        drop(heap, one, 40);
        drop(heap, other, 40);
    }
    close_quietly(heap);
}

static void lines_far_apart_are_told_apart(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records+libc");
    void *blocks[20];
    for (int i = 0; i < 20; i++) blocks[i] = records_test_allocates(heap, 40, 1 + 128 * (i % 10));
    for (int i = 0; i < 20; i++) {
        assert_int_equal(find(heap, blocks[i]).line, 1 + 128 * (i % 10));
        drop(heap, blocks[i], 40);
    }
    close_quietly(heap);
}

static void what_is_not_wanted_is_not_noted(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records:stacks=no,lines=no+libc");
    void *block = records_test_allocates(heap, 40, 1);
    struct block_record record = find(heap, block);
    assert_null(record.source);
    assert_int_equal(record.frame_count, 0);
    drop(heap, block, 40);
    close_quietly(heap);
}

/* ---- wrong calls */

static void a_double_free_is_told_with_both_places(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records+libc");
    void *block = records_test_allocates(heap, 40, 12);
    records_test_frees(heap, block, 40, 34);
    records_test_frees(heap, block, 40, 56);
    const char *message = heard_of(FAULT_DOUBLE_FREE);
    assert_non_null(message);
    assert_true(has_block(message, block, 40));
    has(message, "allocated at call 1, 0.00 seconds ago, in program.lua:12\n    #0 ");
    has(message, "freed at call 2, 0.00 seconds ago, in program.lua:34\n    #0 ");
    has(message, "now in program.lua:56");
    has(strstr(message, "allocated at"), "records_test_allocates");
    has(strstr(message, "freed at"), "records_test_frees");
    assert_int_equal(heap->host->fault_count, 1);
    heard.count = 0;
    close_quietly(heap);
}

/* Of other addresses than the block's, which are not handed out again either. */
static void a_double_free_is_told_after_thousands_of_frees(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records+quarantine:blocks=8192+libc");
    void *block = records_test_allocates(heap, 40, 12);
    records_test_frees(heap, block, 40, 34);
    for (int i = 0; i < 5000; i++) drop(heap, make(heap, 40), 40);
    records_test_frees(heap, block, 40, 56);
    has(heard_of(FAULT_DOUBLE_FREE), "it was freed 10001 calls ago");
    heard.count = 0;
    close_quietly(heap);
}

static void the_history_has_an_end(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records:history=100+quarantine:blocks=8192+libc");
    void *first = records_test_allocates(heap, 40, 1);
    records_test_frees(heap, first, 40, 2);
    for (int i = 0; i < 99; i++) drop(heap, make(heap, 40), 40);
    records_test_frees(heap, first, 40, 3);
    assert_non_null(heard_of(FAULT_DOUBLE_FREE));
    heard.count = 0;
    drop(heap, make(heap, 40), 40);
    assert_int_equal((int)figure_of(heap, "freed blocks remembered"), 100);
    records_test_frees(heap, first, 40, 4);
    assert_non_null(heard_of(FAULT_INVALID_FREE));
    heard.count = 0;
    close_quietly(heap);
}

static void without_a_history_a_double_free_is_an_invalid_one(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records:history=0+libc");
    void *block = records_test_allocates(heap, 40, 1);
    records_test_frees(heap, block, 40, 2);
    records_test_frees(heap, block, 40, 3);
    assert_non_null(heard_of(FAULT_INVALID_FREE));
    heard.count = 0;
    close_quietly(heap);
}

static void an_address_that_is_handed_out_again_is_not_freed_twice(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records:history=64+tiered");
    void *first = records_test_allocates(heap, 40, 1);
    records_test_frees(heap, first, 40, 2);
    size_t again = 0;
    for (int i = 0; i < 1000; i++) {
        void *block = records_test_allocates(heap, 40, 3);
        again += block == first;
        records_test_frees(heap, block, 40, 4);
    }
    assert_true(again > 0);
    close_quietly(heap);
}

/* Its free leaves the history after it was handed out again: the block must stay known. */
static void a_block_in_its_second_life_outlives_the_history_of_its_first(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records:history=8+tiered");
    void *first = records_test_allocates(heap, 40, 1);
    records_test_frees(heap, first, 40, 2);
    void *second = NULL;
    for (int i = 0; i < 10000 && second != first; i++) second = records_test_allocates(heap, 40, 3);
    assert_ptr_equal(first, second);
    for (int i = 0; i < 20; i++) drop(heap, make(heap, 1000), 1000);
    assert_int_equal(find(heap, second).line, 3);
    records_test_frees(heap, second, 40, 4);
    assert_int_equal(heard.count, 0);
    heap_close(heap);
}

static void an_unknown_address_is_not_freed(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records+libc");
    static char elsewhere[16];
    records_test_frees(heap, elsewhere, 16, 5);
    const char *message = heard_of(FAULT_INVALID_FREE);
    assert_non_null(message);
    assert_true(has_block(message, elsewhere, 16));
    has(message, "now in program.lua:5");
    heard.count = 0;
    assert_null(resize(heap, elsewhere, 16, 32));
    has(heard_of(FAULT_INVALID_FREE), "a resize of");
    heard.count = 0;
    close_quietly(heap);
}

static void an_interior_address_is_told_with_its_block(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records+libc");
    char *block = records_test_allocates(heap, 100, 12);
    records_test_frees(heap, block + 24, 76, 34);
    const char *message = heard_of(FAULT_INTERIOR_FREE);
    assert_non_null(message);
    assert_true(has_block(message, block, 100));
    has(message, "which is 24 bytes into it");
    has(message, "allocated at call 1, 0.00 seconds ago, in program.lua:12");
    heard.count = 0;
    records_test_frees(heap, block + 100, 1, 35);
    assert_null(heard_of(FAULT_INTERIOR_FREE));
    heard.count = 0;
    drop(heap, block, 100);
    close_quietly(heap);
}

static void a_freed_block_is_not_resized(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records+libc");
    void *block = records_test_allocates(heap, 40, 12);
    records_test_frees(heap, block, 40, 34);
    void *result = resize(heap, block, 40, 80);
    assert_null(result);
    const char *message = heard_of(FAULT_RESIZE_OF_FREED);
    has(message, "allocated at call 1, ");
    has(message, "freed at call 2, 0.00 seconds ago, in program.lua:34");
    heard.count = 0;
    close_quietly(heap);
}

/* What a resize has left behind was freed by it. */
static void the_old_address_of_a_block_that_moved_is_freed(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records+quarantine+libc");
    void *block = records_test_allocates(heap, 40, 12);
    here.line = 34;
    void *moved = resize(heap, block, 40, 4000);
    assert_ptr_not_equal(moved, block);
    assert_int_equal(find(heap, moved).line, 34);
    records_test_frees(heap, block, 40, 56);
    has(heard_of(FAULT_DOUBLE_FREE), "freed at call 2, 0.00 seconds ago, in program.lua:34");
    heard.count = 0;
    drop(heap, moved, 4000);
    close_quietly(heap);
}

static size_t passed_on; /* the old size that came through */

static void *watch(void *state, void *block, size_t old_size, size_t new_size)
{
    const struct heap *heap = state;
    if (block) passed_on = old_size;
    return heap->resize(heap->state, block, old_size, new_size);
}

static void a_wrong_old_size_is_set_right(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records+libc"), watched = *heap->inner;
    resize_fn **inner_resize = &heap->inner->resize;
    void **inner_state = &heap->inner->state;
    *inner_resize = watch;
    *inner_state = &watched;
    char *block = records_test_allocates(heap, 40, 12);
    block = resize(heap, block, 41, 80);
    const char *message = heard_of(FAULT_WRONG_OLD_SIZE);
    assert_non_null(message);
    has(message, " of 40 bytes: ");
    has(message, "says 41 bytes");
    assert_int_equal(passed_on, 40);
    heard.count = 0;
    records_test_frees(heap, block, 72, 13);
    has(heard_of(FAULT_WRONG_OLD_SIZE), "says 72 bytes");
    assert_int_equal(passed_on, 80);
    heard.count = 0;
    *inner_resize = watched.resize;
    *inner_state = watched.state;
    close_quietly(heap);
}

static void a_program_may_end_at_its_first_fault(const struct heap *heap)
{
    static char elsewhere[16];
    heap->host->aborts = true;
    resize(heap, elsewhere, 16, 0);
}

static void a_host_may_want_to_abort(void **state)
{
    (void)state;
    assert_int_equal(signal_of(a_program_may_end_at_its_first_fault, "records+libc"), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_ages_and_lines_are_known),
        cmocka_unit_test(stacks_name_who_asked),
        cmocka_unit_test(a_stack_is_recognised_where_it_comes_again),
        cmocka_unit_test(stacks_that_differ_further_out_are_told_apart),
        cmocka_unit_test(lines_far_apart_are_told_apart),
        cmocka_unit_test(what_is_not_wanted_is_not_noted),
        cmocka_unit_test(a_double_free_is_told_with_both_places),
        cmocka_unit_test(a_double_free_is_told_after_thousands_of_frees),
        cmocka_unit_test(the_history_has_an_end),
        cmocka_unit_test(without_a_history_a_double_free_is_an_invalid_one),
        cmocka_unit_test(an_address_that_is_handed_out_again_is_not_freed_twice),
        cmocka_unit_test(a_block_in_its_second_life_outlives_the_history_of_its_first),
        cmocka_unit_test(an_unknown_address_is_not_freed),
        cmocka_unit_test(an_interior_address_is_told_with_its_block),
        cmocka_unit_test(a_freed_block_is_not_resized),
        cmocka_unit_test(the_old_address_of_a_block_that_moved_is_freed),
        cmocka_unit_test(a_wrong_old_size_is_set_right),
        cmocka_unit_test(a_host_may_want_to_abort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
