/* Mail: how an object gets back to its owner when another thread has freed it.
 *
 * The freeing thread chains such objects, for up to OUTGOING_COUNT owners at once, and posts a
 * chain with one compare-and-swap when it has grown to a batch, when it itself needs memory, or at
 * its end. The owner takes all its mail with one exchange when a free list has run out. So a
 * program whose threads exchange objects for ever pays an atomic operation a batch, and a thread
 * holds back at most a batch for each of OUTGOING_COUNT others.
 *
 * Links on the way are complements of offsets, which no free list would follow: an object that its
 * owner frees too is found out when its mail is opened, and so is one that is sent twice. */
#ifndef CORONA_MAIL_H
#define CORONA_MAIL_H

#include "thread_data.h"

/* Frees an object of a block of another thread, or of none. thread may be one that is not alive:
 * then the object is posted at once. */
void mail_free(struct thread_data *thread, struct block *block, uintptr_t offset);

/* Where a thread chains what it sends to another, if that one's number is the entry's owner. */
static inline struct outgoing *mail_outgoing(struct thread_data *thread, uintptr_t owner)
{
    return &thread->outgoing[owner * 0x9E3779B97F4A7C15u >> 61];
}

/* What a freed object begins with while it is carried, or may yet carry more. */
static inline uintptr_t mail_mark(uintptr_t offset)
{
    return ~offset;
}

/* Lets the first carrier carry one more; false when it is full. */
static inline bool mail_carry(struct outgoing *outgoing, uintptr_t offset)
{
    if (outgoing->room == 0) return false;
    outgoing->room--;
    *outgoing->place++ = offset;
    *object_at(offset) = mail_mark(offset);
    return true;
}

/* Posts all that the thread has chained. */
void mail_post_all(struct thread_data *thread);

/* Frees all objects that other threads have sent. False when there was none. */
bool mail_open(struct thread_data *thread);

/* The thread takes no more mail: who sends some waits for the orphans' lock and then looks for the
 * block's new owner. The chain of what had come. */
uintptr_t mail_close(struct thread_data *thread);

/* Frees each object of a chain, wherever its block is by now. */
void mail_free_chain(struct thread_data *thread, uintptr_t chain);

#endif
