/* A clock for single calls, in ticks of its own: the processor's time stamp counter where it runs
 * at one speed in all states of the processor, else CLOCK_MONOTONIC_RAW. */
#ifndef LATENCY_CLOCK_H
#define LATENCY_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct latency_clock {
    uint64_t (*read)(void *source);        /* NULL: the counter */
    uint64_t (*preemptions)(void *source); /* so far, of this thread */
    void *source;                          /* handed to these two */
    double ns_per_tick;
};

/* Takes 4 ms where the counter is held against the system's clock. */
void latency_clock_open(struct latency_clock *clock);

#if defined(__x86_64__)
/* All before it is done when it reads. What stands behind it may begin meanwhile, in a call as in
 * the floor: to hold that up too makes the floor half as large again. */
static inline uint64_t latency_clock_counter(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}
#else
static inline uint64_t latency_clock_counter(void)
{
    __builtin_unreachable(); /* latency_clock_open chooses the other clock */
}
#endif

static inline uint64_t latency_clock_ticks(const struct latency_clock *clock)
{
    return clock->read ? clock->read(clock->source) : latency_clock_counter();
}

static inline bool latency_clock_is_counter(const struct latency_clock *clock)
{
    return clock->read == NULL;
}

static inline double latency_clock_ns(const struct latency_clock *clock, uint64_t ticks)
{
    return (double)ticks * clock->ns_per_tick;
}

#endif
