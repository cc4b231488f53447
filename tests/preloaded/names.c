/* Every name: whose it is, and what it gives for usual requests. */
#include "preloaded.h"

#include <dlfcn.h>
#include <malloc.h>
#include <unistd.h>

static void *find(const char *name)
{
    void *symbol = dlsym(RTLD_DEFAULT, name);
    Dl_info owner;
    if (!symbol || !dladdr(symbol, &owner) || !strstr(owner.dli_fname, "libcorona")) {
        fprintf(stderr, "%s is not corona's\n", name);
        _Exit(1);
    }
    return symbol;
}

static void find_all(void)
{
    static const char *const names[] = {"malloc",
                                        "calloc",
                                        "realloc",
                                        "reallocarray",
                                        "free",
                                        "cfree",
                                        "free_sized",
                                        "free_aligned_sized",
                                        "aligned_alloc",
                                        "memalign",
                                        "posix_memalign",
                                        "valloc",
                                        "pvalloc",
                                        "malloc_usable_size",
                                        "malloc_trim",
                                        "mallopt",
                                        "mallinfo",
                                        "mallinfo2",
                                        "malloc_stats",
                                        "malloc_info",
                                        "__libc_malloc",
                                        "__libc_calloc",
                                        "__libc_realloc",
                                        "__libc_free",
                                        "__libc_memalign",
                                        "__libc_valloc",
                                        "__libc_pvalloc",
                                        "__posix_memalign",
                                        "_Znwm",
                                        "_Znam",
                                        "_ZdlPv",
                                        "_ZdlPvm",
                                        "_ZdaPv",
                                        "_ZdaPvm",
                                        "corona_malloc",
                                        "corona_statistics"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) find(names[i]);
    CHECK(find("malloc") == find("corona_malloc") && find("free") == find("corona_free"));
}

static void allocate_by_each(void)
{
    size_t page = (size_t)getpagesize();
    void *placed = NULL;
    for (size_t bytes = 1; bytes < 300000; bytes = bytes * 5 / 4 + 1) {
        CHECK(posix_memalign(&placed, 256, bytes) == 0);
        void *blocks[] = {malloc(bytes),
                          calloc(3, bytes),
                          realloc(NULL, bytes),
                          reallocarray(NULL, 2, bytes),
                          placed,
                          aligned_alloc(64, bytes),
                          memalign(32, bytes),
                          valloc(bytes),
                          pvalloc(bytes)};
        const size_t alignments[] = {16, 16, 16, 16, 256, 64, 32, page, page};
        for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
            CHECK(blocks[i] &&
                  is_aligned(blocks[i], bytes < 16 && alignments[i] == 16 ? 8 : alignments[i]));
            CHECK(malloc_usable_size(blocks[i]) >= bytes);
            stamp(blocks[i], malloc_usable_size(blocks[i]), (unsigned)i);
        }
        for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
            check_stamp(blocks[i], malloc_usable_size(blocks[i]), (unsigned)i);
            free(blocks[i]);
        }
    }
}

static void free_by_each(void)
{
    void (*free_sized)(void *, size_t) = (void (*)(void *, size_t))find("free_sized");
    void (*free_aligned)(void *, size_t, size_t) =
        (void (*)(void *, size_t, size_t))find("free_aligned_sized");
    void (*old_free)(void *) = (void (*)(void *))find("cfree");
    size_t used = mallinfo2().uordblks;
    for (int i = 0; i < 5000; i++) {
        free_sized(keep(malloc(5000)), 5000);
        free_aligned(keep(aligned_alloc(128, 5120)), 128, 5120);
        old_free(keep(malloc(5000)));
    }
    CHECK(mallinfo2().uordblks < used + (4 << 20)); /* each has freed */
}

static void zeroes(void)
{
    for (int round = 0; round < 50; round++) {
        for (size_t bytes = 1; bytes < 3000000; bytes = bytes * 3 + 1) {
            unsigned char *block = keep(calloc(bytes, 1));
            CHECK(block);
            for (size_t i = 0; i < bytes; i += bytes / 1000 + 1) CHECK(block[i] == 0);
            free(stamp(block, bytes, 1));
        }
    }
}

static void tells_figures(void)
{
    struct mallinfo2 before = mallinfo2();
    void *block = stamp(malloc(20 << 20), 20 << 20, 2);
    struct mallinfo2 after = mallinfo2();
    CHECK(after.uordblks >= before.uordblks + (20 << 20) && after.arena >= after.uordblks);
    CHECK(mallinfo().uordblks == (int)mallinfo2().uordblks);
    CHECK(mallopt(M_MMAP_THRESHOLD, 1 << 20) == 1);
    free(block);
    malloc_trim(0);
    CHECK(mallinfo2().uordblks < after.uordblks);
    CHECK(malloc_info(0, stdout) == 0 && malloc_info(1, stdout) == -1 && errno == EINVAL);
    malloc_stats();
}

int main(void)
{
    find_all();
    allocate_by_each();
    free_by_each();
    zeroes();
    tells_figures();
    puts("done");
    return 0;
}
