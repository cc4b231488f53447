/* The blocks of one size, under a lock of their own, handed out and taken back many at a time. */
#ifndef CLASS_POOL_H
#define CLASS_POOL_H

#include "size_class.h"
#include "span_heap.h"
#include "tuner.h"

struct pool_counts {
    size_t batches, chunks; /* handed out; added */
    size_t spans, full_spans;
    size_t total_blocks, out_blocks; /* in spans and rest; in use or in a thread's cache */
    size_t adopted_blocks;           /* of larger pools, see class_pool_adopt */
};

struct class_pool {
    pthread_mutex_t lock; /* of all below but what class_pool_open sets for good */
    struct span_heap *span_heap;
    struct class_pool *pools; /* all of them, by size class */
    size_t block_bytes;
    uint32_t blocks_per_span;
    unsigned size_class;
    unsigned spans_order; /* 2^this spans make one span of this pool: blocks above 16 KiB */
    bool tunes;

    struct span *with_room;   /* spans that have a block to give, the fullest rather first */
    struct span *empty;       /* the one among them that may stay without blocks in use */
    struct span *rest;        /* what of the newest chunk was not yet made into spans */
    size_t rest_count;        /* in spans of 16 KiB */
    bool rest_is_dirty;       /* it may hold memory */
    unsigned chunk_order;     /* a chunk is 2^this spans: chosen by the tuner */
    struct tuner chunk_tuner; /* hits: batches from a chunk at hand; misses: chunks added */
    struct pool_counts counts;
} __attribute__((aligned(64)));

struct pool_settings {
    size_t chunk_blocks; /* of a small pool's first chunk */
    bool tunes;
};

void class_pool_open(struct class_pool *pools, unsigned size_class, struct span_heap *span_heap,
                     const struct pool_settings *settings);
void class_pool_close(struct class_pool *pool);

/* Fills slots with up to `want` blocks, those of one span together and the lowest address last, and
 * returns how many: fewer, or none, when the system refuses memory. */
size_t class_pool_take(struct class_pool *pool, void **slots, size_t want);

void class_pool_give(struct class_pool *pool, void *const *slots, size_t count);

/* A block in use passes from one pool to one of smaller blocks, because a shrink must not fail: the
 * next old_size will name that pool. It goes home when a cache is flushed. */
void class_pool_adopt(struct class_pool *from, struct class_pool *to, const void *block);

/* What a pool says of itself at one moment. */
struct pool_report {
    struct pool_counts counts;
    size_t empty_spans, chunk_blocks;
    size_t untouched_bytes, untouched_blocks; /* of the chunk's rest, if it holds no memory yet */
    size_t chunk_doublings, chunk_halvings;
};

void class_pool_read(struct class_pool *pool, struct pool_report *out);

#endif
