/* Pointers that are no block's, and writes where nothing may be written. Any build tells at once of
 * a pointer from elsewhere; CORONA_DEBUG also of one into a block, of a write after a free and of
 * one past a block's end into a free one. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>

#include "../allocators/corona/back_end.h"
#include "../allocators/corona/settings.h"
#include "corona_child_test.h"
#include "corona_blocks_test.h"

enum { COUNT = 100, SIZE = 100, LARGE_SIZE = 200000 };

static char *blocks[COUNT], *middle;

static void fill_blocks(size_t size)
{
    for (size_t i = 0; i < COUNT; i++) expect((blocks[i] = corona_malloc(size)) != NULL);
    middle = blocks[COUNT / 2];
}

static void free_blocks(void)
{
    for (size_t i = 0; i < COUNT; i++) corona_free(blocks[i]);
}

/* ---- pointers that are no block's */

static int of_program;
static void *pointer;

static void *on_the_stack(void)
{
    return __builtin_frame_address(0);
}

static void *in_the_program(void)
{
    return &of_program;
}

static void *near_null(void)
{
    return (void *)(uintptr_t)8;
}

static void *of_libc(void)
{
    return malloc(SIZE);
}

static void *of_libc_large(void)
{
    return malloc(LARGE_SIZE);
}

static void *not_canonical(void)
{
    return (void *)(uintptr_t)0xDEADBEEFDEADBEEF;
}

static void *of_the_kernel(void)
{
    return (void *)-(uintptr_t)16;
}

static void *in_the_table(void)
{
    return block_of_granule((size_t)((uintptr_t)middle - corona_arena.base) >> GRANULE_SHIFT);
}

static void *in_the_metadata(void)
{
    return back_end_metadata(64);
}

static void *not_yet_used(void)
{
    return block_start(block_of_granule(arena_granules() - 1));
}

static void *beyond_what_is_usable(void)
{
    return block_start(block_of_granule(arena_granules() + 5));
}

static void *below_the_arena(void)
{
    return (void *)(corona_arena.base - 4096);
}

static void *in_a_large_block(void)
{
    return (char *)corona_malloc(LARGE_SIZE) + 64;
}

static void *in_a_large_block_further_on(void)
{
    return (char *)corona_malloc(LARGE_SIZE) + GRANULE_BYTES;
}

static void *(*const foreign[])(void) = {
    on_the_stack,     in_the_program,
    near_null,        of_libc,
    of_libc_large,    not_canonical,
    of_the_kernel,    in_the_table,
    in_the_metadata,  not_yet_used,
    below_the_arena,  beyond_what_is_usable,
    in_a_large_block, in_a_large_block_further_on,
};

static void *in_a_small_block(void)
{
    return middle + 16;
}

static void *askew_in_a_small_block(void)
{
    return middle + 8;
}

static void *in_a_block_of_a_page(void)
{
    return (char *)corona_malloc(4096) + 256;
}

static void *in_a_block_of_many_granules(void)
{
    return (char *)corona_malloc(30000) + GRANULE_BYTES;
}

static void *(*const inner[])(void) = {
    in_a_small_block,
    askew_in_a_small_block,
    in_a_block_of_a_page,
    in_a_block_of_many_granules,
};

static void free_pointer(void)
{
    corona_free(pointer);
}

static void resize_pointer(void)
{
    corona_realloc(pointer, 300);
}

static void ask_usable(void)
{
    of_program = (int)corona_usable_size(pointer);
}

static void *free_there(void *unused)
{
    corona_free(pointer);
    return unused;
}

static void free_elsewhere(void)
{
    pthread_t thread;
    expect(pthread_create(&thread, NULL, free_there, NULL) == 0);
    pthread_join(thread, NULL);
}

static void (*const calls[])(void) = {free_pointer, free_elsewhere, resize_pointer, ask_usable};

static struct {
    void *(*find)(void);
    void (*call)(void);
    bool is_debugging;
} trial;

