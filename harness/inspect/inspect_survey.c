/* One walk over a trace, an event at a time, that keeps of each living block when it was born.
 *
 * A run of frees ends with a new block or a growth, as only these ask for memory; queries, shrinks
 * and marks are passed over. A wave of the live bytes has a peak and a trough at least a tenth of
 * the higher apart, as the survivors of a collection make them.
 */
#include "inspect_survey.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../../allocators/host.h"

struct survey *survey_open(void)
{
    return calloc(1, sizeof(struct survey));
}

void survey_close(struct survey *survey)
{
    free(survey->blocks);
    size_table_close(&survey->sizes);
    free(survey);
}

static bool grow_blocks(struct survey *survey, uint32_t slot)
{
    size_t capacity = survey->block_capacity ? survey->block_capacity : 4096;
    while (capacity <= slot) capacity *= 2;
    struct survey_block *grown = realloc(survey->blocks, capacity * sizeof *grown);
    if (!grown) return false;
    memset(grown + survey->block_capacity, 0, (capacity - survey->block_capacity) * sizeof *grown);
    survey->blocks = grown;
    survey->block_capacity = capacity;
    return true;
}

static struct survey_class *class_of(struct survey *survey, uint32_t size)
{
    uint32_t even = (size - 1) / CLASS_BYTES;
    return &survey->classes[even < CLASSES_EVEN ? even : CLASSES_EVEN + histogram_bucket(size)];
}

static void leave_class(struct survey *survey, uint32_t size)
{
    struct survey_class *class = class_of(survey, size);
    class->blocks--;
    class->bytes -= size;
}

/* Returns whether a block of the class has been freed that this one could take. */
static bool enter_class(struct survey *survey, uint32_t size)
{
    struct survey_class *class = class_of(survey, size);
    bool is_reusable = class->blocks < class->peak_blocks;
    class->bytes += size;
    if (++class->blocks > class->peak_blocks) class->peak_blocks = class->blocks;
    if (class->bytes > class->peak_bytes) class->peak_bytes = class->bytes;
    return is_reusable;
}

static void end_run(struct survey *survey)
{
    if (survey->run) histogram_note(&survey->runs, survey->run);
    if (survey->run >= LONG_RUN) survey->frees_in_long_runs += survey->run;
    survey->run = 0;
}

static void take_new(struct survey *survey, struct survey_block *block, uint32_t size)
{
    end_run(survey);
    survey->allocated_bytes += size;
    survey->new_bytes += size;
    *block = (struct survey_block){
        .birth_bytes = survey->allocated_bytes,
        .birth_operation = survey->operations,
        .birth_number = survey->calls[SURVEY_NEW] - 1,
        .thread = survey->thread,
    };
    survey->live_blocks++;
    survey->reusable += enter_class(survey, size);
    if (!size_table_add(&survey->sizes, size)) survey->is_full = true;
}

static void take_free(struct survey *survey, const struct survey_block *block)
{
    histogram_note(&survey->life_bytes, survey->allocated_bytes - block->birth_bytes);
    histogram_note(&survey->life_operations, survey->operations - block->birth_operation);
    if (block->resizes) histogram_note(&survey->chains, block->resizes);
    survey->early_frees += survey->calls[SURVEY_NEW] - block->birth_number <= EARLY_BLOCKS;
    survey->foreign_frees += block->thread != survey->thread;
    if (survey->run++) {
        survey->neighbours++;
        survey->neighbours_backwards += block->birth_number < survey->last_birth;
    }
    survey->last_birth = block->birth_number;
    survey->live_blocks--;
    leave_class(survey, block->size);
}

static void take_resize(struct survey *survey, struct survey_block *block, uint32_t size)
{
    leave_class(survey, block->size);
    enter_class(survey, size);
    block->resizes++;
    if (size <= block->size) return;
    end_run(survey);
    survey->allocated_bytes += size - block->size;
    survey->doublings += size == 2 * (uint64_t)block->size;
    histogram_note(&survey->factors, (uint64_t)size * FACTOR_UNIT / block->size);
}

/* A peak is one when a tenth of it is gone, a trough when as much of the next has come. */
static void follow_wave(struct survey *survey)
{
    uint64_t live = survey->live_bytes;
    if (live > survey->highest && !survey->is_falling) survey->highest = live;
    if (live < survey->lowest) survey->lowest = live;
    if (!survey->is_falling && live < survey->highest - survey->highest / 10) {
        survey->is_falling = true;
        survey->lowest = live;
    } else if (survey->is_falling && live > survey->lowest + live / 10) {
        if (survey->lowest) {
            histogram_note(&survey->waves, survey->highest * FACTOR_UNIT / survey->lowest);
        }
        survey->is_falling = false;
        survey->highest = live;
    }
}

