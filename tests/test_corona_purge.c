/* Free memory goes back to the system after the delay, at once when asked, and before the arena
 * grows while much lies idle. All is told by what is resident. Time is not waited for: the delay is
 * none or for ever. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "../allocators/corona/back_end.h"
#include "../allocators/corona/corona.h"
#include "../allocators/corona/settings.h"
#include "corona_runs_test.h"

enum { FOR_EVER_MS = INT_MAX, MIB = 1 << 20, GRANULES_A_MIB = MIB / GRANULE_BYTES };

static size_t resident_pages(size_t first, size_t granules)
{
    size_t pages = granules * PAGES_A_GRANULE, count = 0;
    unsigned char *resident = malloc(pages);
    assert_int_equal(
        mincore(block_start(block_of_granule(first)), granules * GRANULE_BYTES, resident), 0);
    for (size_t i = 0; i < pages; i++) count += resident[i] & 1;
    free(resident);
    return count;
}

static struct back_end_statistics statistics(void)
{
    struct back_end_statistics now;
    back_end_statistics(&now);
    return now;
}

static int set_up(void **state)
{
    (void)state;
    settings_read_environment();
    corona_settings.purge_delay_ms = FOR_EVER_MS;
    back_end_purge();
    return 0;
}

static void what_is_free_stays_resident_for_the_delay(void **state)
{
    (void)state;
    struct held_run run = hold_run(100, 1);
    size_t first = run.first;
    drop_run(&run);
    assert_int_equal(resident_pages(first, 100), 100 * PAGES_A_GRANULE);
    assert_int_equal(statistics().dirty_bytes, 100 * GRANULE_BYTES);
    run = hold_run(100, 1);
    assert_int_equal(run.first, first);
    drop_run(&run);
}

static void what_is_older_than_the_delay_goes_back(void **state)
{
    (void)state;
    struct held_run run = hold_run(100, 1);
    size_t first = run.first, purged = statistics().purged_bytes;
    corona_settings.purge_delay_ms = 0;
    drop_run(&run);
    assert_int_equal(resident_pages(first, 100), 0);
    assert_int_equal(statistics().dirty_bytes, 0);
    assert_int_equal(statistics().purged_bytes, purged + 100 * GRANULE_BYTES);
}

static void all_goes_back_when_asked(void **state)
{
    (void)state;
    struct held_run first = hold_run(10, 1), second = hold_run(1, 1), third = hold_run(20, 1);
    struct held_run fourth = hold_run(1, 1);
    size_t start = first.first;
    drop_run(&first);
    drop_run(&third);
    assert_int_equal(back_end_purge(), 30 * GRANULE_BYTES);
    assert_int_equal(resident_pages(start, 32), 2 * PAGES_A_GRANULE);
    assert_int_equal(back_end_purge(), 0);
    drop_run(&second);
    drop_run(&fourth);
}

/* Free dirty runs of 2 MiB with one granule between them, the first freed first. */
static void fill_with_holes(struct held_run *walls, struct held_run *holes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        holes[i] = hold_run(2 * GRANULES_A_MIB, 1);
        walls[i] = hold_run(1, 1);
    }
    for (size_t i = 0; i < count; i++) drop_run(&holes[i]);
}

static void the_oldest_idle_memory_pays_for_growth(void **state)
{
    (void)state;
    enum { HOLES = 5, ASKED_MIB = 5 };
    static const size_t left_mib[HOLES] = {0, 0, 1, 2, 2};
    struct held_run walls[HOLES], holes[HOLES];
    fill_with_holes(walls, holes, HOLES);
    assert_int_equal(statistics().dirty_bytes, 2 * HOLES * MIB);
    struct held_run large = hold_run(ASKED_MIB * GRANULES_A_MIB, 1);
    assert_int_equal(statistics().dirty_bytes, (2 * HOLES - ASKED_MIB) * MIB);
    for (size_t i = 0; i < HOLES; i++) {
        size_t pages = resident_pages(holes[i].first, 2 * GRANULES_A_MIB);
        assert_int_equal(pages, left_mib[i] * GRANULES_A_MIB * PAGES_A_GRANULE);
    }
    drop_run(&large);
    for (size_t i = 0; i < HOLES; i++) drop_run(&walls[i]);
}

static void little_idle_memory_is_left_alone(void **state)
{
    (void)state;
    struct held_run wall, hole;
    fill_with_holes(&wall, &hole, 1);
    struct held_run large = hold_run(4 * GRANULES_A_MIB, 1);
    assert_int_equal(statistics().dirty_bytes, 2 * MIB);
    drop_run(&large);
    drop_run(&wall);
}

