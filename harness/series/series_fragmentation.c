/* Memory over a workload's life, on the clock of its calls: live and usable bytes, what the heap
 * holds by its own account, and resident memory, all at the same instant; a sample each time so
 * many calls are done, one at the end, and some when everything is freed.
 *
 * Every page of a block is written here when the block is born or grows, so that resident memory
 * is never less than what was asked for: a sample that says so is an error of the harness and ends
 * the cell as a wrong answer. Two cells of one workload on one allocator without clocks give the
 * same rows: addresses are not drawn (spawn.c), stack and code are resident before, the list of
 * litter too, and pages of files and of the result are not counted. Cost of a sample: 2 us, and
 * what the heap's own statistics take. */
#include <time.h>

#include "../../allocators/shared_library.h"
#include "aging.h"
#include "../measure.h"
#include "resident.h"
#include "series.h"
#include "usable.h"

enum {
    PAGE = 4096,
    LIBC_START = 132 << 10,
    SETTLE_MS = 1000,
    SETTLE_BRIEF_MS = 200,
    SAMPLES_MAXIMUM = 2 * SERIES_SAMPLES
};

enum age { FRESH, AGED };
enum moment { RUNNING, FREED, SETTLED, PURGED };

struct instant {
    uint64_t calls, resident_bytes, live_bytes;
};

struct sampler {
    struct heap *heap;
    struct cell_result *result;
    struct resident_reader resident;
    struct usable_watch usable;
    struct aging aging;
    enum age age;
    uint64_t calls, next_sample, interval, live_bytes, resident_before, settle_ms;
    uint64_t room_before; /* bytes that the heap may have had in pages that were resident before */
    bool is_full;         /* too many samples */
    struct instant impossible; /* the first with fewer bytes resident than alive; else zeros */
};

struct own_account {
    uint64_t metadata_bytes, free_bytes, largest_free_bytes;
};

static uint64_t known_or(size_t figure, uint64_t otherwise)
{
    return figure == UNKNOWN ? otherwise : figure;
}

/* The outermost allocator's, and to it those of its backings that tell theirs. */
static struct own_account read_account(const struct heap *heap)
{
    struct heap_statistics statistics;
    while (heap->allocator->traits & TRAIT_WRAPPER) heap = heap->inner;
    heap_statistics(heap, &statistics);
    struct own_account account = {
        .metadata_bytes = known_or(statistics.metadata_bytes, SERIES_UNKNOWN),
        .free_bytes = known_or(statistics.free_bytes, SERIES_UNKNOWN),
        .largest_free_bytes = known_or(statistics.largest_free_bytes, SERIES_UNKNOWN)};
    while ((heap = heap->inner)) {
        heap_statistics(heap, &statistics);
        if (account.metadata_bytes != SERIES_UNKNOWN) {
            account.metadata_bytes += known_or(statistics.metadata_bytes, 0);
        }
        if (account.free_bytes != SERIES_UNKNOWN) {
            account.free_bytes += known_or(statistics.free_bytes, 0);
        }
    }
    return account;
}

static void take_sample(struct sampler *sampler, enum moment moment)
{
    uint64_t resident = resident_read(&sampler->resident);
    uint64_t grown = resident > sampler->resident_before ? resident - sampler->resident_before : 0;
    struct own_account account = read_account(sampler->heap);
    struct series_row row = {
        .values = {sampler->age, moment, sampler->calls, sampler->live_bytes, grown,
                   usable_read(&sampler->usable, sampler->heap, sampler->live_bytes),
                   series_footprint_of(sampler->heap), account.metadata_bytes, account.free_bytes,
                   account.largest_free_bytes,
                   moment == SETTLED ? sampler->settle_ms : SERIES_UNKNOWN}};
    sampler->is_full |= sampler->result->row_count >= SAMPLES_MAXIMUM;
    if (!sampler->is_full) series_add(sampler->result, &row);
    if (grown + sampler->room_before < sampler->live_bytes && !sampler->impossible.live_bytes) {
        sampler->impossible = (struct instant){sampler->calls, grown, sampler->live_bytes};
    }
}

/* One byte in each page that the new part touches. */
static void touch(char *block, size_t from, size_t to)
{
    for (size_t at = from; at < to; at += PAGE) ((volatile char *)block)[at] = 0;
    ((volatile char *)block)[to - 1] = 0;
}

static void *resize(void *state, void *block, size_t old_size, size_t new_size)
{
    struct sampler *sampler = state;
    void *moved = sampler->heap->resize(sampler->heap->state, block, old_size, new_size);
    if (moved || !new_size) sampler->live_bytes += new_size - old_size;
    if (moved && new_size > old_size) touch(moved, old_size, new_size);
    if (++sampler->calls < sampler->next_sample) return moved;
    take_sample(sampler, RUNNING);
    sampler->next_sample = sampler->calls + sampler->interval;
    return moved;
}

