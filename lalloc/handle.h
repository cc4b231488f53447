/* What the handle of a heap is made of that a program holds. */
#ifndef HANDLE_H
#define HANDLE_H

#include "lalloc.h"

#include "../allocators/spec.h"
#include "../allocators/limits/budget.h"
#include "lua_host.h"

struct lalloc_heap {
    struct heap *layers;
    struct lua_host lua_host;
    lua_State *L;              /* the state that runs on the heap; NULL: none */
    struct lalloc_heap *under; /* what the state had before the heap was attached to it */
    lua_Alloc former_function; /* of a state that the heap was attached to */
    void *former_userdata;
    lalloc_listener *listener; /* NULL: standard error */
    void *listener_userdata;
};

struct lalloc_budget {
    struct budget budget;
};

/* Where the caller of the library wants it; error may be NULL. */
void handle_tell(const struct error *reason, char *error, size_t error_bytes);

/* Pages for a heap without layers, or NULL with the reason in error. */
struct lalloc_heap *handle_map(struct error *error);

/* Completes it with its layers. Without any it is unmapped, the reason goes where the caller of the
 * library wants it, and the answer is NULL. */
struct lalloc_heap *handle_begin(struct lalloc_heap *heap, struct heap *layers,
                                 const struct error *reason, char *error, size_t error_bytes);

#endif
