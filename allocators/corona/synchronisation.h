/* Locks: a word that sleeps in the kernel only when two threads meet. Zeroed memory is an open
 * lock. For code off the fast paths. */
#ifndef CORONA_SYNCHRONISATION_H
#define CORONA_SYNCHRONISATION_H

#include "system.h"

struct lock {
    _Atomic uint32_t word; /* 0 open, 1 held, 2 held and others wait */
};

void lock_take_slowly(struct lock *lock);

/* False where another holds it. */
static inline bool lock_try(struct lock *lock)
{
    uint32_t open = 0;
    /* acquire: what the last holder wrote is seen. */
    return atomic_compare_exchange_strong_explicit(&lock->word, &open, 1, memory_order_acquire,
                                                   memory_order_relaxed);
}

static inline void lock_take(struct lock *lock)
{
    if (!lock_try(lock)) lock_take_slowly(lock);
}

static inline void lock_drop(struct lock *lock)
{
    /* release: what this holder wrote is seen by the next. */
    if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) == 2)
        system_wake(&lock->word);
}

/* In the child of a fork, whose only thread holds the lock: nobody waits for it there. */
static inline void lock_reset(struct lock *lock)
{
    atomic_store_explicit(&lock->word, 0, memory_order_relaxed);
}

#endif