static void wait_ms(uint64_t milliseconds)
{
    struct timespec left = {(time_t)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000};
    while (nanosleep(&left, &left)) continue;
}

/* What comes back when nothing is alive: at once, by itself, and when asked for. */
static void take_last_samples(struct sampler *sampler)
{
    take_sample(sampler, FREED);
    if (sampler->settle_ms) {
        wait_ms(sampler->settle_ms);
        take_sample(sampler, SETTLED);
    }
    for (struct heap *heap = sampler->heap; heap; heap = heap->inner) {
        bool is_watched = heap == sampler->usable.bottom;
        void *state = is_watched ? sampler->usable.state : heap->state;
        if (heap->allocator->purge) heap->allocator->purge(state);
    }
    take_sample(sampler, PURGED);
}

static enum outcome sample(struct sampler *sampler, const struct workload *workload, void *job,
                           uint64_t seed)
{
    struct error *error = &sampler->result->error;
    struct heap watched = *sampler->heap;
    watched.resize = resize;
    watched.state = sampler;
    enum outcome outcome =
        sampler->age == AGED ? aging_litter(&sampler->aging, &watched, seed, error) : OUTCOME_OK;
    sampler->calls = 0;
    sampler->next_sample = 0;
    if (outcome == OUTCOME_OK) outcome = workload->kind->run(job, &watched, error);
    if (outcome != OUTCOME_OK) return outcome;
    take_sample(sampler, RUNNING);
    sampler->next_sample = UINT64_MAX; /* the workload is over; the litter's end is not sampled */
    if (sampler->age == AGED) aging_clear(&sampler->aging, &watched);
    take_last_samples(sampler);
    return OUTCOME_OK;
}

static enum outcome judge(const struct sampler *sampler)
{
    const struct instant *found = &sampler->impossible;
    if (sampler->is_full) {
        error_set(&sampler->result->error, "more than twice the calls that it made on libc: its "
                                           "calls must not depend on addresses or on time");
    } else if (found->live_bytes) {
        error_set(&sampler->result->error,
                  "after %llu calls %llu bytes are resident and %llu alive, which cannot be",
                  (unsigned long long)found->calls, (unsigned long long)found->resident_bytes,
                  (unsigned long long)found->live_bytes);
    }
    return sampler->is_full || found->live_bytes ? OUTCOME_WRONG_ANSWER : OUTCOME_OK;
}

static uint64_t settle_ms(uint64_t parameter)
{
    if (parameter & SERIES_SETTLES) return SETTLE_MS;
    return parameter & SERIES_SETTLES_BRIEFLY ? SETTLE_BRIEF_MS : 0;
}

/* A local heap's pages are its own from its opening on. Loading a library is no cost of a heap; but
 * a malloc of the whole process was there before, and has room left that serves the first calls:
 * what the library took when it was loaded, and what libc takes at once when it starts. */
static bool open_heap(struct sampler *sampler, const char *spec)
{
    uint64_t before = resident_read(&sampler->resident);
    sampler->resident_before = before;
    sampler->heap = heap_open(spec, &sampler->result->error);
    if (!sampler->heap) return false;
    const struct heap *bottom = sampler->heap;
    while (bottom->inner) bottom = bottom->inner;
    if (bottom->allocator->usable) sampler->room_before = LIBC_START;
    if (bottom->allocator->open == shared_library_open) {
        sampler->resident_before = resident_read(&sampler->resident);
        sampler->room_before += sampler->resident_before - before;
    }
    return true;
}

static bool open_all(struct sampler *sampler, const struct cell_request *request)
{
    struct error *error = &sampler->result->error;
    if (!resident_open(&sampler->resident, error)) return false;
    if (sampler->age == AGED && !aging_open(&sampler->aging, request->peak_live_bytes, error)) {
        return false;
    }
    measure_touch_code();
    resident_touch_stack();
    if (!open_heap(sampler, request->spec)) return false;
    usable_open(&sampler->usable, sampler->heap);
    measure_touch_code();
    return true;
}

enum outcome series_fragmentation(const struct workload *workload, void *job,
                                  const struct cell_request *request, struct cell_result *result)
{
    struct sampler sampler = {
        .result = result,
        .age = request->parameter & SERIES_AGED ? AGED : FRESH,
        .interval = request->parameter >> SERIES_FLAG_BITS,
        .next_sample = UINT64_MAX,
        .settle_ms = settle_ms(request->parameter),
    };
    if (!open_all(&sampler, request)) return OUTCOME_UNAVAILABLE;
    enum outcome outcome = sample(&sampler, workload, job, request->seed);
    usable_close(&sampler.usable);
    heap_close(sampler.heap);
    aging_close(&sampler.aging);
    resident_close(&sampler.resident);
    return outcome == OUTCOME_OK ? judge(&sampler) : outcome;
}
