/* One mutex round every call, so that any allocator serves several threads.
 *
 * Whatever stands under the lock is reached through it alone: statistics, tiers and figures of the
 * heap below are read under it too, and figures of the lock's own come first. A call tries the
 * mutex before it waits, so that waits can be counted. Cost: about 10 ns a call where nobody waits.
 */
#include <assert.h>
#include <pthread.h>

#include "../pages.h"
#include "call.h"

struct lock {
    struct wrapped wrapped;
    struct live live;
    size_t calls, waits;
    pthread_mutex_t mutex; /* over all of the above */
};

enum { OWN_FIGURES = 2 };

static void acquire(struct lock *lock)
{
    bool waits = pthread_mutex_trylock(&lock->mutex) != 0;
    if (waits) assert(pthread_mutex_lock(&lock->mutex) == 0);
    lock->waits += waits;
}

/* Asking for figures changes nothing but the mutex, and counts as no call. */
static struct lock *acquire_to_read(const void *heap)
{
    struct lock *lock = (struct lock *)heap;
    assert(pthread_mutex_lock(&lock->mutex) == 0);
    return lock;
}

static void release(struct lock *lock)
{
    pthread_mutex_unlock(&lock->mutex);
}

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct lock *lock = heap;
    acquire(lock);
    lock->calls++;
    void *result = wrapped_resize(&lock->wrapped, block, old_size, new_size);
    if (call_is_granted(result, new_size)) live_note(&lock->live, block, old_size, new_size);
    release(lock);
    return result;
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    (void)settings;
    struct lock *lock = wrapped_open(self, inner, sizeof *lock, error);
    if (lock != NULL) pthread_mutex_init(&lock->mutex, NULL);
    return lock;
}

static void close_heap(void *heap)
{
    pthread_mutex_destroy(&((struct lock *)heap)->mutex);
    pages_unmap(heap, sizeof(struct lock));
}

static void read_statistics(const void *heap, struct heap_statistics *out)
{
    struct lock *lock = acquire_to_read(heap);
    live_statistics(lock, out);
    release(lock);
}

static bool read_tier(const void *heap, size_t index, struct tier_statistics *out)
{
    struct lock *lock = acquire_to_read(heap);
    const struct heap *inner = lock->wrapped.inner;
    bool is_there =
        inner->allocator->tier != NULL && inner->allocator->tier(inner->state, index, out);
    release(lock);
    return is_there;
}

static bool read_inner_figure(const struct heap *inner, size_t index, struct heap_figure *out)
{
    return inner->allocator->figure != NULL && inner->allocator->figure(inner->state, index, out);
}

static bool read_figure(const void *heap, size_t index, struct heap_figure *out)
{
    struct lock *lock = acquire_to_read(heap);
    const struct heap_figure own[OWN_FIGURES] = {
        {"calls under the lock", "count", (double)lock->calls},
        {"calls that had to wait", "count", (double)lock->waits},
    };
    bool is_there = true;
    if (index < OWN_FIGURES) *out = own[index];
    else is_there = read_inner_figure(lock->wrapped.inner, index - OWN_FIGURES, out);
    release(lock);
    return is_there;
}

const struct allocator allocator_lock = {
    .name = "lock",
    .summary = "makes any allocator thread-safe by a mutex",
    .traits = TRAIT_WRAPPER | TRAIT_THREAD_SAFE,
    .alignment = 16,
    .wrapper = &live_methods,
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
    .statistics = read_statistics,
    .tier = read_tier,
    .figure = read_figure,
};
