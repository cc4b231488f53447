/* The standard names that do more than one function of corona.h does; names.ld has the others.
 *
 * Sizes that overflow are refused here, before they are a size. posix_memalign alone tells its
 * error by its result and leaves errno as it was. The functions that glibc has beyond the standards
 * do what makes sense and never fail for a program that expects glibc: tuning is accepted and
 * ignored, figures are those of corona_statistics. */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../corona.h"
#include "../system.h"

#define EXPORTED __attribute__((visibility("default")))

static void *refuse(void)
{
    errno = ENOMEM;
    return NULL;
}

EXPORTED void *reallocarray(void *block, size_t count, size_t bytes)
{
    size_t total;
    return __builtin_mul_overflow(count, bytes, &total) ? refuse() : corona_realloc(block, total);
}

EXPORTED int posix_memalign(void **out, size_t alignment, size_t bytes)
{
    if (alignment % sizeof(void *) || alignment == 0 || (alignment & (alignment - 1))) {
        return EINVAL;
    }
    int errno_before = errno;
    void *block = corona_aligned_alloc(alignment, bytes);
    errno = errno_before;
    if (!block) return ENOMEM;
    *out = block;
    return 0;
}

EXPORTED void *valloc(size_t bytes)
{
    return corona_aligned_alloc((size_t)getpagesize(), bytes);
}

EXPORTED void *pvalloc(size_t bytes)
{
    size_t page = (size_t)getpagesize(), rounded;
    if (__builtin_add_overflow(bytes, page - 1, &rounded)) return refuse();
    return corona_aligned_alloc(page, rounded & -page);
}

/* How much may stay is the settings' affair. */
EXPORTED int malloc_trim(size_t pad)
{
    (void)pad;
    return corona_purge() > 0;
}

EXPORTED int mallopt(int option, int value)
{
    (void)option, (void)value;
    return 1;
}

EXPORTED struct mallinfo2 mallinfo2(void)
{
    struct corona_statistics now;
    corona_statistics(&now);
    return (struct mallinfo2){.arena = now.used_bytes + now.dirty_bytes,
                              .uordblks = now.used_bytes,
                              .fordblks = now.dirty_bytes,
                              .keepcost = now.dirty_bytes};
}

static int as_int(size_t figure)
{
    return figure < INT_MAX ? (int)figure : INT_MAX;
}

EXPORTED struct mallinfo mallinfo(void)
{
    struct mallinfo2 now = mallinfo2();
    return (struct mallinfo){.arena = as_int(now.arena),
                             .uordblks = as_int(now.uordblks),
                             .fordblks = as_int(now.fordblks),
                             .keepcost = as_int(now.keepcost)};
}

static void say_line(void *out, const char *text)
{
    (void)out;
    system_say(text, strlen(text));
    system_say("\n", 1);
}

EXPORTED void malloc_stats(void)
{
    corona_report(say_line, NULL);
}

EXPORTED int malloc_info(int options, FILE *stream)
{
    struct corona_statistics now;
    if (options) {
        errno = EINVAL;
        return -1;
    }
    corona_statistics(&now);
    fprintf(stream,
            "<malloc version=\"corona " CORONA_VERSION "\">\n"
            "<system type=\"current\" size=\"%zu\"/>\n<aspace type=\"total\" size=\"%zu\"/>\n"
            "<total type=\"used\" size=\"%zu\"/>\n<total type=\"rest\" size=\"%zu\"/>\n</malloc>\n",
            now.committed_bytes, now.reserved_bytes, now.used_bytes, now.dirty_bytes);
    return 0;
}
