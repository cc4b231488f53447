/* What libc, null, bump and count promise beyond the contract, and what all local heaps do alike:
 * stand side by side, give their pages back, and live through the end of memory. */
#include "heap_test.h"

#include <gnu/libc-version.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../allocators/pages.h"
#include "../allocators/wrappers/count.h"

/* Heaps that hold their blocks of up to 32 bytes in pages of their own. */
static const char *const local_specs[] = {
    "bump",         "bump:grow=no,size=1M", "fixed-pool",          "fixed-pool:count=1000,grow=no",
    "tiered",       "tiered:preset=source", "tiered:preset=lists", "tiered:checked",
    "count+tiered",
};
enum { LOCAL_SPECS = sizeof local_specs / sizeof *local_specs };

static void libc_states_its_file_and_version(void **state)
{
    (void)state;
    static struct identity identity;
    struct heap *heap = open_spec("libc");
    assert_true(heap->allocator->identify(heap->state, &identity));
    assert_non_null(strstr(identity.file, "/libc.so.6"));
    assert_string_equal(identity.version, gnu_get_libc_version());
    heap_close(heap);
}

/* The exit status of this program with other arguments. */
static int run_again(char **arguments, char **environment)
{
    pid_t child;
    int status;
    char path[4096] = ""; /* by its name, as /proc/self/exe would be valgrind, under valgrind */
    assert_true(readlink("/proc/self/exe", path, sizeof path - 1) > 0);
    assert_int_equal(posix_spawn(&child, path, NULL, NULL, arguments, environment), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* `main` exits with what open_libc finds. */
static void libc_is_refused_when_another_malloc_is_preloaded(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip(); /* nothing may be loaded before the sanitizer */
#endif
    char *arguments[] = {"test_allocators", "open-libc", NULL};
    char *environment[] = {"LD_PRELOAD=./build/tests/planted/plain.so", NULL};
    char *bare[] = {NULL};
    assert_int_equal(run_again(arguments, bare), 0);
    assert_int_equal(run_again(arguments, environment), 3);
}

/* 0: it opened; 3: it was refused for the right reason and the file was named. */
static int open_libc(void)
{
    struct error error = {""};
    if (heap_open("libc", &error)) return 0;
    return strstr(error.text, "preloaded: ") && strstr(error.text, "plain.so") ? 3 : 4;
}

static void null_has_one_address_and_an_end(void **state)
{
    (void)state;
    struct heap *heap = open_spec("null");
    char *block = make(heap, 64 << 20);
    block[(64 << 20) - 1] = 1;
    assert_ptr_equal(make(heap, 1), block);
    assert_ptr_equal(resize(heap, block, 1, 100), block);
    assert_null(make(heap, (64 << 20) + 1));
    assert_null(make(heap, 0));
    heap_close(heap);
}

static void bump_grows_the_last_block_alone_in_place(void **state)
{
    (void)state;
    struct heap *heap = open_spec("bump");
    char *first = make(heap, 24), *last = make(heap, 13);
    assert_ptr_equal(last, first + 24);
    assert_ptr_equal(resize(heap, last, 13, 100), last);
    memcpy(first, "first of all", 13);
    char *moved = resize(heap, first, 24, 25);
    assert_ptr_equal(moved, last + 104);
    assert_string_equal(moved, "first of all");
    assert_ptr_equal(resize(heap, last, 100, 104), last); /* into what rounding left */
    assert_int_equal(totals_of(heap).live_bytes, 25 + 104);
    heap_close(heap);
}

static void bump_reclaims_nothing(void **state)
{
    (void)state;
    struct heap *heap = open_spec("bump:grow=no,size=1K");
    size_t room = totals_of(heap).largest_free_bytes;
    assert_int_equal(room, 1024);
    for (size_t i = 0; i < 1024 / 8; i++) drop(heap, make(heap, 8), 8);
    assert_null(make(heap, 1));
    assert_int_equal(totals_of(heap).free_bytes, 0);
    assert_int_equal(totals_of(heap).live_blocks, 0);
    assert_int_equal(totals_of(heap).capacity_bytes, totals_of(heap).footprint_bytes);
    heap_close(heap);
}

static void bump_chains_buffers_of_twice_the_size(void **state)
{
    (void)state;
    struct heap *heap = open_spec("bump:size=4K");
    make(heap, 4096);
    size_t first_footprint = totals_of(heap).footprint_bytes;
    char *second = make(heap, 8);
    assert_int_equal(totals_of(heap).largest_free_bytes, 8192 - 8);
    assert_true(totals_of(heap).footprint_bytes - first_footprint >= 8192);
    make(heap, 1 << 20); /* larger than the next buffer: it gets its own, and the room stays */
    assert_int_equal(totals_of(heap).largest_free_bytes, 8192 - 8);
    assert_ptr_equal(make(heap, 8), second + 8);
    heap_close(heap);
}

static void sizes_that_wrap_round_are_refused(void **state)
{
    (void)state;
    struct heap *heap = open_spec("bump");
    char *block = make(heap, 8);
    for (size_t less = 0; less < 40; less++) {
        assert_null(make(heap, SIZE_MAX - less));
        assert_null(resize(heap, block, 8, SIZE_MAX - less));
    }
    assert_int_equal(totals_of(heap).live_bytes, 8);
    heap_close(heap);
    assert_null(pages_map(SIZE_MAX));
}

static void count_counts_each_kind_of_call(void **state)
{
    (void)state;
    struct heap *heap = open_spec("count+bump:grow=no,size=1K");
    const struct call_counts *counts = count_calls(heap);
    void *block = make(heap, 100);
    block = resize(heap, block, 100, 300);
    block = resize(heap, block, 300, 50);
    assert_null(resize(heap, block, 50, 5000));
    assert_null(make(heap, 5000));
    make(heap, 7);
    drop(heap, block, 50);
    drop(heap, NULL, 0);
    assert_int_equal(counts->new_calls, 3);
    assert_int_equal(counts->grow_calls, 2);
    assert_int_equal(counts->shrink_calls, 1);
    assert_int_equal(counts->free_calls, 1);
    assert_int_equal(counts->query_calls, 1);
    assert_int_equal(counts->failed_calls, 2);
    assert_int_equal(count_all_calls(counts), 8);
    assert_int_equal(counts->allocated_bytes, 307);
    assert_int_equal(counts->peak_live_bytes, 300);
    assert_int_equal(counts->live_bytes, 7);
    assert_int_equal(counts->live_blocks, 1);
    heap_close(heap);
}

static void count_passes_on_what_it_wraps(void **state)
{
    (void)state;
    struct heap *heap = open_spec("count+tiered");
    make(heap, 9);
    assert_int_equal(totals_of(heap).usable_bytes, 16);
    assert_int_equal(tier_of(heap, 1).used_blocks, 1);
    heap_close(heap);
    heap = open_spec("count+libc");
    void *block = make(heap, 9);
    assert_int_equal(totals_of(heap).live_bytes, 9);
    assert_int_equal(totals_of(heap).footprint_bytes, UNKNOWN);
    drop(heap, block, 9);
    heap_close(heap);
}

static void two_heaps_of_a_kind_know_nothing_of_each_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < LOCAL_SPECS; i++) {
        struct heap *one = open_spec(local_specs[i]), *other = open_spec(local_specs[i]);
        char *of_one = make(one, 24), *of_other = make(other, 24);
        strcpy(of_one, "one");
        strcpy(of_other, "other");
        assert_int_equal(totals_of(one).live_bytes, 24);
        drop(one, of_one, 24);
        assert_int_equal(totals_of(other).live_bytes, 24);
        heap_close(one);
        assert_string_equal(of_other, "other");
        drop(other, of_other, 24);
        heap_close(other);
    }
}

