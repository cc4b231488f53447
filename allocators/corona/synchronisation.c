/* A lock that is held looks free again within some hundred cycles more often than not, so a thread
 * looks for a while before it sleeps. From its first sleep on it takes the lock as one that others
 * wait for: it cannot know better, and the price is one call too many when the lock is dropped. */
#include "synchronisation.h"

enum { LOOKS = 100 };

static bool take_while_looking(struct lock *lock)
{
    for (int i = 0; i < LOOKS; i++) {
        if (atomic_load_explicit(&lock->word, memory_order_relaxed) == 0 && lock_try(lock)) {
            return true;
        }
        system_relax();
    }
    return false;
}

void lock_take_slowly(struct lock *lock)
{
    if (take_while_looking(lock)) return;
    /* acquire: as in lock_take. */
    while (atomic_exchange_explicit(&lock->word, 2, memory_order_acquire) != 0) {
        system_wait(&lock->word, 2);
    }
}
