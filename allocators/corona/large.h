/* Large objects: runs of their own, kept for a while by the thread that freed them. */
#ifndef CORONA_LARGE_H
#define CORONA_LARGE_H

#include "thread_data.h"

/* NULL when the system refuses. alignment: a power of two, in bytes. *is_zero where not NULL. */
void *large_object_allocate(struct thread_data *thread, size_t bytes, size_t alignment,
                            bool *is_zero);

/* offset: of a pointer into a run that holds a large object; complains unless it is its start. */
void large_object_free(struct thread_data *thread, struct block *block, uintptr_t offset);

size_t large_object_usable(const struct block *block);

/* In place; false when it cannot be. */
bool large_object_resize(struct block *block, size_t bytes);

/* Moves whole pages of one large object to the start of another. False: copy instead. */
bool large_object_move(struct block *from, struct block *to, size_t bytes);

/* Empties a thread's cache. */
void large_object_trim(struct thread_data *thread);

#endif
