/* Memory in spans of 16 KiB, from one arena, given out in runs and taken back in any pieces. */
#ifndef SPAN_HEAP_H
#define SPAN_HEAP_H

#include <pthread.h>
#include <stdint.h>

#include "../pages.h"

enum { SPAN_BITS = 14, RUN_ORDERS = 7 }; /* runs of 1, 2, 4 ... 64 spans */
#define SPAN_BYTES ((size_t)1 << SPAN_BITS)
#define RUN_BYTES_MAXIMUM (SPAN_BYTES << (RUN_ORDERS - 1))

struct free_block {
    struct free_block *next;
};

/* Descriptors lie apart from the spans, so that memory that is free is not touched. The first span
 * of a free run describes the run; a pool's span of several describes itself in its first. */
struct span {
    struct span *next, *previous; /* in a list of free runs, or of a pool's spans with room */
    struct free_block *free_list; /* the rest is the pool's */
    char *fresh;                  /* blocks never used since the pool got the span */
    uint32_t fresh_blocks, used_blocks;
    uint8_t size_class;
    uint8_t order;    /* of a free run */
    bool is_free_run; /* first span of one */
    bool is_dirty;    /* of a free run: its pages may hold memory */
} __attribute__((aligned(64)));

struct span_heap {
    pthread_mutex_t lock; /* of all below but the starts of the two arenas */
    struct arena memory, descriptors;
    struct span *spans;                    /* the arena of descriptors as an array */
    size_t span_count;                     /* spans that the arena gave out */
    size_t described_spans;                /* spans that have descriptors */
    struct span *free_runs[2][RUN_ORDERS]; /* clean and dirty */
    size_t in_use_bytes, clean_bytes, dirty_bytes;
    size_t purged_bytes; /* in all */
};

/* False when the system refuses the address space. */
bool span_heap_open(struct span_heap *heap);
void span_heap_close(struct span_heap *heap);

/* A run of 2^order spans, or NULL. is_dirty tells whether its pages may hold memory. */
struct span *span_heap_take(struct span_heap *heap, unsigned order, bool *is_dirty);

/* Gives back spans in a row, which need not be all of a run. */
void span_heap_give(struct span_heap *heap, struct span *first, size_t count, bool is_dirty);

struct span_heap_statistics {
    size_t footprint_bytes; /* descriptors included, clean runs not */
    size_t metadata_bytes, retained_bytes, purged_bytes;
    size_t largest_run_bytes; /* of those that hold memory */
};

void span_heap_read(struct span_heap *heap, struct span_heap_statistics *out);

static inline bool span_heap_owns(const struct span_heap *heap, const void *block)
{
    return arena_owns(&heap->memory, block);
}

/* The span in which an own block begins. */
static inline struct span *span_heap_find(const struct span_heap *heap, const void *block)
{
    return &heap->spans[(size_t)((const char *)block - heap->memory.start) >> SPAN_BITS];
}

static inline char *span_heap_start(const struct span_heap *heap, const struct span *span)
{
    return heap->memory.start + ((size_t)(span - heap->spans) << SPAN_BITS);
}

#endif
