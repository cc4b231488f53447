/* A malloc from a shared library behind one adapter, loaded late and privately.
 *
 * dlsym finds a name in what a library depends on, too, so a library without a malloc of its own
 * would quietly measure glibc's: every symbol's owner is asked for (dladdr) and another is refused.
 * Cost: one indirect call more than a direct link. Found through the handle, nothing is preloaded,
 * so the program's own memory stays with glibc. */
#include "shared_library.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "library_heap.h"
#include "pages.h"

static const struct option_row file_options[] = {
    {"prefix", OPTION_TEXT, "", 0, 0, NULL,
     "what precedes malloc, realloc and free; found by itself where the library is a known one"},
    {0},
};

const struct allocator allocator_library_file = {
    .name = "a shared library",
    .summary = "malloc, realloc and free of a library given by its path",
    .traits = TRAIT_THREAD_SAFE,
    .alignment = 16,
    .options = file_options,
    .open = shared_library_open,
    .resize = shared_library_resize,
    .close = shared_library_close,
    .identify = shared_library_identify,
    .usable = library_usable,
    .purge = library_purge,
};

void *library_symbol(const struct library_heap *heap, const char *prefix, const char *name)
{
    struct link_map *map;
    char symbol_name[128];
    Dl_info owner;
    snprintf(symbol_name, sizeof symbol_name, "%s%s", prefix, name);
    void *symbol = dlsym(heap->handle, symbol_name);
    if (!symbol || dlinfo(heap->handle, RTLD_DI_LINKMAP, &map) || !dladdr(symbol, &owner)) {
        return NULL;
    }
    return (char *)owner.dli_fbase == (char *)map->l_addr ? symbol : NULL;
}

static bool bind(struct library_heap *heap, const char *prefix)
{
    void *reallocate = library_symbol(heap, prefix, "realloc");
    void *release = library_symbol(heap, prefix, "free");
    memcpy(&heap->reallocate, &reallocate, sizeof reallocate);
    memcpy(&heap->release, &release, sizeof release);
    library_bind_memory(heap, prefix);
    return reallocate && release && library_symbol(heap, prefix, "malloc");
}

static bool bind_any(struct library_heap *heap, const char *prefix, struct error *error)
{
    static const char *const known[] = {"", "mi_", "je_", "tc_", "scalable_", "rp", "sn_"};
    if (*prefix) {
        return bind(heap, prefix) ||
               error_set(error, "%s has no %smalloc, %srealloc and %sfree of its own", heap->path,
                         prefix, prefix, prefix);
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (bind(heap, known[i])) return true;
    }
    return error_set(error,
                     "%s is no malloc: it has no malloc, realloc and free of its own; "
                     "if they have a prefix, add :prefix=NAME",
                     heap->path);
}

/* A realloc that calls its library's own malloc by name would get the C library's, unless the
 * library looks into itself first. The known ones call theirs by private names. The address
 * sanitizer, whose malloc must be everybody's, does not allow it. */
static int binding_flags(bool is_known)
{
#ifdef __SANITIZE_ADDRESS__
    is_known = true;
#endif
    return RTLD_NOW | RTLD_LOCAL | (is_known ? 0 : RTLD_DEEPBIND);
}

static bool load(struct library_heap *heap, const char *name, int flags, struct error *error)
{
    struct link_map *map;
    heap->handle = dlopen(name, flags);
    if (!heap->handle) return error_set(error, "%s cannot be loaded: %s", name, dlerror());
    if (dlinfo(heap->handle, RTLD_DI_LINKMAP, &map) || !realpath(map->l_name, heap->path)) {
        snprintf(heap->path, sizeof heap->path, "%s", name);
    }
    return true;
}

