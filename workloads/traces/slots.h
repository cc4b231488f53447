/* The blocks alive at one event of a trace, by slot; slots are given out as trace.h says. Its pages
 * come from the system: 8 bytes for each slot seen. */
#ifndef TRACE_SLOTS_H
#define TRACE_SLOTS_H

#include "../trace.h"

/* Ends below what a distance between two can say. */
#define SLOT_MAXIMUM ((uint32_t)1 << 31)

struct slots {
    uint32_t *sizes;      /* 0 while free */
    uint32_t *free_slots; /* a stack */
    uint32_t count, free_count, capacity;
};

/* Room for so many takes without asking again. False: no memory, or beyond SLOT_MAXIMUM. */
bool slots_reserve(struct slots *slots, uint32_t takes);

/* All slots become unused, their pages are kept. */
void slots_forget(struct slots *slots);
void slots_close(struct slots *slots);

static inline uint32_t slots_take(struct slots *slots)
{
    return slots->free_count > 0 ? slots->free_slots[--slots->free_count] : slots->count++;
}

static inline void slots_give(struct slots *slots, uint32_t slot)
{
    slots->sizes[slot] = 0;
    slots->free_slots[slots->free_count++] = slot;
}

static inline bool slots_is_alive(const struct slots *slots, uint32_t slot)
{
    return slot < slots->count && slots->sizes[slot] != 0;
}

#endif
