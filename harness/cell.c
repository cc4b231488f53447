/* The child's side of a cell: prepare, open the heap, run between two readings of the clocks,
 * verify.
 *
 * The process does nothing else, takes nothing from malloc before the run, may not outlive its
 * parent, and may hold half of the machine's memory: a workload that asks for more is refused by
 * the system and ends as "out of memory" before the machine does. */
#include "cell.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "child.h"
#include "command.h"
#include "measure.h"
#include "series/series.h"
#include "series/series_latency.h"
#include "series/series_threads.h"

enum { OUTPUT_MAXIMUM = 256 << 20 }; /* bytes that a script may print */

static void limit_resources(void)
{
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){OUTPUT_MAXIMUM, OUTPUT_MAXIMUM});
#ifndef __SANITIZE_ADDRESS__
    rlim_t half = (rlim_t)sysconf(_SC_PHYS_PAGES) * (rlim_t)sysconf(_SC_PAGESIZE) / 2;
    setrlimit(RLIMIT_DATA, &(struct rlimit){half, half});
#endif
}

static void pin(int cpu)
{
    cpu_set_t set;
    if (cpu < 0) return;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

/* Of several threads. */
static void use_all_cpus(void)
{
    cpu_set_t set;
    memset(&set, 0xff, sizeof set); /* those that we may not use are left out by the kernel */
    sched_setaffinity(0, sizeof set, &set);
}

/* Local allocators are code of this executable. */
static void identify_executable(struct identity *out)
{
    if (readlink("/proc/self/exe", out->file, sizeof out->file - 1) < 0) out->file[0] = '\0';
    snprintf(out->version, sizeof out->version, "%s", HEAPBENCH_VERSION);
}

static enum outcome identify(const struct cell_request *request, struct cell_result *result)
{
    struct heap *heap = heap_open(request->spec, &result->error);
    if (!heap) return OUTCOME_UNAVAILABLE;
    const struct heap *code = heap;
    while (code->allocator->traits & TRAIT_WRAPPER) code = code->inner;
    if (!code->allocator->identify || !code->allocator->identify(code->state, &result->identity)) {
        identify_executable(&result->identity);
    }
    const struct heap *innermost = code;
    while (innermost->inner) innermost = innermost->inner;
    if (innermost != code && innermost->allocator->identify) {
        innermost->allocator->identify(innermost->state, &result->backing);
    }
    heap_close(heap);
    return OUTCOME_OK;
}

static enum outcome require(const struct cell_request *request, struct cell_result *result)
{
    struct workload workload;
    bool is_there = workload_find(request->path, &workload, &result->error) &&
                    workload_available(&workload, &result->error);
    return is_there ? OUTCOME_OK : OUTCOME_UNAVAILABLE;
}

static void note_outside(const struct workload *workload, void *job, struct cell_result *result)
{
    if (workload->kind->outside) workload->kind->outside(job, &result->outside);
}

static enum outcome prove(const struct workload *workload, void *job,
                          const struct cell_request *request, struct cell_result *result)
{
    struct heap *heap = count_open(request->spec, &result->error);
    if (!heap) return OUTCOME_UNAVAILABLE;
    enum outcome outcome = workload->kind->run(job, heap, &result->error);
    result->counts = *count_calls(heap);
    note_outside(workload, job, result);
    heap_close(heap);
    /* A program may catch the error and go on; what it does then cannot be compared. */
    bool is_script = workload->kind == &workload_kind_lua;
    if (is_script && result->counts.failed_calls && outcome != OUTCOME_OUT_OF_MEMORY) {
        error_set(&result->error, "the program went on after a request was refused");
        return OUTCOME_OUT_OF_MEMORY;
    }
    return outcome;
}

static void subtract(struct cell_result *result, const struct usage *before,
                     const struct usage *after)
{
    result->cpu_ns = after->cpu_ns - before->cpu_ns - result->outside.cpu_ns;
    result->wall_ns = after->wall_ns - before->wall_ns - result->outside.wall_ns;
    result->minor_faults = after->minor_faults - before->minor_faults;
    result->major_faults = after->major_faults - before->major_faults;
    result->preemptions = after->preemptions - before->preemptions;
}

static enum outcome take_time(const struct workload *workload, void *job,
                              const struct cell_request *request, struct cell_result *result)
{
    struct usage before, after, dropped;
    void (*take_usage)(struct usage * out) =
        workload->threads > 1 ? measure_usage_of_all : measure_usage;
    struct heap *heap = heap_open(request->spec, &result->error);
    if (!heap) return OUTCOME_UNAVAILABLE;
    measure_touch_code();
    measure_reset_peak();
    result->resident_before_bytes = measure_resident_bytes();
    take_usage(&before);
    enum outcome outcome = workload->kind->run(job, heap, &result->error);
    take_usage(&after);
    note_outside(workload, job, result);
    uint64_t peak = measure_peak_resident_bytes();
    subtract(result, &before, &after);
    if (peak > result->resident_before_bytes) {
        result->peak_resident_bytes = peak - result->resident_before_bytes;
    }
    measure_usage(&after);
    heap_close(heap);
    measure_usage(&dropped);
    result->drop_ns = dropped.cpu_ns - after.cpu_ns;
    return outcome;
}

static enum outcome run_on(const struct workload *workload, void *job,
                           const struct cell_request *request, struct cell_result *result)
{
    switch (request->mode) {
    case CELL_EXAMINE:
    case CELL_PROVE: return prove(workload, job, request, result);
    case CELL_FRAGMENTATION: return series_fragmentation(workload, job, request, result);
    case CELL_LATENCY: return series_latency(workload, job, request, result);
    case CELL_LOCALITY: return series_locality(workload, job, request, result);
    default: return take_time(workload, job, request, result);
    }
}

/* Only what is timed has threads: what watches or counts calls is for one. */
static void prepare_for(const struct cell_request *request, struct workload *workload,
                        struct cell_result *result)
{
    workload->operations = request->operations;
    workload->progress = &result->operations_done;
    workload->is_alone = request->mode != CELL_TIME;
    if (workload->threads > 1 && !workload->is_alone) use_all_cpus();
    bool is_examined = request->mode == CELL_EXAMINE && workload->kind == &workload_kind_replay;
    if (is_examined) workload->kind = &workload_kind_examination;
}

static enum outcome run_workload(const struct cell_request *request, struct cell_result *result)
{
    struct workload workload;
    if (!workload_reopen(request->workload, request->path, &workload)) {
        error_set(&result->error, "no workload is called %s", request->workload);
        return OUTCOME_UNAVAILABLE;
    }
    prepare_for(request, &workload, result);
    void *job = workload.kind->prepare(&workload, request->seed, &result->error);
    if (!job) return OUTCOME_UNAVAILABLE;
    enum outcome outcome = run_on(&workload, job, request, result);
    if (outcome == OUTCOME_OK) workload.kind->verify(job, result->answer);
    workload.kind->finish(job);
    return outcome;
}

static enum outcome run_cell(const struct cell_request *request, struct cell_result *result)
{
    switch (request->mode) {
    case CELL_IDENTIFY: return identify(request, result);
    case CELL_REQUIRE: return require(request, result);
    case CELL_WASTE: return series_waste(request, result);
    case CELL_METADATA: return series_metadata(request, result);
    case CELL_GROWTH: return series_growth(request, result);
    case CELL_SCALING: return series_scaling(request, result);
    case CELL_AFTER_EXIT: return series_after_exit(request, result);
    default: return run_workload(request, result);
    }
}

static struct cell_result *map_result(enum cell_mode mode)
{
    void *result =
        mmap(NULL, cell_result_bytes(mode), PROT_READ | PROT_WRITE, MAP_SHARED, CHILD_RESULT_FD, 0);
    return result == MAP_FAILED ? NULL : result;
}

int cell_main(int argc, char **argv)
{
    struct cell_request request;
    bool is_read = child_read_arguments(argc, argv, &request);
    struct cell_result *result = is_read ? map_result(request.mode) : NULL;
    if (!result) return command_fail(2, "`cell` is how `run` calls itself; call `heapbench run`");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(CHILD_RESULT_FD); /* out of the reach of scripts, and of what they start */
    limit_resources();
    pin(request.cpu);
    result->outcome = run_cell(&request, result);
    result->is_complete = true;
    /* Destructors of a library under test could hang or crash: the result is whole already. */
    _exit(0);
}
