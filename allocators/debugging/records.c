/* Notes each live block and the last frees: size, call number, time, line of the program, stack.
 *
 * One table leads from an address to its record, alive or freed. A free leaves the record where it
 * is and puts a row into a ring, the history; the ring's oldest record leaves the table then. A
 * block at an address that is remembered as freed takes that record over, so that in a program that
 * uses memory again and again nothing is inserted or removed.
 *
 * Invariant: a record is freed if and only if its event has a partner, the ring's row, whose
 * partner is the record's number. Cost: one search of the table a call, a line asked of the host
 * and a stack recognised; 52 bytes a block.
 */
#include "records_state.h"

#include <assert.h>

#include "../pages.h"
#include "complaint.h"

enum { OPTION_STACKS, OPTION_DEPTH, OPTION_LINES, OPTION_HISTORY };
enum { CALLS_PER_CLOCK = 16 };

/* ---- now */

static void step_clock(struct records *records)
{
    if (records->call++ % CALLS_PER_CLOCK == 0) records->time = records_clock(records);
}

/* Asked before the call is passed on: what is resized may be what the answer is read from. */
static struct event event_now(struct records *records, const void *frame, const void *caller)
{
    const struct host *host = records->wrapped.inner->host;
    struct event now = {.call = records->call, .time = records->time};
    if (records->takes_lines) now.place = places_current(&records->places, host);
    if (records->takes_stacks) now.stack = stack_cache_take(&records->stack_cache, frame, caller);
    return now;
}

/* ---- the history */

static void revive(struct records *records, struct record *record)
{
    records->history[record->made.partner - 1].partner = 0;
    record->made.partner = 0;
}

static void forget_oldest(struct records *records, struct event *row)
{
    if (row->partner) block_table_remove(&records->blocks, records_at(records, row->partner));
    row->partner = 0;
}

static void retire(struct records *records, uint32_t number, const struct event *freed)
{
    struct record *record = records_at(records, number);
    records->live_bytes -= record->size;
    records->live_blocks--;
    if (records->history_count == 0) {
        block_table_remove(&records->blocks, record);
        return;
    }
    struct event *row = &records->history[records->history_next];
    forget_oldest(records, row);
    *row = *freed;
    row->partner = number;
    record->made.partner = ++records->history_next;
    if (records->history_next == records->history_count) records->history_next = 0;
}

/* ---- calls that are right */

/* The record of a block that has just come to be at this address; NULL without memory for it. */
static struct record *obtain(struct records *records, const void *block)
{
    struct record *record = block_table_find(&records->blocks, block);
    if (!record) return block_table_insert(&records->blocks, block);
    assert(
        !record_is_live(record)); /* the inner heap has handed out what it had handed out already */
    revive(records, record);
    return record;
}

static void note_birth(struct records *records, struct record *record, size_t size,
                       const struct event *now)
{
    record->size = size;
    record->made = *now;
    records->live_bytes += size;
    records->live_blocks++;
}

static void *allocate(struct records *records, size_t size, const struct event *now)
{
    void *block = wrapped_resize(&records->wrapped, NULL, 0, size);
    if (!block) return NULL;
    struct record *record = obtain(records, block);
    if (record) {
        note_birth(records, record, size, now);
        return block;
    }
    records->refused_count++;
    return wrapped_resize(&records->wrapped, block, size, 0);
}

/* A shrink that moves must not fail: without memory for a second record the old one moves along,
 * and that the old address was freed is forgotten. */
static void note_move(struct records *records, uint32_t number, const void *block, size_t size,
                      const struct event *now)
{
    struct record *record = obtain(records, block);
    if (record) {
        retire(records, number, now);
    } else {
        record = records_at(records, number);
        records->live_bytes -= record->size;
        records->live_blocks--;
        block_table_move(&records->blocks, record, block);
    }
    note_birth(records, record, size, now);
}

static void *change(struct records *records, uint32_t number, void *block, size_t size,
                    const struct event *now)
{
    struct record *record = records_at(records, number);
    void *moved = wrapped_resize(&records->wrapped, block, record->size, size);
    if (!moved) return NULL;
    if (moved == block) {
        records->live_bytes += size - record->size;
        record->size = size;
        record->made = *now;
    } else {
        note_move(records, number, moved, size, now);
    }
    return moved;
}

static void *release(struct records *records, uint32_t number, void *block, const struct event *now)
{
    void *nothing = wrapped_resize(&records->wrapped, block, records_at(records, number)->size, 0);
    retire(records, number, now);
    return nothing;
}

/* ---- calls that are wrong */

static const struct record *find_around(const struct records *records, const char *address)
{
    const struct record *record;
    for (uint32_t place = 0; (record = block_table_next(&records->blocks, &place));) {
        const char *start = record->entry.block;
        if (record_is_live(record) && address > start && address < start + record->size)
            return record;
    }
    return NULL;
}