static void try_pointer(void *unused)
{
    (void)unused;
    corona_settings.is_debugging = trial.is_debugging;
    fill_blocks(SIZE);
    pointer = trial.find();
    trial.call();
}

static void each_is_told_of(void *(*const *finds)(void), size_t count, bool is_debugging)
{
    for (size_t i = 0; i < count * 4; i++) {
        trial.find = finds[i / 4];
        trial.call = calls[i % 4];
        trial.is_debugging = is_debugging;
        child_complains(try_pointer, NULL, "it lies inside|not allocated here");
    }
}

static void foreign_pointers_are_told_of(void **state)
{
    (void)state;
    each_is_told_of(foreign, sizeof foreign / sizeof *foreign, false);
    each_is_told_of(foreign, sizeof foreign / sizeof *foreign, true);
}

static void debugging_tells_of_pointers_into_blocks(void **state)
{
    (void)state;
    each_is_told_of(inner, sizeof inner / sizeof *inner, true);
}

static void before_the_first_block(void *unused)
{
    (void)unused;
    corona_free(NULL);
    corona_free(&of_program);
}

static void a_foreign_pointer_may_come_first(void **state)
{
    (void)state;
    child_complains(before_the_first_block, NULL, "not allocated here");
}

/* ---- writes where nothing may be written */

static void overflow(void *length)
{
    corona_settings.is_debugging = true;
    fill_blocks(SIZE);
    size_t usable = corona_usable_size(middle);
    corona_free(middle + usable); /* its neighbour, by this */
    memset(middle, 0, usable + (uintptr_t)length);
    corona_free(middle);
}

static void an_overflow_into_a_free_block_is_told_of(void **state)
{
    (void)state;
    for (uintptr_t length = 1; length < 64; length *= 3)
        child_complains(overflow, (void *)length, "overflow");
}

static void write_after_free(void *place)
{
    corona_settings.is_debugging = true;
    fill_blocks(SIZE);
    corona_free(middle);
    middle[(uintptr_t)place] ^= 1;
    fill_blocks(SIZE);
}

static void write_after_all_are_free(void *place)
{
    corona_settings.is_debugging = true;
    for (int i = 0; i < 10; i++) fill_blocks(SIZE);
    fill_blocks(SIZE);
    free_blocks();
    middle[(uintptr_t)place] ^= 1;
    corona_purge();
}

static void write_in_the_mail(void *place)
{
    corona_settings.is_debugging = true;
    fill_blocks(SIZE);
    pointer = middle;
    free_elsewhere();
    middle[(uintptr_t)place] ^= 1;
    for (int i = 0; i < 10; i++) fill_blocks(SIZE);
}

static void a_write_after_a_free_is_told_of(void **state)
{
    (void)state;
    static void (*const writes[])(void *place) = {write_after_free, write_after_all_are_free,
                                                  write_in_the_mail};
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
        for (uintptr_t place = i < 2 ? 0 : 8; place < SIZE; place += 33)
            child_complains(writes[i], (void *)place, "after it was freed");
    }
}

static void spoil_links(void *unused)
{
    (void)unused;
    fill_blocks(SIZE);
    corona_free(middle);
    *(uintptr_t *)middle = 0x4141414141414141;
    fill_blocks(SIZE);
}

/* Where it would lead astray. */
static void a_spoilt_link_is_told_of_in_any_build(void **state)
{
    (void)state;
    child_complains(spoil_links, NULL, "link");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(foreign_pointers_are_told_of),
        cmocka_unit_test(debugging_tells_of_pointers_into_blocks),
        cmocka_unit_test(a_foreign_pointer_may_come_first),
        cmocka_unit_test(an_overflow_into_a_free_block_is_told_of),
        cmocka_unit_test(a_write_after_a_free_is_told_of),
        cmocka_unit_test(a_spoilt_link_is_told_of_in_any_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
