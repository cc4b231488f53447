/* Splits a trace into the events of each thread, and says which of them wait for which. */
#ifndef REPLAY_SPLIT_H
#define REPLAY_SPLIT_H

#include "held.h"

/* What must be known of an event beside its call. */
enum split_flag {
    SPLIT_WAITS = 1u << 31,    /* until its counter has reached its number */
    SPLIT_HANDS_ON = 1u << 30, /* sets the next one's counter to its number + 1 when done */
    SPLIT_VISIT = 1u << 29,    /* no call: the block's first word is read */
    SPLIT_NUMBER = SPLIT_VISIT - 1,
};

struct split_event {
    uint32_t slot; /* also its counter's, where calls wait for blocks alone */
    uint32_t old_size, new_size;
    uint32_t order; /* flags and number */
};

/* So many events of one thread in a row, in the recorded order. */
struct split_run {
    uint32_t thread, count;
};

struct split {
    struct split_event *events; /* those of thread 0, then those of 1, … */
    size_t event_count;
    struct split_run *runs;
    size_t run_count, run_capacity;
    size_t *starts; /* of each thread's events, and the end: thread_count + 1 */
    uint32_t thread_count;
    size_t slot_count;
    struct held held; /* sizes are those at a pass's end */
};

/* False when there is no memory, or more than `most_threads`: error says so. Visits are kept only
 * if has_visits. */
bool split_open(struct split *split, const struct trace *trace, enum thread_order order,
                bool has_visits, uint32_t most_threads, struct error *error);
void split_close(struct split *split);

#endif
