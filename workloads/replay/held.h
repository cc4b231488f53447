/* The blocks that a replay holds, by slot. All are NULL between passes. */
#ifndef REPLAY_HELD_H
#define REPLAY_HELD_H

#include "../trace.h"
#include "between.h"
#include "options.h"

struct held {
    void **blocks;   /* of each slot, NULL while it is free */
    uint32_t *sizes; /* at the end of the part that is replayed, 0 when free then */
    size_t slot_count;
    size_t live_count;   /* of sizes that are not 0 */
    uint32_t outside_ns; /* of the program, before each call; 0: nothing is done there */
    struct between between;
};

/* Written once here, so that the run is not charged for the pages of the harness. False when there
 * is no memory. */
bool held_open(struct held *held, size_t slot_count);
void held_close(struct held *held);

/* Notes what a call will have done to the slot. */
static inline void held_note(struct held *held, uint32_t slot, uint32_t new_size)
{
    held->live_count += (size_t)(new_size != 0) - (size_t)(held->sizes[slot] != 0);
    held->sizes[slot] = new_size;
}

/* Frees what is alive, in the order of slots, and folds it into the checksum. */
void held_free(struct held *held, const struct heap *heap, enum touch touch, uint64_t *checksum);

/* As after opening: nothing is alive. */
void held_empty(struct held *held);

/* The heap, which has refused a call, takes care of them. */
void held_forget(struct held *held);

/* The events from `event` to `end`, among which are no marks but visits, and those only where
 * blocks are touched. Returns the one that the heap refused, or the end. */
const struct trace_event *held_replay(struct held *held, const struct heap *heap, enum touch touch,
                                      const struct trace_event *event,
                                      const struct trace_event *end, uint64_t *checksum);

#endif
