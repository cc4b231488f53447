/* Resident memory while threads work, when they have ended, and when nothing is alive any more.
 *
 * Four threads bear 32 MiB of small blocks, a tenth at each step, then replace a quarter of them at
 * each step, each in the array that another has just had. Then either each frees the array that it
 * has, and they end; or they end, and the thread that waited for them frees everything. The heap is
 * left alone for a second, and then asked to give back what it can. A step ends at a gate, where
 * all wait while one reads memory, so that samples are of the same moments in every run.
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "../../allocators/pages.h"
#include "../../workloads/threads/crowd.h"
#include "../measure.h"
#include "resident.h"
#include "series_threads.h"

enum {
    THREADS = 4,
    BLOCKS = 31000, /* of a thread: 8 MiB, 264 bytes each on average */
    LOW = 16,
    HIGH = 512,
    GROWTH_STEPS = 10,
    STEPS = 20,
    REPLACED_PART = 4, /* a quarter at each step */
    SETTLE_S = 1
};

/* What a malloc of the process had before its first call, resident or not. */
#define LEEWAY_BYTES ((uint64_t)1 << 20)

enum moment { RUNNING, FREED, ENDED, SETTLED, PURGED };

const char *const exit_moment_names[] = {"running", "freed", "ended", "settled", "purged", NULL};

struct observation {
    struct crowd crowd; /* the first, as its threads get that alone */
    struct heap *heap;
    struct cell_result *result;
    struct resident_reader resident;
    enum exit_way way;
    pthread_barrier_t gate;
    uint64_t resident_before;
    bool is_impossible; /* fewer bytes were resident than alive */
};

bool exit_part(size_t index, struct series_part *out)
{
    static const char *const names[] = {"freed by threads", "left behind"};
    if (index >= EXIT_WAYS) return false;
    snprintf(out->name, sizeof out->name, "%s", names[index]);
    out->parameter = index;
    out->extent = index == EXIT_LEFT ? EXTENT_SMOKE : EXTENT_FULL;
    return true;
}

/* No thread is at work. */
static void take_sample(struct observation *observation, enum moment moment)
{
    uint64_t live = observation->crowd.last.live_bytes;
    for (size_t i = 0; i < THREADS; i++) live += observation->crowd.hands[i].live_bytes;
    uint64_t resident = resident_read(&observation->resident);
    uint64_t before = observation->resident_before;
    struct series_row row = {.values = {moment, observation->result->row_count, live,
                                        resident > before ? resident - before : 0}};
    observation->is_impossible |= row.values[3] + LEEWAY_BYTES < live;
    series_add(observation->result, &row);
}

/* Of the threads: nobody goes on before the sample is taken. */
static void meet(struct observation *observation, size_t number, enum moment moment)
{
    pthread_barrier_wait(&observation->gate);
    if (number == 0) take_sample(observation, moment);
    pthread_barrier_wait(&observation->gate);
}

/* Fills a tenth of the array, or replaces a quarter of it. */
static void take_step(struct hand *hand, _Atomic(void *) *places, size_t step)
{
    bool is_growth = step < GROWTH_STEPS;
    size_t part = is_growth ? BLOCKS / GROWTH_STEPS : BLOCKS / REPLACED_PART;
    for (size_t i = 0; i < part; i++) {
        _Atomic(void *) *place = &places[is_growth ? step * part + i : hand_choose(hand, BLOCKS)];
        hand_free(hand, atomic_exchange(place, NULL));
        atomic_store(place, hand_bear(hand));
    }
}

static void live(struct crowd *crowd, size_t number)
{
    struct observation *observation = (struct observation *)crowd;
    struct hand *hand = &crowd->hands[number];
    _Atomic(void *) *places = crowd->places;
    meet(observation, number, RUNNING);
    for (size_t step = 0; step < STEPS; step++) {
        places = &crowd->places[(number + step) % THREADS * BLOCKS];
        if (hand->failure == HAND_FINE) take_step(hand, places, step);
        meet(observation, number, RUNNING);
    }
    if (observation->way == EXIT_LEFT) return;
    for (size_t i = 0; i < BLOCKS; i++) hand_free(hand, atomic_exchange(&places[i], NULL));
    meet(observation, number, FREED);
}

static void purge_all(const struct heap *heap)
{
    for (; heap; heap = heap->inner) {
        if (heap->allocator->purge) heap->allocator->purge(heap->state);
    }
}

static bool observe(struct observation *observation)
{
    struct timespec left = {.tv_sec = SETTLE_S};
    bool is_made = crowd_work(&observation->crowd, live);
    take_sample(observation, ENDED);
    crowd_clear(&observation->crowd);
    if (observation->way == EXIT_LEFT) take_sample(observation, FREED);
    while (nanosleep(&left, &left)) continue;
    take_sample(observation, SETTLED);
    purge_all(observation->heap);
    take_sample(observation, PURGED);
    return is_made;
}

static enum outcome judge(const struct observation *observation)
{
    struct error *error = &observation->result->error;
    for (size_t i = 0; i < THREADS; i++) {
        const struct hand *hand = &observation->crowd.hands[i];
        if (hand_is_fine(hand, i, error)) continue;
        return hand->failure == HAND_REFUSED ? OUTCOME_OUT_OF_MEMORY : OUTCOME_WRONG_ANSWER;
    }
    if (!hand_is_fine(&observation->crowd.last, THREADS, error)) return OUTCOME_WRONG_ANSWER;
    if (!observation->is_impossible) return OUTCOME_OK;
    error_set(error, "fewer bytes are resident than alive, which cannot be");
    return OUTCOME_WRONG_ANSWER;
}

static enum outcome run(struct observation *observation, const struct cell_request *request)
{
    struct error *error = &observation->result->error;
    observation->heap = heap_open(request->spec, error);
    if (!observation->heap) return OUTCOME_UNAVAILABLE;
    enum outcome outcome = OUTCOME_UNAVAILABLE;
    const struct heap *unsafe = heap_unsafe_layer(observation->heap);
    if (unsafe) {
        error_set(error, "%s is not thread-safe: put lock+ before it", unsafe->allocator->name);
    } else {
        measure_touch_code();
        crowd_begin(&observation->crowd, observation->heap, request->seed);
        observation->resident_before = resident_read(&observation->resident);
        bool is_made = observe(observation);
        outcome = is_made ? judge(observation) : OUTCOME_OUT_OF_MEMORY;
        if (!is_made) error_set(error, "no thread could be made");
    }
    heap_close(observation->heap);
    return outcome;
}

enum outcome series_after_exit(const struct cell_request *request, struct cell_result *result)
{
    static const struct crowd_settings settings = {
        .threads = THREADS, .blocks = BLOCKS, .low = LOW, .high = HIGH};
    struct observation *observation = pages_map(sizeof *observation);
    enum outcome outcome = OUTCOME_UNAVAILABLE;
    if (!observation) {
        error_set(&result->error, "the system refuses a page");
        return outcome;
    }
    observation->result = result;
    observation->way = (enum exit_way)request->parameter;
    pthread_barrier_init(&observation->gate, NULL, THREADS);
    resident_touch_stack();
    if (resident_open(&observation->resident, &result->error)) {
        if (crowd_open(&observation->crowd, &settings, &result->error)) {
            outcome = run(observation, request);
            crowd_close(&observation->crowd);
        }
        resident_close(&observation->resident);
    }
    pthread_barrier_destroy(&observation->gate);
    pages_unmap(observation, sizeof *observation);
    return outcome;
}
