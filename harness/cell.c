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
#include "series.h"

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

static enum outcome prove(const struct workload *workload, void *job,
                          const struct cell_request *request, struct cell_result *result)
{
    struct heap *heap = count_open(request->spec, &result->error);
    if (!heap) return OUTCOME_UNAVAILABLE;
    enum outcome outcome = workload->kind->run(job, heap, &result->error);
    result->counts = *count_calls(heap);
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
    result->cpu_ns = after->cpu_ns - before->cpu_ns;
    result->wall_ns = after->wall_ns - before->wall_ns;
    result->minor_faults = after->minor_faults - before->minor_faults;
    result->major_faults = after->major_faults - before->major_faults;
    result->preemptions = after->preemptions - before->preemptions;
}

static enum outcome take_time(const struct workload *workload, void *job,
                              const struct cell_request *request, struct cell_result *result)
{
    struct usage before, after, dropped;
    struct heap *heap = heap_open(request->spec, &result->error);
    if (!heap) return OUTCOME_UNAVAILABLE;
    measure_touch_code();
    measure_reset_peak();
    result->resident_before_bytes = measure_resident_bytes();
    measure_usage(&before);
    enum outcome outcome = workload->kind->run(job, heap, &result->error);
    measure_usage(&after);
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
    case CELL_PROVE: return prove(workload, job, request, result);
    case CELL_FOOTPRINT: return series_footprint(workload, job, request, result);
    default: return take_time(workload, job, request, result);
    }
}

static enum outcome run_workload(const struct cell_request *request, struct cell_result *result)
{
    struct workload workload;
    if (!workload_reopen(request->workload, request->path, &workload)) {
        error_set(&result->error, "no workload is called %s", request->workload);
        return OUTCOME_UNAVAILABLE;
    }
    workload.operations = request->operations;
    workload.progress = &result->operations_done;
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
    default: return run_workload(request, result);
    }
}

int cell_main(int argc, char **argv)
{
    struct cell_request request;
    struct cell_result *result =
        mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED, CHILD_RESULT_FD, 0);
    if (result == MAP_FAILED || !child_read_arguments(argc, argv, &request)) {
        return command_fail(2, "`cell` is how `run` calls itself; call `heapbench run`");
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(CHILD_RESULT_FD); /* out of the reach of scripts, and of what they start */
    limit_resources();
    pin(request.cpu);
    result->outcome = run_cell(&request, result);
    result->is_complete = true;
    /* Destructors of a library under test could hang or crash: the result is whole already. */
    _exit(0);
}
