/* What `records` says of a block, and of itself. Nothing here is on the way of a call. */
#include "records_state.h"

#include <assert.h>

#include "keyed.h"

static double seconds_since(const struct records *records, const struct event *event)
{
    uint32_t units = records_clock(records) - event->time;
    return (double)units * CLOCK_UNIT_NS / 1e9;
}

/* ---- one block, for a complaint */

static void explain_event(const struct records *records, const char *what,
                          const struct event *event, struct text *out)
{
    struct place place;
    size_t bytes;
    const void *const *frames = depot_at(&records->stacks, event->stack, &bytes);
    text_add(out, "\n  %s at call %llu, %.2f seconds ago", what, (unsigned long long)event->call,
             seconds_since(records, event));
    if (places_at(&records->places, event->place, &place)) {
        text_add(out, ", in %s:%d", place.source, place.line);
    }
    stack_add(out, records->wrapped.inner->host, frames, bytes / sizeof *frames);
}

void records_explain(const void *heap, const void *block, struct text *out)
{
    const struct records *records = heap;
    const struct record *record = block_table_find(&records->blocks, block);
    if (!record) return;
    explain_event(records, "allocated", &record->made, out);
    if (record_is_live(record)) return;
    explain_event(records, "freed", &records->history[record->made.partner - 1], out);
}

/* ---- all blocks */

struct block_record records_describe(const struct records *records, const struct record *record)
{
    struct place place = {NULL, 0};
    size_t bytes;
    const struct event *made = &record->made;
    struct block_record out = {
        .block = record->entry.block,
        .size = record->size,
        .age_calls = records->call - made->call,
        .age_seconds = seconds_since(records, made),
        .origin = (uint64_t)made->place << 32 | made->stack,
        .frames = depot_at(&records->stacks, made->stack, &bytes),
    };
    places_at(&records->places, made->place, &place);
    out.source = place.source;
    out.line = place.line;
    out.frame_count = bytes / sizeof *out.frames;
    return out;
}

bool records_find(const struct heap *heap, const void *block, struct block_record *out)
{
    assert(heap->allocator == &allocator_records);
    const struct records *records = heap->state;
    const struct record *record = block_table_find(&records->blocks, block);
    if (!record || !record_is_live(record)) return false;
    *out = records_describe(records, record);
    return true;
}

void records_visit(const struct heap *heap,
                   void (*visit)(void *out, const struct block_record *record), void *out)
{
    assert(heap->allocator == &allocator_records);
    const struct records *records = heap->state;
    const struct record *record;
    for (uint32_t place = 0; (record = block_table_next(&records->blocks, &place));) {
        if (!record_is_live(record)) continue;
        struct block_record told = records_describe(records, record);
        visit(out, &told);
    }
}

struct keyed *records_in_order(const struct records *records)
{
    size_t count = 0, bytes = records->live_blocks * sizeof(struct keyed);
    struct keyed *rows = pages_map(bytes);
    const struct record *record;
    if (!rows) return NULL;
    for (uint32_t place = 0; (record = block_table_next(&records->blocks, &place));) {
        if (!record_is_live(record)) continue;
        rows[count++] = (struct keyed){(uintptr_t)record->entry.block, record};
    }
    assert(count == records->live_blocks);
    if (keyed_sort(rows, count)) return rows;
    pages_unmap(rows, bytes);
    return NULL;
}

/* ---- the wrapper itself */

void records_statistics(const void *heap, struct heap_statistics *out)
{
    const struct records *records = heap;
    wrapped_statistics(heap, out);
    out->live_bytes = records->live_bytes;
    out->live_blocks = records->live_blocks;
}

static size_t footprint(const struct records *records)
{
    return block_table_footprint(&records->blocks) + depot_footprint(&records->stacks) +
           places_footprint(&records->places) + records->history_count * sizeof *records->history;
}

bool records_figure(const void *heap, size_t index, struct heap_figure *out)
{
    const struct records *records = heap;
    const struct heap_figure figures[] = {
        {"wrong calls", "count", (double)records->fault_count},
        {"blocks refused for want of a record", "count", (double)records->refused_count},
        {"freed blocks remembered", "count",
         (double)records->blocks.live_count - (double)records->live_blocks},
        {"distinct lines", "count", (double)records->places.depot.table.live_count},
        {"distinct stacks", "count", (double)records->stacks.table.live_count},
        {"stacks walked", "count", (double)records->stack_cache.walked_count},
        {"memory of records", "bytes", (double)footprint(records)},
    };
    return wrapped_figure(figures, sizeof figures / sizeof *figures, index, out);
}
