/* Commons: the bins above 4 KiB, which all threads share, one lock a bin.
 *
 * Blocks of such objects are large, and a thread of its own would seldom fill one: with a block a
 * bin and thread, a program of few megabytes and several threads would hold most of its memory
 * twice. What the lock costs is little beside the use of so many bytes. */
#ifndef CORONA_COMMONS_H
#define CORONA_COMMONS_H

#include "thread_data.h"

enum {
    COMMON_BYTES = 4 << 10, /* larger small objects are common */
    COMMONS_OWNER = 8,      /* in the place of a thread pointer; that of no thread */
};

extern struct thread_data commons;

/* Takes an object of such a bin; NULL when the system refuses. */
void *commons_allocate(unsigned bin);
void commons_free(struct block *block, uintptr_t offset);

/* Gives the empty blocks back that are kept ready. */
void commons_trim(void);

/* Around a fork. */
void commons_lock(void);
void commons_unlock(void);
void commons_unlock_in_child(void);

#endif
