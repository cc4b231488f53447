/* Zero sizes, overflow, sizes beyond all memory, bad alignments, and what becomes of errno. */
#include "preloaded.h"

#include <malloc.h>
#include <unistd.h>

#define REFUSES(call)           \
    do {                        \
        errno = 0;              \
        CHECK(!keep(call));     \
        CHECK(errno == ENOMEM); \
    } while (0)

static void refuse_what_is_too_large(void)
{
    static volatile size_t too_large[] = {(size_t)PTRDIFF_MAX + 1, SIZE_MAX - 4096, SIZE_MAX - 15,
                                          SIZE_MAX - 1, SIZE_MAX};
    void *block = stamp(malloc(100), 100, 1), *placed = block;
    for (size_t i = 0; i < sizeof too_large / sizeof *too_large; i++) {
        size_t bytes = too_large[i];
        REFUSES(malloc(bytes));
        REFUSES(calloc(1, bytes));
        REFUSES(calloc(bytes, 1));
        REFUSES(realloc(NULL, bytes));
        REFUSES(realloc(block, bytes));
        REFUSES(reallocarray(block, bytes, 1));
        REFUSES(aligned_alloc(16, bytes));
        REFUSES(memalign(4096, bytes));
        REFUSES(valloc(bytes));
        REFUSES(pvalloc(bytes));
        errno = 0;
        CHECK(posix_memalign(&placed, 64, bytes) == ENOMEM && errno == 0 && placed == block);
    }
    check_stamp(block, 100, 1);
    free(block);
}

static void refuse_what_wraps_round(void)
{
    volatile size_t half = (size_t)1 << 32;
    void *block = stamp(malloc(100), 100, 2);
    REFUSES(calloc(half, half));
    REFUSES(calloc(half + 1, half));
    REFUSES(calloc(SIZE_MAX / 2, 3));
    REFUSES(reallocarray(block, half, half));
    REFUSES(reallocarray(block, half + 7, half));
    REFUSES(reallocarray(NULL, SIZE_MAX, 2));
    check_stamp(block, 100, 2);
    free(block);
}

static void give_zero_bytes_a_block_of_their_own(void)
{
    void *placed = NULL, *blocks[] = {malloc(0),    malloc(0),        calloc(0, 8),
                                      calloc(8, 0), realloc(NULL, 0), aligned_alloc(64, 0),
                                      valloc(0)};
    enum { BLOCKS = sizeof blocks / sizeof *blocks };
    for (int i = 0; i < BLOCKS; i++) {
        CHECK(blocks[i]);
        for (int j = 0; j < i; j++) CHECK(blocks[i] != blocks[j]);
    }
    for (int i = 0; i < BLOCKS; i++) free(blocks[i]);
    CHECK(posix_memalign(&placed, 64, 0) == 0 && placed);
    free(placed);
    free(pvalloc(0));
    CHECK(!keep(realloc(malloc(100), 0)) && !keep(reallocarray(malloc(100), 0, 8)));
    CHECK(malloc_usable_size(NULL) == 0);
}

static void refuse_bad_alignments(void)
{
    static volatile size_t bad[] = {3, 24, 48, 4097, SIZE_MAX};
    void *placed = &placed;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        errno = 0;
        CHECK(!keep(aligned_alloc(bad[i], 64)) && errno == EINVAL);
        errno = 0;
        CHECK(!keep(memalign(bad[i], 64)) && errno == EINVAL);
        errno = 0;
        CHECK(posix_memalign(&placed, bad[i], 64) == EINVAL && errno == 0);
    }
    CHECK(posix_memalign(&placed, 4, 64) == EINVAL && posix_memalign(&placed, 0, 64) == EINVAL);
    CHECK(placed == &placed);
}

static void align_as_asked(void)
{
    for (size_t alignment = 1; alignment <= 64 << 20; alignment *= 2) {
        for (size_t bytes = 1; bytes < 200000; bytes = bytes * 7 + 3) {
            void *first = keep(aligned_alloc(alignment, bytes)),
                 *second = keep(memalign(alignment, bytes));
            CHECK(first && second && is_aligned(first, alignment) && is_aligned(second, alignment));
            stamp(first, bytes, 1);
            stamp(second, bytes, 2);
            check_stamp(first, bytes, 1);
            first = realloc(first, bytes * 2);
            check_stamp(first, bytes, 1);
            CHECK(malloc_usable_size(second) >= bytes);
            free(second);
            free(first);
        }
    }
}

/* Of blocks of all kinds, so that memory goes back to the system in between. */
static void leave_errno_when_freeing(void)
{
    static void *blocks[2000];
    for (size_t bytes = 16; bytes < 10 << 20; bytes *= 8) {
        int count = bytes > 100000 ? 20 : 2000;
        for (int i = 0; i < count; i++) blocks[i] = stamp(malloc(bytes), bytes, 0);
        errno = 1234;
        for (int i = 0; i < count; i++) free(blocks[i]);
        CHECK(errno == 1234);
    }
    free(NULL);
    CHECK(errno == 1234);
}

static void keep_contents_when_resizing(void)
{
    char *block = NULL;
    size_t bytes = 0;
    for (unsigned i = 0; i < 20000; i++) {
        size_t wanted = 1 + (i * 7919u) % (i % 50 ? 3000 : 500000),
               least = wanted < bytes ? wanted : bytes;
        char *moved = keep(realloc(block, wanted));
        check_stamp(moved, least, i);
        block = stamp(moved, wanted, i + 1);
        bytes = wanted;
    }
    free(block);
}

int main(void)
{
    refuse_what_is_too_large();
    refuse_what_wraps_round();
    give_zero_bytes_a_block_of_their_own();
    refuse_bad_alignments();
    align_as_asked();
    leave_errno_when_freeing();
    keep_contents_when_resizing();
    puts("done");
    return 0;
}
