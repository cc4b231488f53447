/* How long a program is busy between two calls of its allocator, sampled: one time in
 * OUTSIDE_EVERY or so from the end of a call to the begin of the thread's next one. Replays imitate
 * it (workloads/replay/between.h). */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include <stdint.h>
#include <time.h>

enum {
    OUTSIDE_EVERY = 64,
    OUTSIDE_BATCH = 64, /* samples that are averaged before they are compared with others */
    OUTSIDE_UNIT_NS = 4,
    OUTSIDE_MOST_NS = 20000, /* what takes longer waits for something, and is left out */
    OUTSIDE_TRIES = 32
};

/* Of one thread; all zero: begun. */
struct outside_clock {
    uint64_t left_ns;    /* when the sampled call ended; 0: not sampled */
    uint32_t reading_ns; /* what a reading of the clock takes, found at the first sample */
    uint32_t drawn;
    uint32_t until_sample;
};

static inline uint64_t outside_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline void outside_calibrate(struct outside_clock *clock)
{
    clock->reading_ns = UINT32_MAX;
    for (int i = 0; i < OUTSIDE_TRIES; i++) {
        uint64_t start = outside_now(), taken = outside_now() - start;
        if (taken < clock->reading_ns) clock->reading_ns = (uint32_t)taken;
    }
}

/* A call ends. */
static inline void outside_begin(struct outside_clock *clock)
{
    if (clock->until_sample-- > 0) return;
    if (clock->reading_ns == 0) outside_calibrate(clock);
    clock->drawn = clock->drawn * 1664525u + 1013904223u; /* no rhythm of the program's is met */
    clock->until_sample = clock->drawn >> 16 & (2 * OUTSIDE_EVERY - 1);
    clock->left_ns = outside_now();
}

/* The next begins. In units plus one; 0: this time was not sampled. */
static inline uint16_t outside_end(struct outside_clock *clock)
{
    if (clock->left_ns == 0) return 0;
    uint64_t taken = outside_now() - clock->left_ns;
    clock->left_ns = 0;
    if (taken >= OUTSIDE_MOST_NS) return 0;
    uint64_t net = taken > clock->reading_ns ? taken - clock->reading_ns : 0;
    return (uint16_t)(net / OUTSIDE_UNIT_NS + 1);
}

#endif