static void follow_live(struct survey *survey)
{
    if (survey->live_bytes > survey->peak_bytes) {
        survey->peak_bytes = survey->live_bytes;
        survey->peak_bytes_operation = survey->operations;
    }
    if (survey->live_blocks > survey->peak_blocks) {
        survey->peak_blocks = survey->live_blocks;
        survey->peak_blocks_operation = survey->operations;
    }
    follow_wave(survey);
    curve_note(&survey->curve, survey->operations, survey->live_bytes, survey->live_blocks);
}

static enum survey_call call_of(uint32_t old_size, uint32_t new_size)
{
    if (new_size == 0) return old_size == 0 ? SURVEY_QUERY : SURVEY_FREE;
    if (old_size == 0) return SURVEY_NEW;
    if (new_size == old_size) return SURVEY_SAME;
    return new_size > old_size ? SURVEY_GROW : SURVEY_SHRINK;
}

static void take_call(struct survey *survey, const struct trace_event *event)
{
    if (event->slot >= survey->block_capacity && !grow_blocks(survey, event->slot)) {
        survey->is_full = true;
        return;
    }
    struct survey_block *block = &survey->blocks[event->slot];
    assert(block->size == event->old_size);
    enum survey_call call = call_of(event->old_size, event->new_size);
    survey->operations++;
    survey->calls[call]++;
    if (survey->thread >= survey->threads) survey->threads = survey->thread + 1ull;
    if (call == SURVEY_NEW) take_new(survey, block, event->new_size);
    else if (call == SURVEY_FREE) take_free(survey, block);
    else if (call != SURVEY_QUERY) take_resize(survey, block, event->new_size);
    survey->live_bytes += (uint64_t)event->new_size - event->old_size;
    block->size = event->new_size;
    follow_live(survey);
}

static void note_moment(struct survey_moments *moments, uint64_t operation, uint32_t argument)
{
    if (moments->count < MOMENTS_KEPT) {
        moments->first[moments->count].operation = operation;
        moments->first[moments->count].argument = argument;
    }
    moments->count++;
}

/* A collection begins where the collector begins to mark. */
static void take_collector(struct survey *survey, uint32_t phase)
{
    if (phase == COLLECTOR_MARKS && survey->collector != COLLECTOR_MARKS) {
        note_moment(&survey->collections, survey->operations, phase);
    }
    survey->collector = phase;
}

static void take_mark(struct survey *survey, uint32_t mark, uint32_t argument)
{
    assert(mark < MARK_COUNT);
    survey->marks[mark]++;
    if (mark == MARK_STATE) survey->states += argument == 1;
    if (mark == MARK_THREAD) survey->thread = argument;
    if (mark == MARK_PHASE) note_moment(&survey->phases, survey->operations, argument);
    if (mark == MARK_COLLECTION) take_collector(survey, argument);
    if (mark == MARK_ALIGNMENT && argument > survey->alignment) survey->alignment = argument;
}

void survey_take(struct survey *survey, const struct trace_event *events, size_t count)
{
    survey->events += count;
    for (const struct trace_event *event = events; event != events + count; event++) {
        if (survey->is_full) return;
        if (event->slot == TRACE_MARK) take_mark(survey, event->old_size, event->new_size);
        else take_call(survey, event);
    }
}

bool survey_finish(struct survey *survey)
{
    end_run(survey);
    for (size_t i = 0; i < survey->block_capacity; i++) {
        const struct survey_block *block = &survey->blocks[i];
        if (block->size && block->resizes) histogram_note(&survey->chains, block->resizes);
    }
    size_table_sort(&survey->sizes);
    curve_finish(&survey->curve);
    return !survey->is_full;
}

uint64_t survey_class_peaks(const struct survey *survey)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < CLASSES; i++) sum += survey->classes[i].peak_bytes;
    return sum;
}

uint64_t survey_bucket_first(size_t bucket)
{
    if (bucket < 2 * HISTOGRAM_PARTS) return bucket;
    unsigned shift = (unsigned)(bucket / HISTOGRAM_PARTS) - 1;
    return (uint64_t)(bucket - (size_t)shift * HISTOGRAM_PARTS) << shift;
}