/* Even so, what was written must not come back as zero. */
static void a_dirty_run_at_the_top_is_lengthened(void **state)
{
    (void)state;
    struct held_run run = hold_run(50, 1);
    size_t first = run.first;
    bool is_zero;
    drop_run(&run);
    assert_int_equal(back_end_take(120, 1, &is_zero), first);
    assert_false(is_zero);
    back_end_give(first);
}

static void growth_tells_of_what_was_added(void **state)
{
    (void)state;
    bool is_zero;
    struct held_run run = hold_run(10, 1), behind = hold_run(10, 1), wall = hold_run(1, 1);
    drop_run(&behind);
    assert_true(back_end_grow(run.first, 15, &is_zero));
    assert_false(is_zero);
    back_end_purge();
    assert_true(back_end_grow(run.first, 20, &is_zero));
    assert_true(is_zero);
    assert_false(back_end_grow(run.first, 21, &is_zero));
    assert_true(back_end_grow(wall.first, 30, &is_zero));
    assert_true(is_zero);
    back_end_give(run.first);
    back_end_give(wall.first);
    runs_are_sound(0);
}

static void a_dirty_run_is_lengthened_by_clean_memory_beside_it(void **state)
{
    (void)state;
    enum { WHOLE = 400, DIRTY = 200, TAKEN = 300 };
    struct held_run run = hold_run(WHOLE, 1), wall = hold_run(WHOLE, 1);
    size_t first = run.first;
    assert_int_equal(wall.first, first + WHOLE);
    back_end_shrink(first, DIRTY);
    run.granules = DIRTY;
    back_end_purge();
    drop_run(&run);
    size_t dirty_bytes = statistics().dirty_bytes, purged_bytes = statistics().purged_bytes;
    bool is_zero = true;
    assert_int_equal(back_end_take(TAKEN, 1, &is_zero), first);
    assert_false(is_zero);
    assert_int_equal(resident_pages(first, TAKEN), DIRTY * PAGES_A_GRANULE);
    assert_int_equal(statistics().dirty_bytes, dirty_bytes - DIRTY * GRANULE_BYTES);
    assert_int_equal(statistics().purged_bytes, purged_bytes);
    back_end_give(first);
    drop_run(&wall);
}

enum { LARGE_BYTES = 40 << 10, LARGE_COUNT = 100, SMALL_COUNT = 100000, ONE_IN = 64 };

/* A list through the blocks themselves, as malloc is the C library's here. */
static void hold_many(void **list, size_t count, size_t bytes)
{
    for (size_t i = 0; i < count; i++) {
        void **block = corona_malloc(bytes);
        assert_non_null(block);
        *block = *list;
        *list = block;
    }
}

static void free_all(void *list)
{
    while (list != NULL) {
        void *next = *(void **)list;
        corona_free(list);
        list = next;
    }
}

static void free_one_in(void **list, size_t distance)
{
    for (size_t i = 0; *list != NULL; i++) {
        void **block = *list;
        if (i % distance == 0) {
            *list = *block;
            corona_free(block);
        } else {
            list = block;
        }
    }
}

static void a_thread_that_needs_no_run_gives_idle_ones_back(void **state)
{
    (void)state;
    void *large = NULL, *small = NULL;
    hold_many(&small, SMALL_COUNT, 1);
    free_one_in(&small, ONE_IN);
    hold_many(&large, LARGE_COUNT, LARGE_BYTES);
    free_all(large);
    size_t dirty_bytes = statistics().dirty_bytes, used_bytes = statistics().used_bytes;
    assert_true(dirty_bytes > 2 * MIB);
    corona_settings.purge_delay_ms = 0;
    /* These find room in the blocks that are there, a few in each. */
    hold_many(&small, SMALL_COUNT / ONE_IN, 1);
    assert_int_equal(statistics().used_bytes, used_bytes);
    assert_int_equal(statistics().dirty_bytes, 0);
    free_all(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_free_stays_resident_for_the_delay, set_up),
        cmocka_unit_test_setup(what_is_older_than_the_delay_goes_back, set_up),
        cmocka_unit_test_setup(all_goes_back_when_asked, set_up),
        cmocka_unit_test_setup(the_oldest_idle_memory_pays_for_growth, set_up),
        cmocka_unit_test_setup(little_idle_memory_is_left_alone, set_up),
        cmocka_unit_test_setup(a_dirty_run_at_the_top_is_lengthened, set_up),
        cmocka_unit_test_setup(a_dirty_run_is_lengthened_by_clean_memory_beside_it, set_up),
        cmocka_unit_test_setup(growth_tells_of_what_was_added, set_up),
        cmocka_unit_test_setup(a_thread_that_needs_no_run_gives_idle_ones_back, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
