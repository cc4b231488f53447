/* Times calls one by one, between two readings of a clock.
 *
 * A reading costs as much as a malloc, so three things are done about it: most calls are left
 * untimed where quantiles are wanted; the gaps are random, so that no rhythm of the program is met
 * always at one beat; and the floor, a call of a function that does nothing, is timed by the same
 * code right behind the calls, in the same state of caches, predictors and clock speed. Every time
 * contains the floor once. Preemptions are asked for every 256 operations and after each call of
 * 10 us or more: one that has come in between is blamed on the slow call. Cost: 2 ns an untimed
 * call, about 30 ns a timed one.
 */
#include "latency.h"

#include <pthread.h>

#include "../../allocators/pages.h"

enum { PREEMPTION_CHECK = 256, LONG_NS = 10000 };

static void *idle(void *heap, void *block, size_t old_size, size_t new_size)
{
    (void)block, (void)old_size;
    return new_size ? heap : NULL;
}

/* Whether the thread was preempted since this was last asked. */
static bool was_preempted(struct latency *latency)
{
    uint64_t before = latency->preemptions;
    latency->preemptions = latency->clock.preemptions(latency->clock.source);
    return latency->preemptions != before;
}

static void sum_note(struct latency_sum *sum, uint64_t ticks)
{
    sum->count++;
    sum->ticks += ticks;
    sum->squares += (double)ticks * (double)ticks;
}

static double mean_floor(const struct latency *latency, enum call_kind kind)
{
    const struct latency_sum *floor = &latency->floors[kind];
    return floor->count ? (double)floor->ticks / (double)floor->count : 0;
}

static struct latency_call *find_fastest(struct latency *latency)
{
    struct latency_call *fastest = latency->slowest;
    for (size_t i = 1; i < LATENCY_SLOWEST; i++) {
        if (latency->slowest[i].ns < fastest->ns) fastest = &latency->slowest[i];
    }
    return fastest;
}

/* In the place of the fastest of the slowest. */
static void keep_slow(struct latency *latency, const struct latency_call *call)
{
    if (latency->slowest_count < LATENCY_SLOWEST) {
        latency->slowest[latency->slowest_count++] = *call;
    } else if (call->ns > latency->least_slow_ns) {
        *find_fastest(latency) = *call;
        latency->least_slow_ns = find_fastest(latency)->ns;
    }
}

static void lengthen(struct latency *latency, struct latency_stretch *stretch, double *ticks,
                     double more)
{
    if (stretch->calls++ == 0) stretch->first_operation = latency->operations;
    *ticks += more;
}

/* Sums of differences may fall below 0 where a call costs next to nothing. */
static uint64_t take_ns(const struct latency *latency, double *ticks)
{
    double ns = *ticks * latency->clock.ns_per_tick;
    *ticks = 0;
    return ns > 0 ? (uint64_t)(ns + 0.5) : 0;
}

static void finish(const struct latency *latency, struct latency_stretch *stretch, double *ticks,
                   struct histogram *histogram, struct latency_stretch *longest)
{
    stretch->ns = take_ns(latency, ticks);
    histogram_note(histogram, stretch->ns);
    if (stretch->ns > longest->ns) *longest = *stretch;
    *stretch = (struct latency_stretch){0};
}

static void finish_step(struct latency *latency)
{
    if (latency->step.calls >= LATENCY_STEP_FREES) {
        finish(latency, &latency->step, &latency->step_ticks, &latency->step_ns,
               &latency->longest_step);
    }
    latency->step = (struct latency_stretch){0};
    latency->step_ticks = 0;
}

/* What comes before the first frame is in none. */
static void finish_frame(struct latency *latency)
{
    if (latency->is_in_frame) {
        finish(latency, &latency->frame, &latency->frame_ticks, &latency->frame_ns,
               &latency->longest_frame);
    }
    latency->frame = (struct latency_stretch){0};
    latency->frame_ticks = 0;
}

static void note_stretches(struct latency *latency, enum call_kind kind, uint64_t ticks)
{
    double net = (double)ticks - mean_floor(latency, kind);
    if (latency->is_closing) {
        lengthen(latency, &latency->closing, &latency->closing_ticks, net);
        return;
    }
    if (kind == CALL_FREE) lengthen(latency, &latency->step, &latency->step_ticks, net);
    else finish_step(latency);
    lengthen(latency, &latency->frame, &latency->frame_ticks, net);
}

static void note_call(struct latency *latency, struct latency_call *call, uint64_t ticks)
{
    call->ns = (uint64_t)(latency_clock_ns(&latency->clock, ticks) + 0.5);
    call->operation = latency->operations;
    call->is_preempted = call->ns >= LONG_NS && was_preempted(latency);
    keep_slow(latency, call);
    if (call->is_preempted) {
        latency->preempted[call->kind]++;
        return;
    }
    sum_note(&latency->times[call->kind], ticks);
    histogram_note(&latency->call_ns[call->kind], call->ns);
    if (latency->gap == 1) note_stretches(latency, call->kind, ticks);
}

