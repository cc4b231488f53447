/* The kind of workload that a program of several threads is.
 *
 * The number of operations is fixed, so that time alone differs. The answer is the sum of the
 * stamps of all blocks freed, which no order of threads changes; it must be that of all blocks
 * borne, else the heap has given one block to two. Where calls are counted, one thread does the
 * work of all, one after the other: the same calls, in another order.
 */
#include "threads.h"

#include <inttypes.h>
#include <stdio.h>

#include "../../allocators/pages.h"
#include "../../allocators/wrappers/count.h"
#include "options.h"

struct job {
    struct crowd crowd;
    const struct thread_program *program;
    uint64_t seed, checksum, operations;
};

static void *prepare(const struct workload *workload, uint64_t seed, struct error *error)
{
    struct crowd_settings settings;
    if (!thread_options_read(workload, &settings, error)) return NULL;
    struct job *job = pages_map(sizeof *job);
    if (!job) {
        error_set(error, "%s: the system refuses a page", workload->name);
        return NULL;
    }
    job->program = workload->program;
    job->seed = seed;
    if (crowd_open(&job->crowd, &settings, error)) {
        job->crowd.is_alone = workload->is_alone;
        return job;
    }
    pages_unmap(job, sizeof *job);
    return NULL;
}

/* Threads that follow each other need nothing but that. */
static bool is_hosted(const struct job *job, const struct heap *heap, struct error *error)
{
    if (job->crowd.settings.threads == 1) return true;
    bool is_counted = job->crowd.is_alone && heap->inner && heap->allocator == &allocator_count;
    const struct heap *unsafe = heap_unsafe_layer(is_counted ? heap->inner : heap);
    return unsafe == NULL ||
           error_set(error, "%s is not thread-safe: put lock+ before it, or take threads=1",
                     unsafe->allocator->name);
}

static enum outcome judge_hand(const struct hand *hand, size_t number, struct error *error)
{
    if (hand_is_fine(hand, number, error)) return OUTCOME_OK;
    return hand->failure == HAND_REFUSED ? OUTCOME_OUT_OF_MEMORY : OUTCOME_WRONG_ANSWER;
}

/* Damage says more than a refusal, which may be its effect. */
static enum outcome judge(struct job *job, struct error *error)
{
    const struct crowd *crowd = &job->crowd;
    size_t count = crowd->settings.threads;
    struct error found;
    enum outcome worst = OUTCOME_OK;
    uint64_t stamps = 0;
    for (size_t i = 0; i <= count && worst != OUTCOME_WRONG_ANSWER; i++) {
        const struct hand *hand = i < count ? &crowd->hands[i] : &crowd->last;
        enum outcome outcome = judge_hand(hand, i, &found);
        if (outcome != OUTCOME_OK) worst = outcome, *error = found;
        stamps += hand->stamps;
        job->checksum += hand->checksum;
        job->operations += hand->calls;
    }
    if (worst != OUTCOME_OK || stamps == 0) return worst;
    error_set(error, "the blocks that were freed are not those that were borne");
    return OUTCOME_WRONG_ANSWER;
}

static enum outcome run(void *running, const struct heap *heap, struct error *error)
{
    struct job *job = running;
    job->checksum = job->operations = 0;
    if (!is_hosted(job, heap, error)) return OUTCOME_UNAVAILABLE;
    crowd_begin(&job->crowd, heap, job->seed);
    if (job->program->run(&job->crowd)) return judge(job, error);
    crowd_clear(&job->crowd);
    error_set(error, "no thread could be made");
    return OUTCOME_OUT_OF_MEMORY;
}

static void verify(void *job_run, char answer[ANSWER_LENGTH])
{
    const struct job *job = job_run;
    snprintf(answer, ANSWER_LENGTH, "%016" PRIx64 " after %" PRIu64 " operations", job->checksum,
             job->operations);
}

static void finish(void *closing)
{
    struct job *job = closing;
    crowd_close(&job->crowd);
    pages_unmap(job, sizeof *job);
}

uint64_t thread_program_operations(const void *job_run)
{
    return ((const struct job *)job_run)->operations;
}

const struct workload_kind workload_kind_threads = {
    .name = "threads",
    .is_program = true,
    .prepare = prepare,
    .run = run,
    .verify = verify,
    .finish = finish,
};
