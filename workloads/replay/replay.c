/* Replays a trace, whatever made it, `passes` times; between two passes nothing is alive.
 *
 * Before the clock starts the events are made or read, and marks are taken out of them. A file that
 * takes too much memory is decoded while it is replayed, a piece at a time. That, and freeing what
 * the trace has left alive, is not the program's doing: the job adds up what it cost.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../../allocators/pages.h"
#include "../../allocators/wrappers/count.h"
#include "crew.h"
#include "held.h"
#include "source.h"

/* A piece is what is decoded between two readings of the clocks. */
enum { PIECE_EVENTS = 1 << 16, OPERATION_NS = 20, RUN_NS = 50000000, PASSES_MAXIMUM = 100000 };

struct job {
    struct trace_source source;
    struct replay_options options;
    const struct workload *workload;
    enum touch touch;
    bool is_alone;
    struct crew *crew; /* NULL: one thread */
    struct held held;  /* without a crew */
    struct trace_event *piece;
    const struct trace_event *decoded, *decoded_end; /* not yet in a piece */
    uint64_t operations_of_pass;                     /* so far */
    uint64_t checksum, operations;
    struct outside outside;
};

/* ---- what is not charged */

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void step_outside(struct job *job)
{
    job->outside.wall_ns -= read_clock(CLOCK_MONOTONIC);
    job->outside.cpu_ns -= read_clock(CLOCK_THREAD_CPUTIME_ID);
}

static void step_inside(struct job *job)
{
    job->outside.cpu_ns += read_clock(CLOCK_THREAD_CPUTIME_ID);
    job->outside.wall_ns += read_clock(CLOCK_MONOTONIC);
}

/* ---- pieces */

/* Copies the events that are replayed, from one array to another or within one; how many. */
static size_t sift(struct job *job, const struct trace_event *event, size_t count,
                   struct trace_event *out)
{
    struct trace_event *kept = out;
    bool has_visits = job->touch != TOUCH_NONE;
    for (const struct trace_event *end = event + count; event != end; event++) {
        if (event->slot != TRACE_MARK) {
            held_note(&job->held, event->slot, event->new_size);
            job->operations_of_pass++;
        } else if (!has_visits || event->old_size != MARK_VISIT) {
            continue;
        }
        *kept++ = *event;
    }
    return (size_t)(kept - out);
}

static size_t decode(struct job *job, struct error *error)
{
    size_t count = 0;
    while (count == 0) {
        size_t left = (size_t)(job->decoded_end - job->decoded);
        if (left == 0) {
            left = trace_source_next(&job->source, &job->decoded, error);
            if (left == 0) return 0;
            job->decoded_end = job->decoded + left;
        }
        size_t taken = left < PIECE_EVENTS ? left : PIECE_EVENTS;
        count = sift(job, job->decoded, taken, job->piece);
        job->decoded += taken;
    }
    return count;
}

/* The next events to replay; of those in memory, all. 0 at the end, and when error says why. */
static size_t next_piece(struct job *job, const struct trace_event **events, struct error *error)
{
    if (job->source.reader == NULL) return trace_source_next(&job->source, events, error);
    step_outside(job);
    size_t count = decode(job, error);
    *events = job->piece;
    step_inside(job);
    return count;
}

/* ---- before the clock */

static bool make_threads(struct job *job, struct error *error)
{
    struct trace *trace = &job->source.trace;
    if (job->source.reader != NULL) {
        return error_set(error, "%s: too long for several threads: give more memory=, or order=one",
                         job->workload->name);
    }
    job->operations_of_pass = job->source.operation_count;
    job->crew = crew_open(trace, job->options.order, job->touch, job->is_alone, error);
    trace_close(trace);
    return job->crew != NULL;
}

static bool make_room(struct job *job, struct error *error)
{
    struct trace *trace = &job->source.trace;
    bool is_streamed = job->source.reader != NULL;
    if (is_streamed) job->piece = pages_map(PIECE_EVENTS * sizeof *job->piece);
    if (!held_open(&job->held, job->source.slot_count) || (is_streamed && !job->piece)) {
        return error_set(error, "%s: not enough memory for its blocks", job->workload->name);
    }
    if (job->options.has_between) job->held.outside_ns = job->source.outside_ns;
    if (is_streamed) memset(job->piece, 0, PIECE_EVENTS * sizeof *job->piece);
    else trace->event_count = sift(job, trace->events, trace->event_count, trace->events);
    return true;
}

static unsigned choose_passes(const struct job *job, const struct workload *workload)
{
    if (job->options.passes) return job->options.passes;
    if (workload->passes) return workload->passes;
    uint64_t each_ns = OPERATION_NS + job->held.outside_ns;
    uint64_t ns = (job->source.operation_count + 1) * each_ns;
    uint64_t passes = (RUN_NS + ns / 2) / ns;
    return passes < 1 ? 1 : passes > PASSES_MAXIMUM ? PASSES_MAXIMUM : (unsigned)passes;
}

static bool open_job(struct job *job, const struct workload *workload, uint64_t seed,
                     struct error *error)
{
    job->workload = workload;
    job->is_alone = workload->is_alone;
    if (!replay_options_read(workload, &job->options, error) ||
        !trace_source_open(&job->source, workload, &job->options, seed, error)) {
        return false;
    }
    job->touch = job->options.touch;
    if (job->touch == TOUCH_STANDARD) {
        job->touch = job->source.touches_blocks ? TOUCH_LINES : TOUCH_NONE;
    }
    bool is_threaded = job->options.order != ORDER_ONE && job->source.thread_count > 1;
    if (!(is_threaded ? make_threads(job, error) : make_room(job, error))) return false;
    job->options.passes = choose_passes(job, workload);
    return true;
}

