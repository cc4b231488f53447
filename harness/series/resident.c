/* One pread of an open file of /proc, and no number is believed before it was seen to follow single
 * pages: kernels before 6.2 gather up to 64 pages per thread before they count them, some after it
 * up to 32 per processor; from 6.16 on statm is exact again. smaps_rollup walks the page tables, so
 * it is exact everywhere and slow. */
#include "resident.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../allocators/pages.h"

enum { TEST_PAGES = 40, STACK_BYTES = 512 << 10 };

/* Pages: the second number is all that is resident, the third what of it is of files or shared. */
static uint64_t read_statm(const char *text)
{
    char *at;
    strtoull(text, &at, 10);
    uint64_t all = strtoull(at, &at, 10);
    return (all - strtoull(at, NULL, 10)) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t read_rollup(const char *text)
{
    static const char field[] = "\nAnonymous:";
    const char *line = strstr(text, field);
    return line ? strtoull(line + strlen(field), NULL, 10) * 1024 : 0;
}

uint64_t resident_read(const struct resident_reader *reader)
{
    char text[2048];
    ssize_t length = pread(reader->file, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    return reader->is_rollup ? read_rollup(text) : read_statm(text);
}

static bool is_exact(const struct resident_reader *reader)
{
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    volatile char *pages = pages_map(TEST_PAGES * page_bytes);
    if (!pages) return false;
    madvise((void *)pages, TEST_PAGES * page_bytes, MADV_NOHUGEPAGE);
    uint64_t before = resident_read(reader);
    bool follows = true;
    for (size_t i = 0; i < TEST_PAGES; i++) {
        pages[i * page_bytes] = 1;
        follows &= resident_read(reader) == before + (i + 1) * page_bytes;
    }
    pages_unmap((void *)pages, TEST_PAGES * page_bytes);
    return follows && resident_read(reader) == before;
}

static bool try_file(struct resident_reader *reader, const char *path, bool is_rollup)
{
    reader->file = open(path, O_RDONLY | O_CLOEXEC);
    reader->is_rollup = is_rollup;
    if (reader->file < 0) return false;
    resident_touch_stack();
    (void)resident_read(reader); /* its own pages are there from now on */
    if (is_exact(reader)) return true;
    resident_close(reader);
    return false;
}

bool resident_open(struct resident_reader *reader, struct error *error)
{
    return try_file(reader, "/proc/self/statm", false) ||
           try_file(reader, "/proc/self/smaps_rollup", true) ||
           error_set(error, "neither /proc/self/statm nor smaps_rollup follows single pages here: "
                            "resident memory cannot be measured");
}

void resident_touch_stack(void)
{
    volatile char room[STACK_BYTES];
    for (size_t i = 0; i < sizeof room; i += 1024) room[i] = 0;
}

void resident_close(struct resident_reader *reader)
{
    close(reader->file);
}
