/* Orphans: blocks whose thread has ended while objects in them live on. Whoever frees one of these
 * objects, or needs a block of that bin, adopts the block. One lock, taken when threads end, and
 * for a block when it is adopted. */
#ifndef CORONA_ORPHANS_H
#define CORONA_ORPHANS_H

#include "thread_data.h"

/* Between these two a thread that is ending closes its mail and leaves its blocks here. */
void orphans_lock(void);
void orphans_unlock(void);
void orphans_unlock_in_child(void);

/* Until each thread that has closed its mail has left its blocks. */
void orphans_await(void);

/* A block of the thread that is ending, in no list; under the lock. Empty ones are given back. */
void orphans_leave(struct block *block);

/* An orphan of the bin, now of this thread and in its lists; NULL when there is none. */
struct block *orphans_adopt(struct thread_data *thread, unsigned bin);

/* Frees an object of an orphan, which the thread adopts if it is alive. False when the block is no
 * orphan: it has an owner again. */
bool orphans_free(struct thread_data *thread, struct block *block, uintptr_t offset);

/* In the child of a fork, under the lock: makes orphans of all blocks of threads but this one, and
 * forgets their free objects, as their lists may have been caught in the midst of a change. Gives
 * back the runs that the others kept ready; this one keeps none. */
void orphans_take_over(const struct thread_data *survivor);

#endif
