/* The system calls of Linux.
 *
 * Reserved memory has no access and is charged to nobody; to commit it is to allow access, and the
 * kernel finds pages when they are touched. errno stays as it was, since free may not change it:
 * what a call answers says all. Each call costs 0.2 to 1 us and what the kernel does with pages;
 * the clock costs some ns and no call. */
#if defined(__linux__)

#include "system.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/single_threaded.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Of Linux 5.14 and 5.7: an older one answers that it does not know them. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

/* Half of the bytes that a process may address. */
static const size_t ADDRESS_SPACE = (size_t)1 << (sizeof(void *) == 8 ? 46 : 30);

static void *map(size_t bytes)
{
    int kept = errno;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *start = mmap(NULL, bytes, PROT_NONE, flags, -1, 0);
    errno = kept;
    return start == MAP_FAILED ? NULL : start;
}

static void unmap(void *start, size_t bytes)
{
    int kept = errno;
    if (bytes > 0) munmap(start, bytes);
    errno = kept;
}

static bool advise(void *start, size_t bytes, int advice)
{
    int kept = errno;
    bool is_taken = madvise(start, bytes, advice) == 0;
    errno = kept;
    return is_taken;
}

/* Linux 6.7 and later put large mappings on the boundary of a huge page, so this is rare. */
static void *reserve_off_boundary(size_t bytes)
{
    if (bytes > SIZE_MAX - SYSTEM_HUGE_BYTES) return NULL;
    char *start = map(bytes + SYSTEM_HUGE_BYTES);
    if (!start) return NULL;
    size_t gap = -(uintptr_t)start & (SYSTEM_HUGE_BYTES - 1);
    unmap(start, gap);
    unmap(start + gap + bytes, SYSTEM_HUGE_BYTES - gap);
    return start + gap;
}

void *system_reserve(size_t bytes)
{
    void *start = map(bytes);
    if (!start || (uintptr_t)start % SYSTEM_HUGE_BYTES == 0) return start;
    unmap(start, bytes);
    return reserve_off_boundary(bytes);
}

bool system_reserve_at(void *start, size_t bytes)
{
    int kept = errno;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    void *there = mmap(start, bytes, PROT_NONE, flags, -1, 0);
    errno = kept;
    if (there == start) return true;
    /* Before Linux 4.17 the address is no more than a wish. */
    if (there != MAP_FAILED) unmap(there, bytes);
    return false;
}

void system_release(void *start, size_t bytes)
{
    unmap(start, bytes);
}

/* SIZE_MAX where there is none. */
static size_t limit_of(int resource)
{
    struct rlimit limit;
    int kept = errno;
    bool is_known = getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    errno = kept;
    return is_known ? limit.rlim_cur : SIZE_MAX;
}

/* What is reserved counts against RLIMIT_AS, and stacks, libraries and files must find room, too.
 * Only what is committed counts against RLIMIT_DATA; but an arena far beyond it is of no use and
 * has a table in proportion. */
size_t system_address_space(void)
{
    enum { DATA_TIMES = 256 };
    size_t most = ADDRESS_SPACE, addresses = limit_of(RLIMIT_AS), data = limit_of(RLIMIT_DATA);
    if (addresses - addresses / 4 < most) most = addresses - addresses / 4;
    return data < most / DATA_TIMES ? data * DATA_TIMES : most;
}

bool system_commit(void *start, size_t bytes)
{
    int kept = errno;
    bool is_usable = mprotect(start, bytes, PROT_READ | PROT_WRITE) == 0;
    errno = kept;
    return is_usable;
}

bool system_purge(void *start, size_t bytes)
{
    return advise(start, bytes, MADV_DONTNEED);
}

bool system_populate(void *start, size_t bytes)
{
    return advise(start, bytes, MADV_POPULATE_WRITE);
}

bool system_is_resident(void *page)
{
    unsigned char answer = 0;
    int kept = errno;
    bool is_told = mincore(page, SYSTEM_PAGE_BYTES, &answer) == 0;
    errno = kept;
    return is_told && (answer & 1);
}

void system_ask_huge(void *start, size_t bytes, bool is_wanted)
{
    advise(start, bytes, is_wanted ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

bool system_move(void *from, void *to, size_t bytes)
{
    int kept = errno;
    int flags = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
    bool is_moved = mremap(from, bytes, bytes, flags, to) == to;
    errno = kept;
    return is_moved;
}

uint64_t system_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void futex(_Atomic uint32_t *word, int operation, uint32_t value)
{
    int kept = errno;
    syscall(SYS_futex, word, operation, value, NULL, NULL, 0);
    errno = kept;
}

void system_wait(_Atomic uint32_t *word, uint32_t value)
{
    futex(word, FUTEX_WAIT_PRIVATE, value);
}

void system_wake(_Atomic uint32_t *word)
{
    futex(word, FUTEX_WAKE_PRIVATE, 1);
}

void system_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* The C library sets it up before any constructor runs, but after the loader's first requests. */
const char *system_environment(const char *name, bool *is_ready)
{
    *is_ready = environ != NULL;
    return *is_ready ? secure_getenv(name) : NULL;
}

void system_say(const char *text, size_t length)
{
    int kept = errno;
    while (length > 0) {
        ssize_t written = write(STDERR_FILENO, text, length);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) break;
        text += written;
        length -= (size_t)written;
    }
    errno = kept;
}

_Noreturn void system_abort(void)
{
    abort();
}

static pthread_key_t watched;

void system_at_thread_exit(void (*exits)(void *value))
{
    if (pthread_key_create(&watched, exits) == 0) return;
    static const char line[] = "corona: no pthread key is left: threads cannot be told to end\n";
    system_say(line, sizeof line - 1);
    abort();
}

void system_watch_thread(void *value)
{
    int kept = errno;
    pthread_setspecific(watched, value);
    errno = kept;
}

bool system_has_one_thread(void)
{
    return __libc_single_threaded;
}

void system_at_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
    pthread_atfork(prepare, parent, child);
}

#endif