static bool is_mapped(const void *block)
{
    unsigned char resident;
    uintptr_t page = (uintptr_t)block & ~(uintptr_t)(sysconf(_SC_PAGESIZE) - 1);
    return mincore((void *)page, 1, &resident) == 0;
}

static void closing_gives_every_page_back(void **state)
{
    (void)state;
    enum { BLOCKS = 1000 };
    static void *blocks[BLOCKS];
    for (size_t i = 0; i < LOCAL_SPECS; i++) {
        struct heap *heap = open_spec(local_specs[i]);
        void *inside = heap->state;
        for (size_t j = 0; j < BLOCKS; j++) blocks[j] = make(heap, 32);
        for (size_t j = 0; j < BLOCKS; j++) assert_true(is_mapped(blocks[j]));
        heap_close(heap);
        assert_false(is_mapped(inside));
        for (size_t j = 0; j < BLOCKS; j++) assert_false(is_mapped(blocks[j]));
    }
}

static void an_arena_charges_only_what_is_taken(void **state)
{
    (void)state;
    struct arena arena;
    assert_true(arena_reserve(&arena, (size_t)1 << 30));
    assert_int_equal(arena_footprint(&arena), 0);
    char *first = arena_take(&arena, 48), *second = arena_take(&arena, 16);
    assert_ptr_equal(second, first + 48);
    assert_true(arena_footprint(&arena) <= 64 << 10);
    assert_true(arena_owns(&arena, first) && arena_owns(&arena, arena.reserved_end - 1));
    assert_false(arena_owns(&arena, NULL) || arena_owns(&arena, arena.reserved_end));
    assert_null(arena_take(&arena, (size_t)1 << 30));
    char *rest = arena_take(&arena, ((size_t)1 << 30) - 64);
    rest[((size_t)1 << 30) - 65] = 1;
    assert_null(arena_take(&arena, 16));
    arena_release(&arena);
    assert_false(is_mapped(first));
}

