/* Live bytes and footprint over a workload's life, on the clock of its calls: a sample each time
 * so many calls are done, and one at the end.
 *
 * Resident memory is VmRSS as in `peak_resident_bytes`: it costs 60 us, and is up to some dozen
 * pages late, which a heap of several MiB hides. Page tables (smaps_rollup) are exact but take
 * milliseconds on such a heap, as long as hundreds of calls to the heap. */
#include "measure.h"
#include "series.h"

struct sampler {
    struct heap *heap;
    struct cell_result *result;
    uint64_t calls, next_sample, interval, live_bytes, resident_before;
    bool has_overflowed;
};

static void take_sample(struct sampler *sampler)
{
    uint64_t resident = measure_resident_bytes();
    struct series_row row = {
        .values = {sampler->calls, sampler->live_bytes,
                   resident > sampler->resident_before ? resident - sampler->resident_before : 0,
                   series_footprint_of(sampler->heap)}};
    sampler->has_overflowed |= !series_add(sampler->result, &row);
    sampler->next_sample = sampler->calls + sampler->interval;
}

static void *resize(void *state, void *block, size_t old_size, size_t new_size)
{
    struct sampler *sampler = state;
    void *moved = sampler->heap->resize(sampler->heap->state, block, old_size, new_size);
    if (moved || !new_size) sampler->live_bytes += new_size - old_size;
    if (++sampler->calls >= sampler->next_sample) take_sample(sampler);
    return moved;
}

enum outcome series_footprint(const struct workload *workload, void *job,
                              const struct cell_request *request, struct cell_result *result)
{
    struct sampler sampler = {
        .heap = heap_open(request->spec, &result->error),
        .result = result,
        .interval = request->parameter,
    };
    if (!sampler.heap) return OUTCOME_UNAVAILABLE;
    struct heap watched = *sampler.heap;
    watched.resize = resize;
    watched.state = &sampler;
    for (size_t i = 0; i < SERIES_ROWS; i++) result->rows[i].values[0] = 0; /* resident from now */
    measure_touch_code();
    sampler.resident_before = measure_resident_bytes();
    enum outcome outcome = workload->kind->run(job, &watched, &result->error);
    take_sample(&sampler);
    heap_close(sampler.heap);
    if (outcome != OUTCOME_OK || !sampler.has_overflowed) return outcome;
    error_set(&result->error, "more than twice the calls that it made on libc: its calls must not "
                              "depend on addresses or on time");
    return OUTCOME_WRONG_ANSWER;
}
