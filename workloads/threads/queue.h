/* Blocks on their way from one thread to another, first in, first out, in batches. */
#ifndef THREADS_QUEUE_H
#define THREADS_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

enum { QUEUE_BATCH = 64 };

/* Sleeps are rare by design: a consumer that has found nothing sleeps until the queue is half full,
 * a producer that has found no room until it is half empty. */
struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled, emptied;
    bool is_ended; /* nothing more will come */
    size_t first, length, room;
    size_t batch;            /* the most that is put or taken at once */
    _Atomic(void *) *blocks; /* a ring of `room`, the caller's */
};

/* room is at least 1. */
void queue_open(struct queue *queue, _Atomic(void *) *blocks, size_t room);
void queue_close(struct queue *queue);

/* Waits for room; count is at most queue->batch. */
void queue_put(struct queue *queue, void *const *blocks, size_t count);
void queue_end(struct queue *queue);

/* Up to queue->batch blocks; waits for the first of them. How many: 0 when the queue has ended. */
size_t queue_take(struct queue *queue, void *blocks[QUEUE_BATCH]);

#endif
