/* corona as a row of the registry, beside the libraries that it is measured against.
 *
 * Like libc's it is one heap for the whole process: what is opened here is the same heap each time,
 * its figures are the process's, and blocks still alive at close stay where they are. No state and
 * no counting of its own. Cost: a call.
 */
#include "../allocator.h"

#include <dlfcn.h>
#include <stdio.h>

#include "corona.h"

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    (void)heap;
    if (new_size == 0) {
        corona_free(block);
        return NULL;
    }
    void *moved = corona_realloc(block, new_size);
    /* The contract lets no shrink fail; the old block is large enough. */
    return moved == NULL && new_size <= old_size ? block : moved;
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    (void)settings, (void)inner, (void)error;
    return (void *)self; /* any address but NULL: nothing is ever read through it */
}

static void close_heap(void *heap)
{
    (void)heap;
}

static void read_statistics(const void *heap, struct heap_statistics *out)
{
    (void)heap;
    struct corona_statistics now;
    corona_statistics(&now);
    out->footprint_bytes = now.used_bytes + now.dirty_bytes + now.metadata_bytes;
    out->metadata_bytes = now.metadata_bytes;
}

/* Counts of calls are 0, and left out, unless CORONA_STATS=yes. */
static bool read_figure(const void *heap, size_t index, struct heap_figure *out)
{
    (void)heap;
    struct corona_statistics now;
    corona_statistics(&now);
    const struct heap_figure figures[] = {
        {"address space reserved", "bytes", (double)now.reserved_bytes},
        {"of it made usable", "bytes", (double)now.committed_bytes},
        {"held by blocks and large objects", "bytes", (double)now.used_bytes},
        {"free, not yet given back", "bytes", (double)now.dirty_bytes},
        {"given back in all", "bytes", (double)now.purged_bytes},
        {"threads alive", "count", (double)now.threads},
        {"small allocations", "count", (double)now.small_allocations},
        {"large allocations", "count", (double)now.large_allocations},
        {"frees by other threads", "count", (double)now.cross_thread_frees},
        {"large objects from a thread's cache", "count", (double)now.cache_hits},
        {"large objects from the back end", "count", (double)now.cache_misses},
        {"runs cut for small objects", "count", (double)now.block_takes},
        {"blocks taken over from ended threads", "count", (double)now.block_adoptions},
    };
    enum { FIGURES = sizeof figures / sizeof *figures, OF_MEMORY = 6 };
    if (index >= (now.allocations ? FIGURES : OF_MEMORY)) return false;
    *out = figures[index];
    return true;
}

static size_t read_usable(const void *heap, const void *block)
{
    (void)heap;
    return corona_usable_size(block);
}

static void purge(void *heap)
{
    (void)heap;
    corona_purge();
}

static bool identify(const void *heap, struct identity *out)
{
    (void)heap;
    Dl_info owner;
    if (dladdr((void *)corona_malloc, &owner) == 0) return false;
    snprintf(out->file, sizeof out->file, "%s", owner.dli_fname);
    snprintf(out->version, sizeof out->version, "%s", CORONA_VERSION);
    return true;
}

const struct allocator allocator_corona = {
    .name = "corona",
    .summary = "our general malloc: thread-owned blocks, one arena",
    .traits = TRAIT_THREAD_SAFE,
    .alignment = 16,
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
    .statistics = read_statistics,
    .figure = read_figure,
    .usable = read_usable,
    .purge = purge,
    .identify = identify,
};
