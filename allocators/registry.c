/* The registry is an array made from list.h; shared libraries differ only in their data row. */
#include <string.h>

#include "library_heap.h"
#include "nearest.h"
#include "shared_library.h"
#include "spec.h"

#define LOCAL(name) extern const struct allocator allocator_##name;
#define WRAPPER(name) LOCAL(name)
#define LIBRARY(name, soname, prefix, summary)
#include "list.h"
#undef LOCAL
#undef LIBRARY

#define LOCAL(name) &allocator_##name,
#define LIBRARY(row_name, row_soname, row_prefix, row_summary)          \
    &(const struct allocator){                                          \
        .name = row_name,                                               \
        .summary = row_summary,                                         \
        .traits = TRAIT_THREAD_SAFE,                                    \
        .alignment = 16,                                                \
        .library = &(const struct library_row){row_soname, row_prefix}, \
        .open = shared_library_open,                                    \
        .resize = shared_library_resize,                                \
        .close = shared_library_close,                                  \
        .identify = shared_library_identify,                            \
        .usable = library_usable,                                       \
        .purge = library_purge,                                         \
    },
static const struct allocator *const allocators[] = {
#include "list.h"
};

const struct allocator *registry_at(size_t index)
{
    return index < sizeof allocators / sizeof *allocators ? allocators[index] : NULL;
}

const struct allocator *registry_find(const char *name, struct error *error)
{
    struct nearest nearest = {.wanted = name};
    const struct allocator *allocator;
    char advice[128];
    if (strchr(name, '/')) return &allocator_library_file;
    for (size_t i = 0; (allocator = registry_at(i)); i++) {
        if (!strcmp(allocator->name, name)) return allocator;
        nearest_offer(&nearest, allocator->name);
    }
    error_set(error,
              "no allocator is called `%s`%s (heapbench list shows all; "
              "a shared library needs a slash: ./%s)",
              name, nearest_advice(&nearest, advice, sizeof advice), name);
    return NULL;
}
