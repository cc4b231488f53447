/* What the series of fragmentation stands on: exact resident memory, usable bytes of mallocs that
 * do not count, litter that is the same on every heap, and that an impossible sample is told. */
#include "heap_test.h"

#include <malloc.h>

#include "../allocators/pages.h"
#include "../harness/series/aging.h"
#include "../harness/series/resident.h"
#include "../harness/series/series.h"
#include "../harness/series/usable.h"

static void test_resident_memory_follows_single_pages(void **state)
{
    (void)state;
    struct resident_reader reader;
    struct error error = {""};
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    assert_true(resident_open(&reader, &error));
    volatile char *pages = pages_map(3 * page);
    uint64_t before = resident_read(&reader);
    pages[0] = pages[2 * page] = 1;
    assert_int_equal(resident_read(&reader) - before, 2 * page);
    pages_unmap((void *)pages, 3 * page);
    assert_int_equal(resident_read(&reader), before);
    resident_close(&reader);
}

static void test_usable_bytes_of_libc_are_counted_block_by_block(void **state)
{
    (void)state;
    struct usable_watch watch;
    struct heap *heap = open_spec("libc");
    usable_open(&watch, heap);
    void *first = heap->resize(heap->state, NULL, 0, 33);
    void *second = heap->resize(heap->state, NULL, 0, 1000);
    size_t expected = malloc_usable_size(first) + malloc_usable_size(second);
    assert_int_equal(usable_read(&watch, heap, 1033), expected);
    second = heap->resize(heap->state, second, 1000, 5000);
    heap->resize(heap->state, first, 33, 0);
    assert_int_equal(usable_read(&watch, heap, 5000), malloc_usable_size(second));
    heap->resize(heap->state, second, 5000, 0);
    assert_int_equal(usable_read(&watch, heap, 0), 0);
    usable_close(&watch);
    heap_close(heap);
}

static void test_rounding_of_a_pool_and_of_its_backing_is_in_usable_bytes(void **state)
{
    (void)state;
    struct usable_watch watch;
    struct heap *heap = open_spec("fixed-pool:size=64+libc");
    usable_open(&watch, heap);
    void *own = heap->resize(heap->state, NULL, 0, 33);
    void *other = heap->resize(heap->state, NULL, 0, 1001);
    assert_int_equal(usable_read(&watch, heap, 1034), 64 + malloc_usable_size(other));
    heap->resize(heap->state, own, 33, 0);
    heap->resize(heap->state, other, 1001, 0);
    assert_int_equal(usable_read(&watch, heap, 0), 0);
    usable_close(&watch);
    heap_close(heap);
}

static uint64_t litter(const char *spec, uint64_t seed)
{
    struct aging aging;
    struct error error = {""};
    struct heap *heap = open_spec(spec);
    assert_true(aging_open(&aging, 1 << 20, &error));
    assert_int_equal(aging_litter(&aging, heap, seed, &error), OUTCOME_OK);
    uint64_t live = count_calls(heap)->live_bytes;
    assert_in_range(count_calls(heap)->peak_live_bytes, 2 << 20, 3 << 20);
    assert_in_range(live, (2 << 20) / 12, (2 << 20) / 5);
    aging_clear(&aging, heap);
    assert_int_equal(count_calls(heap)->live_bytes, 0);
    aging_close(&aging);
    heap_close(heap);
    return live;
}

static void test_litter_is_the_same_on_every_heap_and_drawn_from_the_seed(void **state)
{
    (void)state;
    uint64_t live = litter("count+tiered", 1);
    assert_int_equal(litter("count+buddy", 1), live);
    assert_int_not_equal(litter("count+tiered", 2), live);
}

/* Every block of `null` lies at one address, so far less is resident than alive. */
static void test_less_resident_than_alive_is_a_wrong_answer(void **state)
{
    (void)state;
    static struct cell_result result;
    struct workload workload;
    struct cell_request request = {.spec = "null", .parameter = 10000 << SERIES_FLAG_BITS};
    assert_true(workload_find("free-lifo", &workload, &result.error));
    void *job = workload.kind->prepare(&workload, 1, &result.error);
    assert_non_null(job);
    enum outcome outcome = series_fragmentation(&workload, job, &request, &result);
    assert_int_equal(outcome, OUTCOME_WRONG_ANSWER);
    if (!strstr(result.error.text, "which cannot be")) fail_msg("%s", result.error.text);
    result.row_count = 0;
    request.spec = "tiered";
    outcome = series_fragmentation(&workload, job, &request, &result);
    assert_int_equal(outcome, OUTCOME_OK);
    workload.kind->finish(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resident_memory_follows_single_pages),
        cmocka_unit_test(test_usable_bytes_of_libc_are_counted_block_by_block),
        cmocka_unit_test(test_rounding_of_a_pool_and_of_its_backing_is_in_usable_bytes),
        cmocka_unit_test(test_litter_is_the_same_on_every_heap_and_drawn_from_the_seed),
        cmocka_unit_test(test_less_resident_than_alive_is_a_wrong_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
