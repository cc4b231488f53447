/* What frame promises beyond the contract, and the figures that it and bump keep: a heap that frees
 * nothing says how much that costs, and ends in a call a frame. */
#include "heap_test.h"

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t abandoned(const struct heap *heap)
{
    return figure_of(heap, "abandoned");
}

static void a_frame_too_small_for_anything_is_refused(void **state)
{
    (void)state;
    struct error error = {""};
    assert_null(heap_open("frame:size=100", &error));
    assert_non_null(strstr(error.text, "size=100 is not allowed: give 4K .. 1T"));
}

static void blocks_are_16_byte_aligned_and_the_last_grows_in_place(void **state)
{
    (void)state;
    struct heap *heap = open_spec("frame");
    char *first = make(heap, 5), *last = make(heap, 17);
    assert_int_equal((uintptr_t)first % 16, 0);
    assert_ptr_equal(last, first + 16);
    assert_ptr_equal(resize(heap, last, 17, 1000), last);
    assert_ptr_equal(make(heap, 1), last + 1008);
    assert_ptr_not_equal(resize(heap, last, 1000, 1009), last);
    heap_close(heap);
}

static void a_full_frame_is_followed_by_one_of_its_size(void **state)
{
    (void)state;
    struct heap *heap = open_spec("frame:size=4K");
    for (size_t frames = 1; frames < 10; frames++) {
        assert_int_equal(totals_of(heap).largest_free_bytes, 4096 * (frames == 1));
        make(heap, 4000);
        make(heap, 96);
        assert_int_equal(figure_of(heap, "frames"), frames);
    }
    heap_close(heap);
}

static void a_block_larger_than_a_frame_gets_its_own(void **state)
{
    (void)state;
    struct heap *heap = open_spec("frame:size=4K");
    char *first = make(heap, 16), *large = make(heap, 100001);
    large[100000] = 1;
    assert_int_equal(figure_of(heap, "frames"), 2);
    assert_int_equal(figure_of(heap, "used"), 16 + 100016);
    assert_ptr_equal(make(heap, 16), first + 16); /* the frame goes on */
    heap_close(heap);
}

static void bytes_used_abandoned_and_left_are_counted(void **state)
{
    (void)state;
    struct heap *heap = open_spec("frame:size=4K");
    char *one = make(heap, 100), *two = make(heap, 100);
    drop(heap, one, 100);
    assert_int_equal(abandoned(heap), 112);
    two = resize(heap, two, 100, 20);
    assert_int_equal(abandoned(heap), 112 + 80);
    make(heap, 16);
    two = resize(heap, two, 20, 200); /* copied: its old place is lost */
    assert_int_equal(abandoned(heap), 112 + 112);
    assert_int_equal(figure_of(heap, "used"), 112 + 112 + 16 + 208);
    assert_int_equal(totals_of(heap).usable_bytes, 16 + 208);
    assert_int_equal(totals_of(heap).live_bytes, 216);
    make(heap, 4000);
    assert_int_equal(figure_of(heap, "left in full frames"), 4096 - 448);
    heap_close(heap);
}

static void the_peak_is_of_what_was_alive_at_once(void **state)
{
    (void)state;
    struct heap *heap = open_spec("frame");
    for (size_t i = 0; i < 10; i++) drop(heap, make(heap, 1000), 1000);
    assert_int_equal(figure_of(heap, "peak of live bytes"), 1000);
    make(heap, 700);
    make(heap, 700);
    assert_int_equal(figure_of(heap, "peak of live bytes"), 1400);
    heap_close(heap);
}

static void without_growth_the_frame_is_a_bound(void **state)
{
    (void)state;
    struct heap *heap = open_spec("frame:size=4K,grow=no");
    char *block = memset(make(heap, 4000), 'x', 4000);
    assert_null(make(heap, 97));
    assert_null(resize(heap, block, 4000, 4097));
    assert_int_equal(block[3999], 'x');
    assert_ptr_equal(resize(heap, block, 4000, 4096), block);
    assert_null(make(heap, 1));
    assert_ptr_equal(resize(heap, block, 4096, 1), block); /* never fails */
    assert_int_equal(totals_of(heap).capacity_bytes, totals_of(heap).footprint_bytes);
    heap_close(heap);
}

static void bump_doubles_where_frame_repeats(void **state)
{
    (void)state;
    struct heap *bump = open_spec("bump:size=4K"), *frame = open_spec("frame:size=4K");
    for (size_t i = 0; i < 31; i++) make(bump, 4096), make(frame, 4096);
    assert_int_equal(figure_of(bump, "buffers"), 5); /* 1 + 2 + 4 + 8 + 16 */
    assert_int_equal(figure_of(frame, "frames"), 31);
    heap_close(bump);
    heap_close(frame);
}

static bool is_mapped(const void *block)
{
    unsigned char is_in;
    uintptr_t page = (uintptr_t)block & ~(uintptr_t)(sysconf(_SC_PAGESIZE) - 1);
    return mincore((void *)page, 1, &is_in) == 0;
}

/* A state over several frames, one of which is a string's own. */
static void a_state_is_dropped_with_its_frames(void **state)
{
    (void)state;
    struct heap *heap = open_spec("frame:size=64K");
    lua_State *L = lua_newstate(heap->resize, heap->state);
    assert_non_null(L);
    luaL_openlibs(L);
    assert_int_equal(luaL_dostring(L, "t = {} for i = 1, 1000 do t[i] = {i} end\n"
                                      "s = string.rep('x', 100000)"),
                     0);
    lua_getglobal(L, "s");
    const char *text = lua_tostring(L, -1);
    assert_true(figure_of(heap, "frames") > 3);
    assert_true(is_mapped(L) && is_mapped(text));
    heap_close(heap);
    assert_false(is_mapped(L) || is_mapped(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_too_small_for_anything_is_refused),
        cmocka_unit_test(blocks_are_16_byte_aligned_and_the_last_grows_in_place),
        cmocka_unit_test(a_full_frame_is_followed_by_one_of_its_size),
        cmocka_unit_test(a_block_larger_than_a_frame_gets_its_own),
        cmocka_unit_test(bytes_used_abandoned_and_left_are_counted),
        cmocka_unit_test(the_peak_is_of_what_was_alive_at_once),
        cmocka_unit_test(without_growth_the_frame_is_a_bound),
        cmocka_unit_test(bump_doubles_where_frame_repeats),
        cmocka_unit_test(a_state_is_dropped_with_its_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
