/* A ring under one lock, taken once for a batch, so that what is measured stays the heap: a batch
 * costs 64 copies and two uncontended locks, about a nanosecond a block.
 *
 * Both cannot sleep at once: one sleeps at no block, the other above the half, and each is woken at
 * the half, or by the end. So a batch is no more than what is above the half.
 */
#include "queue.h"

#include <stdatomic.h>

void queue_open(struct queue *queue, _Atomic(void *) *blocks, size_t room)
{
    size_t above_half = (room + 1) / 2;
    *queue = (struct queue){.blocks = blocks,
                            .room = room,
                            .batch = above_half < QUEUE_BATCH ? above_half : QUEUE_BATCH};
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->filled, NULL);
    pthread_cond_init(&queue->emptied, NULL);
}

void queue_close(struct queue *queue)
{
    pthread_cond_destroy(&queue->emptied);
    pthread_cond_destroy(&queue->filled);
    pthread_mutex_destroy(&queue->lock);
}

/* So many wake a consumer; with one place alone, one. */
static size_t enough(const struct queue *queue)
{
    return queue->room > 1 ? queue->room / 2 : 1;
}

void queue_put(struct queue *queue, void *const *blocks, size_t count)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->length + count > queue->room) pthread_cond_wait(&queue->emptied, &queue->lock);
    bool was_enough = queue->length >= enough(queue);
    for (size_t i = 0; i < count; i++) {
        size_t place = (queue->first + queue->length++) % queue->room;
        atomic_store_explicit(&queue->blocks[place], blocks[i], memory_order_relaxed);
    }
    if (!was_enough && queue->length >= enough(queue)) pthread_cond_signal(&queue->filled);
    pthread_mutex_unlock(&queue->lock);
}

void queue_end(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->is_ended = true;
    pthread_cond_signal(&queue->filled);
    pthread_mutex_unlock(&queue->lock);
}

static void await_blocks(struct queue *queue)
{
    if (queue->length > 0) return;
    while (queue->length < enough(queue) && !queue->is_ended) {
        pthread_cond_wait(&queue->filled, &queue->lock);
    }
}

size_t queue_take(struct queue *queue, void *blocks[QUEUE_BATCH])
{
    pthread_mutex_lock(&queue->lock);
    await_blocks(queue);
    size_t half = queue->room / 2, before = queue->length;
    size_t count = before < queue->batch ? before : queue->batch;
    for (size_t i = 0; i < count; i++) {
        blocks[i] = atomic_load_explicit(&queue->blocks[queue->first], memory_order_relaxed);
        atomic_store_explicit(&queue->blocks[queue->first], NULL, memory_order_relaxed);
        queue->first = (queue->first + 1) % queue->room;
    }
    queue->length -= count;
    if (before > half && queue->length <= half) pthread_cond_signal(&queue->emptied);
    pthread_mutex_unlock(&queue->lock);
    return count;
}
