/* Programs of several threads, by the number of threads: elapsed time and that of all processors
 * together, from the making of the threads to the end of the last, in a fresh process each time.
 *
 * A thread does as much whatever their number: with enough processors, elapsed time would stay.
 */
#include <stdio.h>

#include "../../workloads/threads/threads.h"
#include "../measure.h"
#include "series_threads.h"

enum { ROUNDS_SMOKE = 1, ROUNDS_QUICK = 3, ROUNDS_FULL = 15 };
enum { REPLACEMENTS = 250000 }; /* some 15 ms for a thread */

static const unsigned thread_counts[] = {1, 2, 4};
enum { COUNTS = sizeof thread_counts / sizeof *thread_counts };

uint64_t scaling_pack(size_t program, unsigned threads, unsigned round)
{
    return (uint64_t)program << 32 | (uint64_t)round << 16 | threads;
}

static size_t count_programs(void)
{
    size_t count = 0;
    while (thread_program_at(count)) count++;
    return count;
}

bool scaling_part(size_t index, struct series_part *out)
{
    size_t programs = count_programs(), round = index / (programs * COUNTS) + 1;
    size_t program = index / COUNTS % programs;
    if (round > ROUNDS_FULL) return false;
    snprintf(out->name, sizeof out->name, "%s", thread_program_at(program)->name);
    out->parameter = scaling_pack(program, thread_counts[index % COUNTS], (unsigned)round);
    out->extent = round <= ROUNDS_SMOKE   ? EXTENT_SMOKE
                  : round <= ROUNDS_QUICK ? EXTENT_QUICK
                                          : EXTENT_FULL;
    out->turn = round - 1;
    return true;
}

static enum outcome measure(const struct workload *workload, void *job,
                            const struct cell_request *request, struct cell_result *result)
{
    struct usage before, after;
    struct heap *heap = heap_open(request->spec, &result->error);
    if (!heap) return OUTCOME_UNAVAILABLE;
    measure_touch_code();
    measure_reset_peak();
    uint64_t resident_before = measure_resident_bytes();
    measure_usage_of_all(&before);
    enum outcome outcome = workload->kind->run(job, heap, &result->error);
    measure_usage_of_all(&after);
    uint64_t peak = measure_peak_resident_bytes();
    struct series_row row = {
        .values = {request->parameter & 0xFFFF, request->parameter >> 16 & 0xFFFF,
                   thread_program_operations(job), after.wall_ns - before.wall_ns,
                   after.cpu_ns - before.cpu_ns,
                   peak > resident_before ? peak - resident_before : 0,
                   after.minor_faults - before.minor_faults}};
    if (outcome == OUTCOME_OK) series_add(result, &row);
    heap_close(heap);
    return outcome;
}

enum outcome series_scaling(const struct cell_request *request, struct cell_result *result)
{
    struct workload workload;
    const struct thread_program *program = thread_program_at(request->parameter >> 32);
    char options[64];
    unsigned threads = (unsigned)(request->parameter & 0xFFFF);
    snprintf(options, sizeof options, "threads=%u,replacements=%d", threads, REPLACEMENTS);
    if (!program || !thread_program_describe(program->name, strlen(program->name), &workload) ||
        !thread_program_take_options(&workload, options, &result->error)) {
        return OUTCOME_UNAVAILABLE;
    }
    void *job = workload.kind->prepare(&workload, request->seed, &result->error);
    if (!job) return OUTCOME_UNAVAILABLE;
    enum outcome outcome = measure(&workload, job, request, result);
    workload.kind->finish(job);
    return outcome;
}
