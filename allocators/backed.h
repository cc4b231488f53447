/* A pool that serves some sizes and passes the others to its backing.
 *
 * The pool says what it can do in four functions; what remains is the same for all: which of the
 * two serves a call, moving a block across the boundary, and the counts. The functions here are
 * inline so that a pool which names its methods in a constant gets them without indirect calls.
 * Free and shrink never fail: where a smaller block cannot be had, the old one stays.
 */
#ifndef BACKED_H
#define BACKED_H

#include <string.h>

#include "spec.h"

/* Out of line, so that new and free keep few registers. */
#define BACKED_SLOW static __attribute__((noinline, unused))

/* The first member of a pool's heap. */
struct backed {
    const struct heap *backing;
    size_t live_bytes; /* the backing's included */
    size_t backing_calls, backing_live_bytes, backing_live_blocks;
};

struct pool_methods {
    /* Bytes of the block that a request gets, for size > 0; 0 when the pool does not serve it. */
    size_t (*block_bytes)(const void *pool, size_t size);
    void *(*take)(void *pool, size_t size); /* size is one that it serves; NULL: used up */
    void (*give)(void *pool, void *block, size_t old_size);
    bool (*owns)(const void *pool, const void *block);
    size_t (*room)(const void *pool, const void *block, size_t old_size); /* of an own block */
    /* Optional: makes an own block larger or smaller where it stands; false leaves it as it was. */
    bool (*resize_in_place)(void *pool, void *block, size_t old_size, size_t new_size);
};

BACKED_SLOW void *backed_ask(struct backed *pool, void *block, size_t old_size, size_t new_size)
{
    void *result = pool->backing->resize(pool->backing->state, block, old_size, new_size);
    pool->backing_calls++;
    if (result == NULL && new_size != 0) return NULL;
    pool->live_bytes += new_size - old_size;
    pool->backing_live_bytes += new_size - old_size;
    pool->backing_live_blocks += (size_t)(new_size != 0) - (size_t)(block != NULL);
    return result;
}

static inline void *backed_take(struct backed *pool, const struct pool_methods *methods,
                                size_t size)
{
    if (methods->block_bytes(pool, size) == 0) return NULL;
    void *block = methods->take(pool, size);
    if (block == NULL) return NULL;
    pool->live_bytes += size;
    return block;
}

static inline void *backed_new(struct backed *pool, const struct pool_methods *methods, size_t size)
{
    if (size == 0) return NULL;
    void *block = backed_take(pool, methods, size);
    return block != NULL ? block : backed_ask(pool, NULL, 0, size);
}

static inline void backed_free(struct backed *pool, const struct pool_methods *methods, void *block,
                               size_t old_size)
{
    methods->give(pool, block, old_size);
    pool->live_bytes -= old_size;
}

static inline bool backed_stays(struct backed *pool, const struct pool_methods *methods,
                                void *block, size_t old_size, size_t new_size)
{
    if (methods->resize_in_place) {
        return methods->resize_in_place(pool, block, old_size, new_size);
    }
    return methods->room(pool, block, old_size) == methods->block_bytes(pool, new_size);
}

BACKED_SLOW void *backed_resize_own(struct backed *pool, const struct pool_methods *methods,
                                    void *block, size_t old_size, size_t new_size)
{
    if (!backed_stays(pool, methods, block, old_size, new_size)) {
        size_t room = methods->room(pool, block, old_size);
        void *moved = new_size <= room ? backed_take(pool, methods, new_size)
                                       : backed_new(pool, methods, new_size);
        if (moved != NULL) {
            memcpy(moved, block, old_size < new_size ? old_size : new_size);
            backed_free(pool, methods, block, old_size);
            return moved;
        }
        if (new_size > room) return NULL;
    }
    pool->live_bytes += new_size - old_size;
    return block;
}

BACKED_SLOW void *backed_resize_other(struct backed *pool, const struct pool_methods *methods,
                                      void *block, size_t old_size, size_t new_size)
{
    void *moved = new_size != 0 ? backed_take(pool, methods, new_size) : NULL;
    if (moved == NULL) return backed_ask(pool, block, old_size, new_size);
    memcpy(moved, block, old_size < new_size ? old_size : new_size);
    backed_ask(pool, block, old_size, 0);
    return moved;
}

/* The whole of a resize_fn. */
static inline void *backed_resize(struct backed *pool, const struct pool_methods *methods,
                                  void *block, size_t old_size, size_t new_size)
{
    if (block == NULL) return backed_new(pool, methods, new_size);
    if (!methods->owns(pool, block)) {
        return backed_resize_other(pool, methods, block, old_size, new_size);
    }
    if (new_size != 0) return backed_resize_own(pool, methods, block, old_size, new_size);
    backed_free(pool, methods, block, old_size);
    return NULL;
}

/* The figures that follow from the pool's own blocks in use and the bytes that these could hold;
 * the rest is left as it is. */
static inline void backed_statistics(const struct backed *pool, size_t used_blocks,
                                     size_t used_bytes, struct heap_statistics *out)
{
    out->live_bytes = pool->live_bytes;
    out->live_blocks = used_blocks + pool->backing_live_blocks;
    out->usable_bytes = used_bytes + pool->backing_live_bytes;
    out->backing_calls = pool->backing_calls;
    out->backing_live_bytes = pool->backing_live_bytes;
    out->backing_live_blocks = pool->backing_live_blocks;
}

#endif
