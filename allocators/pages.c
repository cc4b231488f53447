/* Pages from the system, by mmap and mprotect.
 *
 * An arena is address space without access; growing makes the next part of it usable, in steps of a
 * quarter of what is usable already, between 64 KiB and 4 MiB. A private mapping is charged against
 * RLIMIT_DATA only where it may be written, so an arena costs its owner what it has taken, rounded
 * up to the step. Invariant: start <= used_end <= usable_end <= reserved_end; all but used_end lie
 * on page boundaries. Cost: one system call a step, otherwise a comparison and an addition.
 */
#include "pages.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Of Linux 5.14 and 5.7: an older one answers that it does not know them. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

enum { STEP_MINIMUM = 64 << 10, STEP_MAXIMUM = 4 << 20, HUGE_BYTES = 2 << 20 };

/* 0 when no such number of pages can exist. */
static size_t whole_pages(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return bytes > SIZE_MAX - page ? 0 : (bytes + page - 1) & ~(page - 1);
}

static void *map(size_t bytes, int protection)
{
    if (bytes == 0) return NULL;
    void *pages = mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

void *pages_map(size_t bytes)
{
    return map(whole_pages(bytes), PROT_READ | PROT_WRITE);
}

void pages_unmap(void *pages, size_t bytes)
{
    munmap(pages, whole_pages(bytes));
}

void pages_purge(void *pages, size_t bytes)
{
    madvise(pages, bytes, MADV_DONTNEED);
}

bool pages_populate(void *pages, size_t bytes)
{
    return madvise(pages, bytes, MADV_POPULATE_WRITE) == 0;
}

bool pages_move(void *from, void *to, size_t bytes)
{
    int flags = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
    return mremap(from, bytes, bytes, flags, to) == to;
}

bool arena_reserve(struct arena *arena, size_t reserved_bytes)
{
    size_t bytes = whole_pages(reserved_bytes);
    char *start = map(bytes, PROT_NONE);
    if (start == NULL) return false;
    *arena = (struct arena){start, start, start, start + bytes, STEP_MINIMUM};
    return true;
}

bool arena_reserve_up_to(struct arena *arena, size_t most_bytes, size_t least_bytes)
{
    for (size_t bytes = most_bytes; bytes >= least_bytes; bytes /= 2) {
        if (!arena_reserve(arena, bytes * 2)) continue;
        size_t kept = whole_pages(bytes);
        char *end = arena->start + kept;
        munmap(end, (size_t)(arena->reserved_end - end));
        arena->reserved_end = end;
        return true;
    }
    return false;
}

static bool make_usable(struct arena *arena, size_t bytes)
{
    if (bytes == 0 || bytes > (size_t)(arena->reserved_end - arena->usable_end)) return false;
    if (mprotect(arena->usable_end, bytes, PROT_READ | PROT_WRITE) != 0) return false;
    arena->usable_end += bytes;
    return true;
}

static size_t next_step(const struct arena *arena)
{
    size_t step = whole_pages(arena_footprint(arena) / 4) & ~(arena->least_step - 1);
    if (step < arena->least_step) return arena->least_step;
    return step > STEP_MAXIMUM ? STEP_MAXIMUM : step;
}

void *arena_take(struct arena *arena, size_t bytes)
{
    if (bytes > (size_t)(arena->reserved_end - arena->used_end)) return NULL;
    size_t ready = (size_t)(arena->usable_end - arena->used_end);
    if (bytes > ready) {
        size_t missing = whole_pages(bytes - ready), step = next_step(arena);
        /* Under a limit the bare need may still be granted where the step is not. */
        bool has_stepped = step > missing && make_usable(arena, step);
        if (!has_stepped && !make_usable(arena, missing)) return NULL;
    }
    char *taken = arena->used_end;
    arena->used_end += bytes;
    return taken;
}

/* Only memory that may be used can be huge, so it becomes usable in whole huge pages. */
void arena_ask_huge(struct arena *arena)
{
    size_t bytes = (size_t)(arena->reserved_end - arena->start);
    size_t gap = -(uintptr_t)arena->start & (uintptr_t)(HUGE_BYTES - 1);
    if (bytes < 16 * HUGE_BYTES) return;
    munmap(arena->start, gap);
    arena->start += gap;
    arena->used_end = arena->usable_end = arena->start;
    arena->least_step = HUGE_BYTES;
    madvise(arena->start, bytes - gap, MADV_HUGEPAGE);
}

void arena_release(struct arena *arena)
{
    if (arena->start) munmap(arena->start, (size_t)(arena->reserved_end - arena->start));
    *arena = (struct arena){0};
}