static void complain_of_freed(struct records *records, const struct record *record, bool is_free)
{
    const struct event *freed = &records->history[record->made.partner - 1];
    complain(records->wrapped.inner, is_free ? FAULT_DOUBLE_FREE : FAULT_RESIZE_OF_FREED,
             record->entry.block, record->size, "it was freed %llu calls ago",
             (unsigned long long)(records->call - freed->call));
}

static void complain_of_unknown(struct records *records, const char *block, size_t old_size,
                                bool is_free)
{
    const struct heap *inner = records->wrapped.inner;
    const char *call = is_free ? "free" : "resize";
    const struct record *record = find_around(records, block);
    if (record) {
        const char *start = record->entry.block;
        complain(inner, FAULT_INTERIOR_FREE, start, record->size,
                 "a %s of %p, which is %zu bytes into it", call, (const void *)block,
                 (size_t)(block - start));
    } else {
        complain(inner, FAULT_INVALID_FREE, block, old_size,
                 "a %s of what was never handed out, or was freed long ago", call);
    }
}

static void *refuse(struct records *records, uint32_t number, const void *block, size_t old_size,
                    bool is_free)
{
    records->fault_count++;
    if (number) complain_of_freed(records, records_at(records, number), is_free);
    else complain_of_unknown(records, block, old_size, is_free);
    return NULL;
}

static void check_size(struct records *records, const struct record *record, size_t old_size)
{
    if (record->size == old_size) return;
    records->fault_count++;
    complain(records->wrapped.inner, FAULT_WRONG_OLD_SIZE, record->entry.block, record->size,
             "the caller says %zu bytes; the right size is passed on", old_size);
}

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct records *records = heap;
    step_clock(records);
    if (!block && !new_size) return wrapped_resize(&records->wrapped, NULL, 0, 0);
    struct event now = event_now(records, __builtin_frame_address(0), __builtin_return_address(0));
    if (!block) return allocate(records, new_size, &now);
    uint32_t number = block_table_seek(&records->blocks, block);
    if (!number || !record_is_live(records_at(records, number))) {
        return refuse(records, number, block, old_size, new_size == 0);
    }
    check_size(records, records_at(records, number), old_size);
    if (new_size == 0) return release(records, number, block, &now);
    return change(records, number, block, new_size, &now);
}

/* ---- opening and closing */

static void close_heap(void *heap)
{
    struct records *records = heap;
    size_t history_bytes = records->history_count * sizeof *records->history;
    stack_cache_close(&records->stack_cache);
    depot_close(&records->stacks);
    places_close(&records->places);
    block_table_close(&records->blocks);
    if (records->history) pages_unmap(records->history, history_bytes);
    pages_unmap(records, sizeof *records);
}

static bool open_tables(struct records *records, size_t depth, size_t history_count)
{
    if (history_count > 0) {
        records->history = pages_map(history_count * sizeof *records->history);
        if (!records->history) return false;
    }
    records->history_count = (uint32_t)history_count;
    return block_table_open(&records->blocks, sizeof(struct record)) &&
           places_open(&records->places) && depot_open(&records->stacks) &&
           stack_cache_open(&records->stack_cache, &records->stacks, depth);
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    struct records *records = wrapped_open(self, inner, sizeof *records, error);
    if (!records) return NULL;
    records->takes_stacks = settings->values[OPTION_STACKS].number;
    records->takes_lines = settings->values[OPTION_LINES].number;
    if (open_tables(records, settings->values[OPTION_DEPTH].number,
                    settings->values[OPTION_HISTORY].number)) {
        return records;
    }
    error_set(error, "records: the system refuses memory for its tables");
    close_heap(records);
    return NULL;
}

static const struct option_row options[] = {
    [OPTION_STACKS] = {"stacks", OPTION_BOOLEAN, "yes", 0, 1, NULL, "call stacks of C are noted"},
    [OPTION_DEPTH] = {"depth", OPTION_COUNT, "16", 1, STACK_FRAMES, NULL,
                      "frames of a stack that are noted"},
    [OPTION_LINES] = {"lines", OPTION_BOOLEAN, "yes", 0, 1, NULL, "lines of the program are noted"},
    [OPTION_HISTORY] = {"history", OPTION_COUNT, "65536", 0, 1 << 28, NULL,
                        "frees that are remembered"},
    {0},
};

static const struct wrapper_methods methods = {
    .explain = records_explain,
    .report = records_report,
};

const struct allocator allocator_records = {
    .name = "records",
    .summary = "notes size, age, line and call stack of each live block, finds wrong frees",
    .traits = TRAIT_WRAPPER,
    .alignment = 16,
    .options = options,
    .wrapper = &methods,
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
    .statistics = records_statistics,
    .figure = records_figure,
};
