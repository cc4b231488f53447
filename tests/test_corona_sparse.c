/* Large objects that the program hardly touches cost what it touches, whether their memory is new,
 * was used before, or lies where huge pages are asked for. All is told by what is resident. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>

#include "../allocators/corona/corona.h"
#include "../allocators/corona/settings.h"

enum { PAGE_BYTES = 4096, MIB = 1 << 20, TABLE_BYTES = 64 * MIB };

static size_t resident_pages(void *table)
{
    static unsigned char resident[TABLE_BYTES / PAGE_BYTES];
    size_t count = 0;
    assert_int_equal(mincore(table, TABLE_BYTES, resident), 0);
    for (size_t i = 0; i < TABLE_BYTES / PAGE_BYTES; i++) count += resident[i] & 1;
    return count;
}

/* But for some that lie where huge pages had been asked for, for a heap that was touched. */
static void is_hardly_resident(void *table, size_t touched)
{
    enum { HUGE_LEFT = 4, PAGES_A_HUGE = 2 * MIB / PAGE_BYTES };
    assert_in_range(resident_pages(table), touched, touched + HUGE_LEFT * PAGES_A_HUGE);
}

static int set_up(void **state)
{
    (void)state;
    settings_read_environment();
    corona_settings.purge_delay_ms = INT_MAX;
    corona_settings.huge_threshold_bytes = 32 * MIB;
    return 0;
}

static void memory_that_was_used_is_cleared_without_being_touched(void **state)
{
    (void)state;
    char *table = corona_malloc(TABLE_BYTES);
    assert_non_null(table);
    memset(table, 1, TABLE_BYTES);
    corona_free(table);
    char *again = corona_calloc(TABLE_BYTES - 1, 1);
    assert_ptr_equal(again, table);
    assert_int_equal(resident_pages(again), 0);
    for (size_t i = 0; i < TABLE_BYTES; i += 1000) assert_int_equal(again[i], 0);
    corona_free(again);
    corona_purge();
}

/* The first makes the heap large, and its pages are in use, but hold no memory. */
static void a_heap_that_is_hardly_touched_gets_no_huge_pages(void **state)
{
    (void)state;
    enum { TABLES = 6, TOUCHED = 16 };
    char *tables[TABLES];
    for (size_t i = 0; i < TABLES; i++) {
        tables[i] = corona_calloc(1, TABLE_BYTES);
        assert_non_null(tables[i]);
        for (size_t at = 0; at < TABLE_BYTES; at += TABLE_BYTES / TOUCHED) tables[i][at] = 1;
        is_hardly_resident(tables[i], TOUCHED);
    }
    for (size_t i = 0; i < TABLES; i++) corona_free(tables[i]);
    corona_purge();
}

/* All that is there is touched; that says little of what is much larger than it. */
static void a_table_beside_a_touched_heap_gets_no_huge_pages(void **state)
{
    (void)state;
    enum { FILLED = 40 };
    char *filled[FILLED];
    for (size_t i = 0; i < FILLED; i++) {
        filled[i] = corona_malloc(MIB);
        assert_non_null(filled[i]);
        memset(filled[i], 1, MIB);
    }
    char *table = corona_calloc(1, TABLE_BYTES);
    assert_non_null(table);
    for (size_t at = MIB; at < TABLE_BYTES; at += 8 * MIB) table[at] = 1;
    is_hardly_resident(table, TABLE_BYTES / MIB / 8);
    corona_free(table);
    for (size_t i = 0; i < FILLED; i++) corona_free(filled[i]);
    corona_purge();
}

/* In this order: the first needs a heap that holds nothing else. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_table_beside_a_touched_heap_gets_no_huge_pages, set_up),
        cmocka_unit_test_setup(a_heap_that_is_hardly_touched_gets_no_huge_pages, set_up),
        cmocka_unit_test_setup(memory_that_was_used_is_cleared_without_being_touched, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
