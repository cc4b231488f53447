/* The system calls of pages.c under a test's control: which bytes are mapped, and which call is
 * refused. For a program linked with --wrap of mmap, munmap, mprotect, mremap and madvise, so that
 * the product carries no hook; the C library's own mappings are not seen. To be included after
 * cmocka.h.
 */
#ifndef MAPPINGS_H
#define MAPPINGS_H

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

enum { RANGES_MAXIMUM = 65536, HUGE_BYTES = 2 << 20 };

struct range {
    uintptr_t start, end;
};

/* Zero but for the ranges between two tests. */
static struct {
    struct range ranges[RANGES_MAXIMUM];
    size_t range_count, bytes;
    size_t calls;         /* since armed: those that may be refused */
    size_t refused_first; /* counted from 1; 0: none */
    bool refuses_later;   /* and every later one, too */
    size_t refused_calls, advice_calls;
} mappings;

void *__real_mmap(void *address, size_t bytes, int protection, int flags, int file, off_t offset);
void *__wrap_mmap(void *address, size_t bytes, int protection, int flags, int file, off_t offset);
int __real_munmap(void *address, size_t bytes);
int __wrap_munmap(void *address, size_t bytes);
int __real_mprotect(void *address, size_t bytes, int protection);
int __wrap_mprotect(void *address, size_t bytes, int protection);
void *__real_mremap(void *address, size_t old_bytes, size_t new_bytes, int flags, ...);
void *__wrap_mremap(void *address, size_t old_bytes, size_t new_bytes, int flags, ...);
int __real_madvise(void *address, size_t bytes, int advice);
int __wrap_madvise(void *address, size_t bytes, int advice);

static void mappings_arm(size_t refused_first, bool refuses_later)
{
    mappings.calls = mappings.refused_calls = 0;
    mappings.refused_first = refused_first;
    mappings.refuses_later = refuses_later;
}

static void mappings_disarm(void)
{
    mappings.refused_first = 0;
}

static bool is_refused(void)
{
    mappings.calls++;
    if (mappings.refused_first == 0) return false;
    bool is_hit = mappings.refuses_later ? mappings.calls >= mappings.refused_first
                                         : mappings.calls == mappings.refused_first;
    if (is_hit) errno = ENOMEM;
    mappings.refused_calls += is_hit;
    return is_hit;
}

static uintptr_t page_end(const void *address, size_t bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    return ((uintptr_t)address + bytes + page - 1) & ~(page - 1);
}

static void add_range(uintptr_t start, uintptr_t end)
{
    if (start == end) return;
    assert_true(mappings.range_count < RANGES_MAXIMUM);
    mappings.ranges[mappings.range_count++] = (struct range){start, end};
    mappings.bytes += end - start;
}

/* Returns how many of the bytes were mapped. */
static size_t remove_range(uintptr_t start, uintptr_t end)
{
    size_t removed = 0;
    for (size_t i = mappings.range_count; i-- > 0;) {
        struct range range = mappings.ranges[i];
        uintptr_t from = range.start > start ? range.start : start;
        uintptr_t to = range.end < end ? range.end : end;
        if (from >= to) continue;
        mappings.ranges[i] = mappings.ranges[--mappings.range_count];
        mappings.bytes -= range.end - range.start;
        removed += to - from;
        add_range(range.start, from);
        add_range(to, range.end);
    }
    return removed;
}

/* New kernels put large mappings on the boundary of a huge page; older ones do not, nor here. */
static void *map_off_boundary(size_t bytes, int protection, int flags)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = __real_mmap(NULL, bytes + page, protection, flags, -1, 0);
    if (pages == MAP_FAILED) return pages;
    __real_munmap((uintptr_t)pages % HUGE_BYTES ? pages + bytes : pages, page);
    return (uintptr_t)pages % HUGE_BYTES ? pages : pages + page;
}

void *__wrap_mmap(void *address, size_t bytes, int protection, int flags, int file, off_t offset)
{
    if (is_refused()) return MAP_FAILED;
    bool is_large = !address && file == -1 && bytes % HUGE_BYTES == 0;
    char *pages = is_large ? map_off_boundary(bytes, protection, flags)
                           : __real_mmap(address, bytes, protection, flags, file, offset);
    if (pages == MAP_FAILED) return pages;
    remove_range((uintptr_t)pages, page_end(pages, bytes)); /* MAP_FIXED takes what was there */
    add_range((uintptr_t)pages, page_end(pages, bytes));
    return pages;
}

/* Only what is mapped may be given back: a second time would hit another's pages one day. */
int __wrap_munmap(void *address, size_t bytes)
{
    uintptr_t start = (uintptr_t)address, end = page_end(address, bytes);
    assert_int_equal(remove_range(start, end), end - start);
    return __real_munmap(address, bytes);
}

int __wrap_mprotect(void *address, size_t bytes, int protection)
{
    if ((protection & PROT_WRITE) && is_refused()) return -1;
    return __real_mprotect(address, bytes, protection);
}

void *__wrap_mremap(void *address, size_t old_bytes, size_t new_bytes, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    void *wanted = flags & MREMAP_FIXED ? va_arg(more, void *) : NULL;
    va_end(more);
    /* A move needs address space or page tables, a growth needs memory. */
    if ((new_bytes > old_bytes || wanted != NULL) && is_refused()) return MAP_FAILED;
    char *pages = __real_mremap(address, old_bytes, new_bytes, flags, wanted);
    if (pages == MAP_FAILED) return pages;
    if (!(flags & MREMAP_DONTUNMAP)) {
        remove_range((uintptr_t)address, page_end(address, old_bytes));
    }
    remove_range((uintptr_t)pages, page_end(pages, new_bytes));
    add_range((uintptr_t)pages, page_end(pages, new_bytes));
    return pages;
}

int __wrap_madvise(void *address, size_t bytes, int advice)
{
    mappings.advice_calls++;
    return __real_madvise(address, bytes, advice);
}

#endif
