/* Service times of an allocator's calls, as a program in a closed loop sees them: nothing waits in
 * a queue. A layer in front of a heap times one call in so many, at random gaps, or all, and keeps
 * what the series and the command tell: histograms by kind, the slowest calls, the heap's share in
 * collections, frames and the state's end. */
#ifndef LATENCY_H
#define LATENCY_H

#include "../../allocators/wrappers/call.h"
#include "../../allocators/wrappers/histogram.h"
#include "../../workloads/random.h"
#include "latency_clock.h"

enum {
    LATENCY_KINDS = CALL_QUERY, /* queries are counted as operations, never timed */
    LATENCY_SLOWEST = 64,
    LATENCY_STEP_FREES = 16, /* of a run of frees at least, to be a step of the collector */
    LATENCY_FLOOR_EVERY = 8  /* timed calls for each reading of the floor, where all are timed */
};

struct latency_sum {
    uint64_t count, ticks;
    double squares; /* of ticks */
};

struct latency_call {
    uint64_t ns, operation; /* operation: from 1, queries are counted */
    size_t old_size, new_size;
    enum call_kind kind;
    bool is_preempted;
};

/* A stretch of calls: a run of frees with no other call between them but queries, or a frame. The
 * time is the heap's own, less the floor of each call. */
struct latency_stretch {
    uint64_t calls, first_operation, ns;
};

struct latency {
    struct heap heap; /* for the program */
    const struct heap *inner;
    struct latency_clock clock;
    resize_fn *idle; /* what the floor times */
    struct random random;
    uint64_t thread; /* that is timed: the first that calls; the calls of others pass */
    unsigned gap;
    uint64_t until_next, operations, preemptions;
    uint64_t calls[LATENCY_KINDS], preempted[LATENCY_KINDS];
    struct latency_sum times[LATENCY_KINDS], floors[LATENCY_KINDS];
    struct histogram call_ns[LATENCY_KINDS], floor_ns[LATENCY_KINDS], step_ns, frame_ns;
    struct latency_call slowest[LATENCY_SLOWEST]; /* in no order */
    size_t slowest_count;
    uint64_t least_slow_ns; /* of the slowest, once there are so many */
    struct latency_stretch step, frame, longest_step, longest_frame, closing;
    double step_ticks, frame_ticks, closing_ticks; /* of those that are not over */
    bool is_in_frame, is_closing;
};

/* gap: calls from one that is timed to the next, on average; 1: all. Of the frames, steps and the
 * closing state only a layer that times all can tell. The inner heap outlives the layer. NULL says
 * why. A call during which the thread was preempted is among the slowest, and in no other figure.
 */
struct latency *latency_open(const struct heap *inner, const struct latency_clock *clock,
                             unsigned gap, uint64_t seed, struct error *error);

/* After the program: the step, frame or closing that has begun is over. */
void latency_end(struct latency *latency);

void latency_close(struct latency *latency);

#endif
