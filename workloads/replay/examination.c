/* Holds a heap to the contract with the calls of a trace, through the examiner. The order of calls
 * is the recorded one, by one thread; touch= and passes= mean nothing here, as whole blocks are
 * written and one pass shows all. What the trace has left alive is freed and checked at the end.
 * Cost: two passes over each block that is born, at least; a shadow of 24 bytes a slot. */
#include <inttypes.h>
#include <stdio.h>

#include "../../allocators/pages.h"
#include "../examiner.h"
#include "source.h"

struct examination {
    struct trace_source source;
    struct replay_options options;
    struct examiner examiner;
    volatile uint64_t *progress;
    uint64_t operations;
};

static void finish(void *closing)
{
    struct examination *examination = closing;
    examiner_close(&examination->examiner);
    trace_source_close(&examination->source);
    pages_unmap(examination, sizeof *examination);
}

static bool open_all(struct examination *examination, const struct workload *workload,
                     uint64_t seed, struct error *error)
{
    examination->progress = workload->progress;
    if (!replay_options_read(workload, &examination->options, error) ||
        !trace_source_open(&examination->source, workload, &examination->options, seed, error)) {
        return false;
    }
    uint32_t slot_count = examination->source.slot_count;
    return examiner_open(&examination->examiner, slot_count ? slot_count : 1) ||
           error_set(error, "%s: the system refuses memory for the shadow model", workload->name);
}

static void *prepare(const struct workload *workload, uint64_t seed, struct error *error)
{
    struct examination *examination = pages_map(sizeof *examination);
    if (examination == NULL) {
        error_set(error, "%s: the system refuses a page", workload->name);
        return NULL;
    }
    if (open_all(examination, workload, seed, error)) return examination;
    finish(examination);
    return NULL;
}

static bool examine(struct examination *examination, const struct trace_event *event, size_t count)
{
    for (const struct trace_event *end = event + count; event != end; event++) {
        if (event->slot == TRACE_MARK) continue;
        if (!examiner_ask(&examination->examiner, event->slot, event->new_size)) return false;
        examination->operations++;
    }
    if (examination->progress) *examination->progress = examination->operations;
    return true;
}

static bool examine_all(struct examination *examination, struct error *error)
{
    const struct trace_event *events;
    size_t count;
    struct error broken_file = {""};
    trace_source_rewind(&examination->source);
    while ((count = trace_source_next(&examination->source, &events, &broken_file))) {
        if (!examine(examination, events, count)) return false;
    }
    if (*broken_file.text) {
        *error = broken_file;
        return false;
    }
    return examiner_free_all(&examination->examiner) &&
           examiner_accuses_nobody(&examination->examiner);
}

static enum outcome run(void *job, const struct heap *heap, struct error *error)
{
    struct examination *examination = job;
    examiner_attach(&examination->examiner, heap, error);
    examination->operations = 0;
    return examine_all(examination, error) ? OUTCOME_OK : OUTCOME_WRONG_ANSWER;
}

static void verify(void *job, char answer[ANSWER_LENGTH])
{
    const struct examination *examination = job;
    snprintf(answer, ANSWER_LENGTH, "contract kept, %" PRIu64 " operations",
             examination->operations);
}

const struct workload_kind workload_kind_examination = {
    .name = "examination",
    .prepare = prepare,
    .run = run,
    .verify = verify,
    .finish = finish,
};
