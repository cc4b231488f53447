/* What slab promises beyond the contract: which slab an object is of, what becomes of empty slabs,
 * and counts that are exact. A slab of 4 KiB holds 64 objects of 64 bytes. */
#include "heap_test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SMALL_SLABS "slab:slab=4K,keep-share=0,keep="

enum { SLAB_BYTES = 4096, OBJECT_BYTES = 64, OBJECTS = 64, SLABS = 100, ALL = SLABS * OBJECTS };

static char *objects[ALL];

/* The row of the cache that serves a size. */
static struct tier_statistics cache_of(const struct heap *heap, size_t size)
{
    size_t index = 0;
    while (tier_of(heap, index).block_bytes < size) index++;
    return tier_of(heap, index);
}

static void fill(const struct heap *heap, size_t count)
{
    for (size_t i = 0; i < count; i++) objects[i] = make(heap, OBJECT_BYTES);
}

static void empty(const struct heap *heap, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) drop(heap, objects[i], OBJECT_BYTES);
}

static void pages_are(const struct tier_statistics *row, size_t full, size_t partial, size_t none)
{
    assert_int_equal(row->full_pages, full);
    assert_int_equal(row->partial_pages, partial);
    assert_int_equal(row->empty_pages, none);
}

static void impossible_settings_are_refused(void **state)
{
    (void)state;
    refuses("slab:slab=5000", "slab=5000 is no power of two; give 4K .. 256K");
    refuses("slab:slab=2K", "give 4K .. 256K");
    refuses("slab:per-slab=64", "per-slab=64 belongs to preset=source");
    refuses("slab:preset=source,per-slab=7", "give 8 .. 5461");
    refuses("slab:preset=source,slab=4K,per-slab=86", "give per-slab=8 .. 85");
    heap_close(open_spec("slab:preset=source,slab=4K,per-slab=85"));
    heap_close(open_spec("slab:preset=source,per-slab=5461"));
}

static void each_size_of_lua_has_a_cache_that_wastes_nothing(void **state)
{
    (void)state;
    static const size_t sizes[] = {16, 32, 40, 48, 56, 64, 80, 160, 184, 320, 640, 720};
    struct heap *heap = open_spec("slab");
    size_t asked = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        make(heap, sizes[i]);
        asked += sizes[i];
    }
    assert_int_equal(totals_of(heap).usable_bytes, asked);
    make(heap, 1024);
    assert_int_equal(totals_of(heap).backing_calls, 0);
    drop(heap, make(heap, 1025), 1025);
    assert_int_equal(totals_of(heap).backing_calls, 2);
    heap_close(heap);
}

static void pages_are_counted_as_full_partial_and_empty(void **state)
{
    (void)state;
    struct heap *heap = open_spec(SMALL_SLABS "0");
    fill(heap, 3 * OBJECTS + 1);
    struct tier_statistics row = cache_of(heap, OBJECT_BYTES);
    pages_are(&row, 3, 1, 0);
    assert_int_equal(row.total_blocks, 4 * OBJECTS);
    assert_int_equal(row.used_blocks, 3 * OBJECTS + 1);
    assert_int_equal(row.free_blocks, OBJECTS - 1);
    drop(heap, objects[5], OBJECT_BYTES);
    drop(heap, objects[3 * OBJECTS], OBJECT_BYTES);
    row = cache_of(heap, OBJECT_BYTES);
    pages_are(&row, 2, 1, 1); /* the current slab stays, though empty */
    assert_int_equal(totals_of(heap).live_blocks, 3 * OBJECTS - 1);
    assert_int_equal(totals_of(heap).usable_bytes, (3 * OBJECTS - 1) * OBJECT_BYTES);
    heap_close(heap);
}

static void the_source_has_one_cache_of_64_objects_a_slab(void **state)
{
    (void)state;
    struct tier_statistics row;
    struct heap *heap = open_spec("slab:preset=source");
    for (size_t i = 0; i < 65; i++) make(heap, 48);
    row = tier_of(heap, 0);
    pages_are(&row, 1, 1, 0);
    assert_int_equal(row.total_blocks, 128);
    assert_false(heap->allocator->tier(heap->state, 1, &row));
    assert_int_equal(figure_of(heap, "size of a slab"), SLAB_BYTES);
    drop(heap, make(heap, 49), 49);
    assert_int_equal(totals_of(heap).backing_calls, 2);
    heap_close(heap);
}

/* So a wrong old_size cannot put an object where another cache would hand it out. */
static void the_address_alone_says_whose_an_object_is(void **state)
{
    (void)state;
    struct heap *heap = open_spec("slab");
    char *object = make(heap, 64);
    drop(heap, object, 16);
    assert_int_equal(cache_of(heap, 64).used_blocks, 0);
    assert_int_equal(cache_of(heap, 16).used_blocks, 0);
    assert_ptr_not_equal(make(heap, 16), object);
    assert_ptr_equal(make(heap, 64), object);
    heap_close(heap);
}

static void the_last_freed_is_the_first_taken_again(void **state)
{
    (void)state;
    struct heap *heap = open_spec("slab");
    char *first = make(heap, 40), *second = make(heap, 40);
    assert_ptr_equal(second, first + 40); /* in order of address, with nothing in between */
    drop(heap, second, 40);
    drop(heap, first, 40);
    assert_ptr_equal(make(heap, 40), first);
    assert_ptr_equal(make(heap, 40), second);
    heap_close(heap);
}

