/* A spec names a stack of allocators, outermost first, with options:
 *
 *     slab:keep=16    count+fixed-pool:size=56,count=1000+mimalloc    ./libmine.so:prefix=my_
 *
 * A name with a slash is a shared library that has malloc, realloc and free. The same text works on
 * the command line, in the library and in the tests.
 */
#ifndef SPEC_H
#define SPEC_H

#include "allocator.h"
#include "host.h"

/* An open allocator. `resize` and `state` go to lua_newstate. */
struct heap {
    const struct allocator *allocator;
    resize_fn *resize;
    void *state;
    struct heap *inner; /* the backing or the wrapped heap, opened and closed with this one */
    struct heap *outer; /* the heap that this one is the inner of; NULL for the outermost */
    struct host *host;  /* of all layers */
};

/* Opens what the spec names, or returns NULL and says why. The heap structures themselves are taken
 * from mmap, so that opening one leaves the process's malloc as it was. */
struct heap *heap_open(const char *spec, struct error *error);

/* The same over what the caller already has: the spec names wrappers alone, and they pass their
 * calls to this function with this state. live_bytes are held already; wrappers that would have to
 * know their blocks are refused. */
struct heap *heap_open_over(const char *spec, resize_fn *function, void *state, size_t live_bytes,
                            struct error *error);

/* The same in memory of the caller's, which all blocks come from and which is never given back: an
 * allocator with TRAIT_TAKES_BUFFER, without its backing, and at most wrappers over it. The
 * descriptions of the heaps themselves come from the system, all of them at opening. */
struct heap *heap_open_in(const char *spec, void *buffer, size_t bytes, struct error *error);

/* From now on this is the host of all layers; NULL for the standard one. It is copied; the count of
 * faults goes on. */
void heap_surround(struct heap *heap, const struct host *host);

/* The outermost layer of that name, or NULL. */
struct heap *heap_layer(struct heap *heap, const char *name);

/* The outermost layer for which several threads may not call the heap at once. NULL: they may, as
 * every layer allows that, or a lock stands over those that do not. */
const struct heap *heap_unsafe_layer(const struct heap *heap);

/* Has every layer look for damage; returns how many faults were found by this look. */
size_t heap_audit(const struct heap *heap);

/* Tells every layer that has `mark` where the program is. */
void heap_mark(const struct heap *heap, enum heap_mark mark, size_t number);

/* Closes the heap and those under it; living blocks go with their pages. NULL is allowed. */
void heap_close(struct heap *heap);

/* All figures start as UNKNOWN; the allocator fills in those that it keeps. */
void heap_statistics(const struct heap *heap, struct heap_statistics *out);

struct spec_description {
    const struct allocator *allocator; /* the outermost */
    unsigned traits;                   /* the outermost's; of any layer REPLAY_ONLY and RETAINS */
    bool uses_library;                 /* a shared library is loaded: see shared_library.h */
};

/* Checks names, options and order without opening anything. */
bool spec_describe(const char *spec, struct spec_description *out, struct error *error);

/* The registry, in report order; NULL past the end. Wrappers come after all other allocators. */
const struct allocator *registry_at(size_t index);

/* By name; NULL, with the nearest name offered in error, when there is none. */
const struct allocator *registry_find(const char *name, struct error *error);

#endif
