/* The C library's own realloc and free: the yardstick, row one of every table.
 *
 * Whatever is preloaded answers to the same names, so opening asks the dynamic linker which file
 * realloc and free come from and refuses any but the C library. Cost: one call through the linkage
 * table. No state and no counting; blocks still alive at close stay where they are.
 */
#include "allocator.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    (void)heap;
    if (new_size == 0) {
        free(block);
        return NULL;
    }
    void *moved = realloc(block, new_size);
    /* The contract lets no shrink fail; the old block is large enough. */
    return moved == NULL && new_size <= old_size ? block : moved;
}

/* The file that a symbol is bound to in this process. */
static bool find_owner(const char *symbol, Dl_info *owner)
{
    void *address = dlsym(RTLD_DEFAULT, symbol);
    return address != NULL && dladdr(address, owner) != 0;
}

static bool is_from_libc(const char *symbol, struct error *error)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    (void)symbol, (void)error;
    return true; /* the sanitizer's malloc stands in for the library's, on purpose */
#else
    Dl_info libc, owner;
    if (!find_owner("gnu_get_libc_version", &libc) || !find_owner(symbol, &owner))
        return error_set(error, "libc: the dynamic linker knows no %s", symbol);
    if (owner.dli_fbase == libc.dli_fbase) return true;
    return error_set(error, "libc: something is preloaded: %s provides %s; run without LD_PRELOAD",
                     owner.dli_fname, symbol);
#endif
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    (void)settings, (void)inner;
    if (!is_from_libc("realloc", error) || !is_from_libc("free", error)) return NULL;
    return (void *)self; /* any address but NULL: nothing is ever read through it */
}

static void close_heap(void *heap)
{
    (void)heap;
}

static bool identify(const void *heap, struct identity *out)
{
    (void)heap;
    Dl_info owner;
    if (!find_owner("gnu_get_libc_version", &owner)) return false;
    snprintf(out->file, sizeof out->file, "%s", owner.dli_fname);
    snprintf(out->version, sizeof out->version, "%s", gnu_get_libc_version());
    return true;
}

static size_t read_usable(const void *heap, const void *block)
{
    (void)heap;
    return malloc_usable_size((void *)block);
}

static void purge(void *heap)
{
    (void)heap;
    malloc_trim(0);
}

const struct allocator allocator_libc = {
    .name = "libc",
    .summary = "the C library's realloc and free: the yardstick",
    .traits = TRAIT_THREAD_SAFE,
    .alignment = 16,
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
    .identify = identify,
    .usable = read_usable,
    .purge = purge,
};
