/* What tests of limits share: a host that remembers what it was asked, and a clock that stands. */
#ifndef LIMITS_TEST_H
#define LIMITS_TEST_H

#include "heap_test.h"

#include "../allocators/limits/budget.h"
#include "../allocators/limits/limit.h"

/* What the last heap opened by open_in_world asked of its host. */
static struct world {
    int said, asked, ended;
    uint64_t clock_ns;
    char last[512];
} world;

static inline void say(void *outlet, const char *message)
{
    (void)outlet;
    world.said++;
    snprintf(world.last, sizeof world.last, "%s", message);
}

static inline void collect(void *program, bool is_wanted)
{
    (void)program;
    if (is_wanted) world.asked++;
    else world.ended++;
}

static inline uint64_t now_ns(void *outlet)
{
    (void)outlet;
    return world.clock_ns;
}

static inline struct heap *open_in_world(const char *spec)
{
    const struct host host = {.say = say, .collect = collect, .now_ns = now_ns};
    struct heap *heap = open_spec(spec);
    world = (struct world){.clock_ns = 5000000000};
    heap_surround(heap, &host);
    return heap;
}

static inline struct limit_state state_of(const struct heap *heap)
{
    struct limit_state state;
    assert_true(limit_read(heap, &state));
    return state;
}

static inline size_t used_of(const struct heap *heap)
{
    assert_int_equal(totals_of(heap).live_bytes, state_of(heap).used);
    return state_of(heap).used;
}

#endif
