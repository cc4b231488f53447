/* Counters with one writer at a time, which others may read meanwhile: a plain load and store, each
 * whole. What is read of several counters while threads run need not be of one moment. */
#ifndef COUNTER_H
#define COUNTER_H

#include <stddef.h>

static inline size_t counter_read(const size_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static inline void counter_write(size_t *counter, size_t value)
{
    __atomic_store_n(counter, value, __ATOMIC_RELAXED);
}

/* amount may be the negative of one: sums wrap round and come out right. */
static inline void counter_add(size_t *counter, size_t amount)
{
    counter_write(counter, counter_read(counter) + amount);
}

#endif
