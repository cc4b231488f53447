/* dlsym may itself allocate, on its first call or on an error: while the next functions are being
 * found, it is served from a small static buffer, whose blocks are known by their addresses and
 * never given back. */
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>

#include "preload_state.h"

enum { START_BYTES = 1 << 14 };

struct next_functions next_functions;

static char start_memory[START_BYTES] __attribute__((aligned(64)));
static size_t start_used;
static bool is_finding; /* by the first thread, before there can be others */

static void find(void **function, const char *name)
{
    *function = dlsym(RTLD_NEXT, name);
}

bool next_find(void)
{
    if (next_functions.is_ready) return true;
    if (is_finding) return false;
    int error = errno;
    is_finding = true;
    find((void **)&next_functions.malloc, "malloc");
    find((void **)&next_functions.calloc, "calloc");
    find((void **)&next_functions.realloc, "realloc");
    find((void **)&next_functions.free, "free");
    find((void **)&next_functions.aligned_alloc, "aligned_alloc");
    find((void **)&next_functions.memalign, "memalign");
    find((void **)&next_functions.posix_memalign, "posix_memalign");
    find((void **)&next_functions.valloc, "valloc");
    find((void **)&next_functions.pvalloc, "pvalloc");
    next_functions.is_ready = true;
    is_finding = false;
    errno = error;
    return true;
}

void *start_take(size_t bytes, size_t alignment)
{
    size_t start = (start_used + alignment - 1) & ~(alignment - 1);
    if (start > START_BYTES || bytes > START_BYTES - start) {
        errno = ENOMEM;
        return NULL;
    }
    start_used = start + bytes;
    return start_memory + start;
}

bool start_owns(const void *block)
{
    return (uintptr_t)block - (uintptr_t)start_memory < START_BYTES;
}

size_t start_bytes_from(const void *block)
{
    return START_BYTES - (size_t)((const char *)block - start_memory);
}