enum { MANY = 1 << 17 };
enum {
    SURVIVED,
    NEVER_REFUSED = 10,
    NEVER_SERVED,
    SHRINK_FAILED,
    CONTENTS_LOST,
    FREE_FAILED,
    COUNTS_WRONG
};

static bool counts_nothing(const struct heap *heap)
{
    struct heap_statistics totals = totals_of(heap);
    struct tier_statistics tier;
    if (totals.live_bytes != 0 || totals.live_blocks != 0) return false;
    for (size_t i = 0; heap->allocator->tier && heap->allocator->tier(heap->state, i, &tier); i++) {
        if (tier.used_blocks != 0) return false;
    }
    return true;
}

/* Fills memory to the limit, then shrinks and frees every block. */
static int live_on_the_limit(struct heap *heap)
{
    uint64_t **blocks = pages_map(MANY * sizeof *blocks);
    size_t limit = limit_memory(2 << 20), count = 0;
    while (count < MANY && (blocks[count] = make(heap, 240))) *blocks[count] = count, count++;
    if (count == MANY) return NEVER_REFUSED;
    if (count == 0) return NEVER_SERVED;
    for (size_t i = 0; i < count; i++) {
        if (resize(heap, blocks[i], 240, limit)) return NEVER_REFUSED;
        blocks[i] = resize(heap, blocks[i], 240, 8 + i % 200);
        if (!blocks[i]) return SHRINK_FAILED;
    }
    for (size_t i = 0; i < count; i++) {
        if (*blocks[i] != i) return CONTENTS_LOST;
        if (resize(heap, blocks[i], 8 + i % 200, 0)) return FREE_FAILED;
    }
    return counts_nothing(heap) ? SURVIVED : COUNTS_WRONG;
}

static void heaps_that_grow_live_through_the_end_of_memory(void **state)
{
    (void)state;
    static const char *const specs[] = {"count+libc",  "bump",           "fixed-pool:size=240",
                                        "tiered",      "tiered:checked", "tiered:preset=lists",
                                        "frame",       "buddy",          "slab",
                                        "free-list",   "multilevel",     "count+tiered",
                                        "count+corona"};
#ifdef __SANITIZE_ADDRESS__
    skip(); /* the sanitizer itself needs the memory that the limit denies */
#endif
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        int status;
        pid_t child = fork();
        if (child == 0) _exit(live_on_the_limit(open_spec(specs[i])));
        assert_int_equal(waitpid(child, &status, 0), child);
        if (!WIFEXITED(status)) fail_msg("%s: ended by signal %d", specs[i], WTERMSIG(status));
        /* valgrind does not pass the limit on. */
        if (WEXITSTATUS(status) == NEVER_REFUSED && getenv("LD_PRELOAD")) skip();
        if (WEXITSTATUS(status) != SURVIVED) fail_msg("%s: %d", specs[i], WEXITSTATUS(status));
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libc_states_its_file_and_version),
        cmocka_unit_test(libc_is_refused_when_another_malloc_is_preloaded),
        cmocka_unit_test(null_has_one_address_and_an_end),
        cmocka_unit_test(bump_grows_the_last_block_alone_in_place),
        cmocka_unit_test(bump_reclaims_nothing),
        cmocka_unit_test(bump_chains_buffers_of_twice_the_size),
        cmocka_unit_test(sizes_that_wrap_round_are_refused),
        cmocka_unit_test(count_counts_each_kind_of_call),
        cmocka_unit_test(count_passes_on_what_it_wraps),
        cmocka_unit_test(two_heaps_of_a_kind_know_nothing_of_each_other),
        cmocka_unit_test(closing_gives_every_page_back),
        cmocka_unit_test(an_arena_charges_only_what_is_taken),
        cmocka_unit_test(heaps_that_grow_live_through_the_end_of_memory),
    };
    if (argc == 2 && !strcmp(argv[1], "open-libc")) return open_libc();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
