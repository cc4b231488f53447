/* The one replay loop, for every trace whatever made it: `passes` times over the events, with one
 * array from slot to block, whose entries are all NULL between passes.
 *
 * Where the trace touches blocks, each is written when born and where it has grown: one word in
 * every 64-byte line and its last whole word. The first word, written at birth, holds a value
 * drawn from slot and size; growing and shrinking leave it, and every visit folds it into a
 * checksum, which therefore is the same under all allocators that keep contents. A block below 8
 * bytes has no word and is left alone. Cost: under 2.5 ns an untouched operation, the allocator
 * left out.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../allocators/pages.h"
#include "random.h"
#include "trace.h"
#include "workload.h"

enum { LINE = 64 };

struct job {
    struct trace trace;
    void **blocks; /* of each slot, NULL while it is free */
    size_t blocks_bytes;
    unsigned passes;
    uint64_t checksum, operations;
};

static void finish(void *closing)
{
    struct job *job = closing;
    if (job->blocks != NULL) pages_unmap(job->blocks, job->blocks_bytes);
    trace_close(&job->trace);
    pages_unmap(job, sizeof *job);
}

/* Written once here, so that the run is not charged for the pages of the harness. */
static bool make_blocks(struct job *job)
{
    job->blocks_bytes = (job->trace.slot_count + 1) * sizeof *job->blocks;
    job->blocks = pages_map(job->blocks_bytes);
    if (job->blocks != NULL) memset(job->blocks, 0, job->blocks_bytes);
    return job->blocks != NULL;
}

static void *prepare(const struct workload *workload, uint64_t seed, struct error *error)
{
    struct random random;
    struct job *job = pages_map(sizeof *job);
    if (job == NULL) {
        error_set(error, "%s: the system refuses a page", workload->name);
        return NULL;
    }
    random_seed(&random, seed);
    trace_open(&job->trace);
    job->passes = workload->passes;
    bool is_whole = workload->generate(&job->trace, &random) && !job->trace.is_full;
    if (is_whole && job->trace.live_bytes == 0 && make_blocks(job)) return job;
    error_set(error, "%s: %s", workload->name,
              is_whole && job->trace.live_bytes != 0 ? "its trace leaves blocks alive"
                                                     : "not enough memory for its trace");
    finish(job);
    return NULL;
}

static inline void write_word(char *block, size_t offset, uint64_t word)
{
    memcpy(block + offset, &word, sizeof word);
}

/* Multiplied so that neighbours in slot or size differ in every byte. */
static inline uint64_t birth_word(const struct trace_event *event)
{
    return ((uint64_t)event->slot << 32 | event->new_size) * 0x9E3779B97F4A7C15u;
}

static inline void touch(char *block, const struct trace_event *event)
{
    if (event->new_size < TRACE_WORD) return;
    uint64_t word = birth_word(event);
    size_t last = (event->new_size - TRACE_WORD) & ~(size_t)(TRACE_WORD - 1);
    size_t first_new_line = (event->old_size + (size_t)LINE - 1) & ~(size_t)(LINE - 1);
    for (size_t offset = first_new_line; offset < last; offset += LINE) {
        write_word(block, offset, word);
    }
    if (last >= TRACE_WORD) write_word(block, last, word);
    if (event->old_size < TRACE_WORD) write_word(block, 0, word);
}

static inline uint64_t visit(uint64_t checksum, const char *block)
{
    uint64_t word;
    memcpy(&word, block, sizeof word);
    return checksum * 31 + word; /* the order counts, so exchanged contents show */
}

/* One pass. Compiled once for each kind of trace. Returns the event that the allocator refused, or
 * the end. */
static inline __attribute__((always_inline)) const struct trace_event *
replay(struct job *job, const struct heap *heap, bool touches)
{
    resize_fn *resize = heap->resize;
    void *state = heap->state, **blocks = job->blocks;
    const struct trace_event *event = job->trace.events, *end = event + job->trace.event_count;
    uint64_t checksum = job->checksum;
    for (; event != end; event++) {
        if (touches && event->slot == TRACE_MARK) {
            checksum = visit(checksum, blocks[event->new_size]);
            continue;
        }
        void **block = &blocks[event->slot];
        *block = resize(state, *block, event->old_size, event->new_size);
        /* One branch, as which of the two holds cannot be foretold. A block that could not grow is
         * left to the heap's close. */
        if (__builtin_expect((*block == NULL) & (event->new_size != 0), 0)) break;
        if (touches && event->new_size > event->old_size) touch(*block, event);
    }
    job->checksum = checksum;
    return event;
}

static const struct trace_event *replay_touching(struct job *job, const struct heap *heap)
{
    return replay(job, heap, true);
}

static const struct trace_event *replay_untouched(struct job *job, const struct heap *heap)
{
    return replay(job, heap, false);
}

/* Blocks still alive are left to the heap's close. */
static enum outcome refuse(struct job *job, const struct trace_event *refused, unsigned pass,
                           struct error *error)
{
    size_t operation = 0;
    for (const struct trace_event *event = job->trace.events; event <= refused; event++) {
        operation += event->slot != TRACE_MARK;
    }
    error_set(error, "operation %zu of pass %u, from %" PRIu32 " to %" PRIu32 " bytes, was refused",
              operation, pass + 1, refused->old_size, refused->new_size);
    memset(job->blocks, 0, job->blocks_bytes);
    return OUTCOME_OUT_OF_MEMORY;
}

static enum outcome run(void *running, const struct heap *heap, struct error *error)
{
    struct job *job = running;
    const struct trace_event *end = job->trace.events + job->trace.event_count;
    job->checksum = 0;
    job->operations = 0;
    for (unsigned pass = 0; pass < job->passes; pass++) {
        const struct trace_event *reached =
            job->trace.touches_blocks ? replay_touching(job, heap) : replay_untouched(job, heap);
        if (reached != end) return refuse(job, reached, pass, error);
        job->operations += job->trace.operation_count;
    }
    return OUTCOME_OK;
}

static void verify(void *job_run, char answer[ANSWER_LENGTH])
{
    const struct job *job = job_run;
    snprintf(answer, ANSWER_LENGTH, "%016" PRIx64 " after %" PRIu64 " operations", job->checksum,
             job->operations);
}

const struct workload_kind workload_kind_replay = {
    .name = "replay",
    .is_program = false,
    .prepare = prepare,
    .run = run,
    .verify = verify,
    .finish = finish,
};
