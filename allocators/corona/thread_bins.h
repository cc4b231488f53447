/* A thread's bins: which of its blocks it allocates from, and where the others wait. */
#ifndef CORONA_THREAD_BINS_H
#define CORONA_THREAD_BINS_H

#include "thread_data.h"

/* A block of the bin with free objects, now current; NULL when the system refuses memory. */
struct block *bins_refill(struct thread_data *thread, unsigned bin);

/* Frees an object of one of the thread's own blocks, whatever state that is in. */
void bins_free(struct thread_data *thread, struct block *block, uintptr_t offset);

/* A block of the thread's, usable, that holds no live object: to the pool, or given back. */
void bins_drop(struct thread_data *thread, struct block *block);

/* Gives a block without a thread to this one. */
void bins_own(struct thread_data *thread, struct block *block);

/* Gives back the empty blocks that are kept ready: the pool, and current ones. */
void bins_trim(struct thread_data *thread);

/* The same of one bin's current block alone. */
void bins_trim_one(struct thread_data *thread, unsigned bin);

/* Takes all blocks from a thread that ends; each that has live objects goes to `leave`. */
void bins_leave(struct thread_data *thread, void (*leave)(struct block *block));

/* No call of this thread takes a fast path from now on. */
void bins_watch(struct thread_data *thread);

#endif