static void finish(void *closing)
{
    struct job *job = closing;
    if (job->crew) crew_close(job->crew);
    if (job->piece) pages_unmap(job->piece, PIECE_EVENTS * sizeof *job->piece);
    held_close(&job->held);
    trace_source_close(&job->source);
    pages_unmap(job, sizeof *job);
}

static void *prepare(const struct workload *workload, uint64_t seed, struct error *error)
{
    struct job *job = pages_map(sizeof *job);
    if (job == NULL) {
        error_set(error, "%s: the system refuses a page", workload->name);
        return NULL;
    }
    if (open_job(job, workload, seed, error)) return job;
    finish(job);
    return NULL;
}

/* ---- the run */

/* Blocks still alive are left to the heap's close. The refused call's number is found by counting
 * on from its piece's begin. */
static enum outcome refuse(struct job *job, const struct trace_event *piece,
                           const struct trace_event *refused, uint64_t before, unsigned pass,
                           struct error *error)
{
    for (const struct trace_event *event = piece; event <= refused; event++) {
        before += event->slot != TRACE_MARK;
    }
    error_set(error, "operation %" PRIu64 " of pass %u, from %u to %u bytes, was refused", before,
              pass + 1, refused->old_size, refused->new_size);
    held_forget(&job->held);
    return OUTCOME_OUT_OF_MEMORY;
}

/* Where events are decoded, so are the sizes of slots. */
static void rewind_events(struct job *job)
{
    trace_source_rewind(&job->source);
    if (job->source.reader == NULL) return;
    step_outside(job);
    held_empty(&job->held);
    job->operations_of_pass = 0;
    job->decoded = job->decoded_end = NULL;
    step_inside(job);
}

static enum outcome replay_pass(struct job *job, const struct heap *heap, unsigned pass,
                                struct error *error)
{
    const struct trace_event *events, *reached;
    size_t count;
    rewind_events(job);
    for (uint64_t before = 0; (count = next_piece(job, &events, error));
         before = job->operations_of_pass) {
        reached = held_replay(&job->held, heap, job->touch, events, events + count, &job->checksum);
        if (reached != events + count) return refuse(job, events, reached, before, pass, error);
    }
    if (*error->text) held_forget(&job->held);
    return *error->text ? OUTCOME_WRONG_ANSWER : OUTCOME_OK;
}

static enum outcome crew_replay(struct job *job, const struct heap *heap, unsigned pass,
                                struct error *error)
{
    struct error why;
    if (crew_pass(job->crew, heap, &why)) return OUTCOME_OK;
    error_set(error, "in pass %u, %.300s", pass + 1, why.text);
    crew_forget(job->crew);
    return OUTCOME_OUT_OF_MEMORY;
}

static void free_survivors(struct job *job, const struct heap *heap)
{
    struct held *held = &job->held;
    if (job->crew) {
        step_outside(job);
        job->outside.calls += crew_free(job->crew, heap);
        step_inside(job);
    } else if (held->live_count) {
        step_outside(job);
        held_free(held, heap, job->touch, &job->checksum);
        job->outside.calls += held->live_count;
        step_inside(job);
    }
}

static enum outcome run_passes(struct job *job, const struct heap *heap, struct error *error)
{
    for (unsigned pass = 0; pass < job->options.passes; pass++) {
        enum outcome outcome =
            job->crew ? crew_replay(job, heap, pass, error) : replay_pass(job, heap, pass, error);
        if (outcome != OUTCOME_OK) return outcome;
        job->operations += job->operations_of_pass;
        free_survivors(job, heap);
    }
    return OUTCOME_OK;
}

static bool is_hosted(const struct job *job, const struct heap *heap, struct error *error)
{
    if (!job->crew) return true;
    bool is_counted = job->is_alone && heap->inner && heap->allocator == &allocator_count;
    const struct heap *unsafe = heap_unsafe_layer(is_counted ? heap->inner : heap);
    return unsafe == NULL ||
           error_set(error, "%s is not thread-safe: put lock+ before it, or take order=one",
                     unsafe->allocator->name);
}

static enum outcome run(void *running, const struct heap *heap, struct error *error)
{
    struct job *job = running;
    error->text[0] = '\0';
    job->checksum = 0;
    job->operations = 0;
    job->outside = (struct outside){0};
    if (!is_hosted(job, heap, error)) return OUTCOME_UNAVAILABLE;
    enum outcome outcome = run_passes(job, heap, error);
    if (!job->crew) return outcome;
    step_outside(job);
    job->checksum += crew_checksum(job->crew);
    crew_dismiss(job->crew);
    step_inside(job);
    return outcome;
}

static void verify(void *job_run, char answer[ANSWER_LENGTH])
{
    const struct job *job = job_run;
    snprintf(answer, ANSWER_LENGTH, "%016" PRIx64 " after %" PRIu64 " operations", job->checksum,
             job->operations);
}

static void tell_outside(const void *job_run, struct outside *out)
{
    *out = ((const struct job *)job_run)->outside;
}

const struct workload_kind workload_kind_replay = {
    .name = "replay",
    .is_program = false,
    .prepare = prepare,
    .run = run,
    .verify = verify,
    .finish = finish,
    .outside = tell_outside,
};
