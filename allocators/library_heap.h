/* A malloc from a shared library, opened: what shared_library.c and library_memory.c share. */
#ifndef LIBRARY_HEAP_H
#define LIBRARY_HEAP_H

#include <limits.h>
#include <stddef.h>

struct library_heap {
    void *(*reallocate)(void *block, size_t bytes);
    void (*release)(void *block);
    size_t (*usable)(void *block); /* NULL where the library does not tell */
    void (*purge)(void *symbol);   /* NULL where no way to ask for it is known */
    void *purge_symbol;            /* the library's own function, handed to purge */
    void *handle;
    char path[PATH_MAX];
};

/* NULL unless the library itself, not one that it depends on, defines prefix and name as one. */
void *library_symbol(const struct library_heap *heap, const char *prefix, const char *name);

/* Finds how the library tells what a block could hold, and how it is asked to give memory back. */
void library_bind_memory(struct library_heap *heap, const char *prefix);

size_t library_usable(const void *state, const void *block);
void library_purge(void *state);

#endif