static void an_empty_slab_serves_another_cache(void **state)
{
    (void)state;
    struct heap *heap = open_spec(SMALL_SLABS "5");
    fill(heap, 2 * OBJECTS);
    empty(heap, 0, OBJECTS);
    assert_int_equal(figure_of(heap, "slabs kept empty"), 1);
    size_t footprint = totals_of(heap).footprint_bytes;
    char *other = make(heap, 1000);
    assert_ptr_equal(other, objects[0]);
    assert_int_equal(figure_of(heap, "reused by another cache"), 1);
    assert_int_equal(figure_of(heap, "slabs created"), 2);
    assert_int_equal(totals_of(heap).footprint_bytes, footprint);
    assert_int_equal(cache_of(heap, 1000).partial_pages, 1);
    heap_close(heap);
}

static size_t resident_pages(const char *start, size_t pages)
{
    unsigned char is_in[SLABS];
    size_t count = 0;
    assert_int_equal(mincore((void *)start, pages * SLAB_BYTES, is_in), 0);
    for (size_t i = 0; i < pages; i++) count += is_in[i] & 1;
    return count;
}

static void what_keep_does_not_cover_goes_back_and_serves_again(void **state)
{
    (void)state;
    struct heap *heap = open_spec(SMALL_SLABS "3");
    fill(heap, ALL);
    char *start = objects[0];
    size_t footprint = totals_of(heap).footprint_bytes;
    assert_int_equal(resident_pages(start, SLABS), SLABS);
    empty(heap, 0, ALL); /* the last slab is current: it stays beside the three */
    assert_int_equal(resident_pages(start, SLABS), 4);
    assert_int_equal(figure_of(heap, "slabs returned"), SLABS - 4);
    assert_int_equal(totals_of(heap).footprint_bytes, footprint - (SLABS - 4) * SLAB_BYTES);
    fill(heap, ALL);
    assert_int_equal(totals_of(heap).footprint_bytes, footprint);
    assert_int_equal(figure_of(heap, "slabs created"), SLABS);
    assert_int_equal(resident_pages(start, SLABS), SLABS);
    heap_close(heap);
}

static void more_is_kept_where_more_is_in_use(void **state)
{
    (void)state;
    struct heap *heap = open_spec("slab:slab=4K,keep=0,keep-share=25");
    fill(heap, ALL);
    empty(heap, 0, 60 * OBJECTS); /* 40 slabs stay in use: a quarter of it is kept */
    assert_int_equal(figure_of(heap, "slabs kept empty"), 10);
    assert_int_equal(figure_of(heap, "slabs returned"), 50);
    empty(heap, 60 * OBJECTS, ALL);
    assert_int_equal(figure_of(heap, "slabs kept empty"), 0);
    heap_close(heap);
}

static void metadata_is_32_bytes_a_slab(void **state)
{
    (void)state;
    struct heap *heap = open_spec("slab:slab=4K");
    size_t before = totals_of(heap).metadata_bytes;
    for (size_t i = 0; i < 8192; i++) make(heap, 1024);
    assert_int_equal(figure_of(heap, "slabs created"), 2048);
    assert_int_equal(totals_of(heap).metadata_bytes - before, 2048 * 32);
    assert_int_equal(figure_of(heap, "size of its descriptor"), 32);
    heap_close(heap);
}

enum { FELL_BACK, NEVER_REFUSED, NOT_COUNTED, NOT_FREED };

/* In a child: the backing has its memory already, the slabs get no more. */
static int fall_back(struct heap *heap)
{
    struct rlimit limit = {SLAB_BYTES, RLIM_INFINITY}; /* of 0 Linux takes no notice */
    size_t count = 0;
    setrlimit(RLIMIT_DATA, &limit);
    while (count < ALL && (objects[count] = make(heap, OBJECT_BYTES))) count++;
    if (count == ALL) return NEVER_REFUSED;
    struct heap_statistics totals = totals_of(heap);
    size_t slabs = cache_of(heap, OBJECT_BYTES).used_blocks;
    if (totals.backing_live_bytes != (count - slabs) * OBJECT_BYTES || slabs == count ||
        figure_of(heap, "fallbacks") != count - slabs + 1) {
        return NOT_COUNTED;
    }
    empty(heap, 0, count);
    return totals_of(heap).live_blocks == 0 ? FELL_BACK : NOT_FREED;
}

static void what_no_slab_can_be_had_for_goes_to_the_backing(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip(); /* the sanitizer itself needs the memory that the limit denies */
#endif
    int status;
    struct heap *heap = open_spec("slab:slab=4K+bump:grow=no,size=64K");
    pid_t child = fork();
    if (child == 0) _exit(fall_back(heap));
    assert_int_equal(waitpid(child, &status, 0), child);
    heap_close(heap);
    /* valgrind does not pass the limit on. */
    if (WEXITSTATUS(status) == NEVER_REFUSED && getenv("LD_PRELOAD")) skip();
    assert_int_equal(WIFEXITED(status) ? WEXITSTATUS(status) : -1, FELL_BACK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(impossible_settings_are_refused),
        cmocka_unit_test(each_size_of_lua_has_a_cache_that_wastes_nothing),
        cmocka_unit_test(pages_are_counted_as_full_partial_and_empty),
        cmocka_unit_test(the_source_has_one_cache_of_64_objects_a_slab),
        cmocka_unit_test(the_address_alone_says_whose_an_object_is),
        cmocka_unit_test(the_last_freed_is_the_first_taken_again),
        cmocka_unit_test(an_empty_slab_serves_another_cache),
        cmocka_unit_test(what_keep_does_not_cover_goes_back_and_serves_again),
        cmocka_unit_test(more_is_kept_where_more_is_in_use),
        cmocka_unit_test(metadata_is_32_bytes_a_slab),
        cmocka_unit_test(what_no_slab_can_be_had_for_goes_to_the_backing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