void *shared_library_open(const struct allocator *self, const struct settings *settings,
                          const struct heap *inner, struct error *error)
{
    (void)inner;
    const struct library_row *row = self->library;
    struct library_heap *heap = pages_map(sizeof *heap);
    if (!heap) {
        error_set(error, "%s: the system refused memory", settings->name);
        return NULL;
    }
    if (load(heap, row ? row->soname : settings->name, binding_flags(row), error)) {
        if (bind_any(heap, row ? row->prefix : settings->values[0].text, error)) return heap;
        dlclose(heap->handle);
    }
    pages_unmap(heap, sizeof *heap);
    return NULL;
}

void *shared_library_resize(void *state, void *block, size_t old_size, size_t new_size)
{
    const struct library_heap *heap = state;
    if (new_size == 0) {
        if (block) heap->release(block);
        return NULL;
    }
    void *moved = heap->reallocate(block, new_size);
    /* The contract lets no shrink fail; the old block is large enough. */
    if (!moved && block && new_size <= old_size) return block;
    return moved;
}

/* The library stays loaded: its threads and destructors may outlive the heap. */
void shared_library_close(void *state)
{
    pages_unmap(state, sizeof(struct library_heap));
}

static bool read_mimalloc(void *symbol, char *version, size_t length)
{
    int (*read)(void);
    memcpy(&read, &symbol, sizeof symbol);
    int number = read();
    snprintf(version, length, "%d.%d.%d", number / 100, number / 10 % 10, number % 10);
    return true;
}

static bool read_jemalloc(void *symbol, char *version, size_t length)
{
    int (*read)(const char *, void *, size_t *, void *, size_t);
    const char *text;
    size_t text_length = sizeof text;
    memcpy(&read, &symbol, sizeof symbol);
    if (read("version", &text, &text_length, NULL, 0)) return false;
    snprintf(version, length, "%.*s", (int)strcspn(text, "-"), text);
    return true;
}

static bool read_tcmalloc(void *symbol, char *version, size_t length)
{
    const char *(*read)(int *, int *, const char **);
    int major, minor;
    const char *patch;
    memcpy(&read, &symbol, sizeof symbol);
    read(&major, &minor, &patch);
    snprintf(version, length, "%d.%d%s", major, minor, patch);
    return true;
}

/* Intel's tells its version only in a text that it prints when asked by the environment. */
static int find_banner(struct dl_phdr_info *library, size_t size, void *found)
{
    static const char banner[] = "TBBmalloc: VERSION\t\t";
    (void)size;
    for (int i = 0; i < library->dlpi_phnum && strstr(library->dlpi_name, "tbbmalloc"); i++) {
        const ElfW(Phdr) *segment = &library->dlpi_phdr[i];
        const char *start = (const char *)(library->dlpi_addr + segment->p_vaddr);
        if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_R)) continue;
        const char *at = memmem(start, segment->p_filesz, banner, strlen(banner));
        if (at) *(const char **)found = at + strlen(banner);
    }
    return 0;
}

static bool read_tbbmalloc(void *symbol, char *version, size_t length)
{
    const char *text = NULL;
    (void)symbol;
    dl_iterate_phdr(find_banner, &text);
    if (!text) return false;
    snprintf(version, length, "%.*s", (int)strcspn(text, "\n"), text);
    return true;
}

bool shared_library_identify(const void *state, struct identity *out)
{
    static const struct {
        const char *symbol;
        bool (*read)(void *symbol, char *version, size_t length);
    } readers[] = {
        {"mi_version", read_mimalloc},
        {"mallctl", read_jemalloc},
        {"tc_version", read_tcmalloc},
        {"scalable_malloc", read_tbbmalloc},
    };
    const struct library_heap *heap = state;
    snprintf(out->file, sizeof out->file, "%s", heap->path);
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        void *symbol = library_symbol(heap, "", readers[i].symbol);
        if (symbol && readers[i].read(symbol, out->version, sizeof out->version)) return true;
    }
    const char *suffix = strstr(heap->path, ".so.");
    snprintf(out->version, sizeof out->version, "%s", suffix ? suffix + 4 : "unknown");
    return true;
}