static void time_floor(struct latency *latency, void *block, const struct latency_call *call)
{
    uint64_t start = latency_clock_ticks(&latency->clock);
    latency->idle(latency, block, call->old_size, call->new_size);
    uint64_t ticks = latency_clock_ticks(&latency->clock) - start;
    uint64_t ns = (uint64_t)(latency_clock_ns(&latency->clock, ticks) + 0.5);
    if (ns >= LONG_NS) return; /* no call of nothing takes so long: something came in between */
    sum_note(&latency->floors[call->kind], ticks);
    histogram_note(&latency->floor_ns[call->kind], ns);
}

static void *time_call(struct latency *latency, void *block, struct latency_call *call)
{
    uint64_t start = latency_clock_ticks(&latency->clock);
    void *result =
        latency->inner->resize(latency->inner->state, block, call->old_size, call->new_size);
    uint64_t ticks = latency_clock_ticks(&latency->clock) - start;
    bool takes_floor = latency->gap > 1 || latency->floors[call->kind].count == 0 ||
                       latency->operations % LATENCY_FLOOR_EVERY == 0;
    if (takes_floor) time_floor(latency, block, call);
    note_call(latency, call, ticks);
    return result;
}

static uint64_t draw_gap(struct latency *latency)
{
    return latency->gap == 1 ? 1 : 1 + random_below(&latency->random, 2 * latency->gap - 1);
}

static bool claim(struct latency *latency, uint64_t thread)
{
    uint64_t nobody = 0;
    if (!__atomic_compare_exchange_n(&latency->thread, &nobody, thread, false, __ATOMIC_RELAXED,
                                     __ATOMIC_RELAXED)) {
        return false;
    }
    was_preempted(latency);
    return true;
}

/* One thread alone is, so that nothing here needs a lock. */
static inline bool is_timed(struct latency *latency)
{
    uint64_t thread = (uint64_t)pthread_self();
    return __atomic_load_n(&latency->thread, __ATOMIC_RELAXED) == thread || claim(latency, thread);
}

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct latency *latency = heap;
    const struct heap *inner = latency->inner;
    enum call_kind kind = call_kind_of(block, old_size, new_size);
    if (!is_timed(latency)) return inner->resize(inner->state, block, old_size, new_size);
    if (++latency->operations % PREEMPTION_CHECK == 0) was_preempted(latency);
    if (kind == CALL_QUERY) return inner->resize(inner->state, block, old_size, new_size);
    latency->calls[kind]++;
    if (--latency->until_next) return inner->resize(inner->state, block, old_size, new_size);
    latency->until_next = draw_gap(latency);
    return time_call(
        latency, block,
        &(struct latency_call){.old_size = old_size, .new_size = new_size, .kind = kind});
}

static void mark(void *heap, enum heap_mark mark, size_t number)
{
    struct latency *latency = heap;
    (void)number;
    if (mark == HEAP_PHASE || latency->gap != 1) return;
    finish_frame(latency);
    latency->is_in_frame = mark == HEAP_FRAME;
    if (mark != HEAP_CLOSING) return;
    finish_step(latency);
    latency->is_closing = true;
}

void latency_end(struct latency *latency)
{
    finish_step(latency);
    finish_frame(latency);
    latency->is_in_frame = false;
    latency->closing.ns = take_ns(latency, &latency->closing_ticks);
}

/* Not of the registry, and no wrapper: a program that asks whether it is watched is told no. */
static const struct wrapper_methods methods = {.mark = mark};
static const struct allocator layer = {
    .name = "latency",
    .traits = TRAIT_THREAD_SAFE,
    .wrapper = &methods,
    .resize = resize,
};

struct latency *latency_open(const struct heap *inner, const struct latency_clock *clock,
                             unsigned gap, uint64_t seed, struct error *error)
{
    struct latency *latency = pages_map(sizeof *latency);
    if (!latency) {
        error_set(error, "the system refuses %zu bytes for times", sizeof *latency);
        return NULL;
    }
    latency->heap = (struct heap){.allocator = &layer,
                                  .resize = resize,
                                  .state = latency,
                                  .inner = (struct heap *)inner,
                                  .host = inner->host};
    latency->inner = inner;
    latency->clock = *clock;
    latency->idle = idle;
    latency->gap = gap;
    random_seed(&latency->random, seed);
    latency->until_next = draw_gap(latency);
    return latency;
}

void latency_close(struct latency *latency)
{
    pages_unmap(latency, sizeof *latency);
}
