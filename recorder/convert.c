/* Every live address has the slot of its block, plus one, in its cell, or OVERSIZED for a block that
 * the trace leaves out. A missed call shows when an address is freed that holds no block, or handed
 * out while it holds one; both are put right and counted, so that the trace is always one that a
 * program could have made. What is alive at the end stays alive.
 */
#include "convert.h"

#include "../workloads/traces/writer.h"
#include "outside.h"

enum { ALIGNMENT_OF_ALL = 4 }; /* log2; what malloc gives without being asked */

static const uint32_t OVERSIZED = UINT32_MAX;

static uint32_t *cell_of(struct conversion *conversion, uint64_t address)
{
    uint32_t *cell = address_table_cell(&conversion->blocks, address);
    if (!cell) conversion->trace->is_full = true;
    return cell;
}

static void mark(struct conversion *conversion, enum trace_mark kind, uint32_t argument)
{
    trace_mark(conversion->trace, kind, argument);
    conversion->mark_count++;
}

static uint32_t least(uint32_t one, uint32_t other)
{
    return one < other ? one : other;
}

static bool is_followed(uint32_t cell)
{
    return cell != 0 && cell != OVERSIZED;
}

/* The block that held this address went unseen. */
static void vacate(struct conversion *conversion, uint32_t *cell)
{
    if (*cell != 0) conversion->losses.unseen_frees++;
    if (is_followed(*cell)) trace_free(conversion->trace, *cell - 1);
    *cell = 0;
}

static void add_block(struct conversion *conversion, const struct raw_event *event, uint32_t *cell)
{
    /* malloc(0) gives a block of its own, which a trace has no size for. */
    uint64_t bytes = event->new_size ? event->new_size : 1;
    vacate(conversion, cell);
    if (bytes > UINT32_MAX) {
        conversion->losses.oversized_calls++;
        *cell = OVERSIZED;
        return;
    }
    if (event->alignment > ALIGNMENT_OF_ALL) {
        mark(conversion, MARK_ALIGNMENT, least(event->alignment, TRACE_ALIGNMENT_MAXIMUM));
    }
    *cell = trace_new(conversion->trace, bytes) + 1;
}

static void add_new(struct conversion *conversion, const struct raw_event *event)
{
    uint32_t *cell = cell_of(conversion, event->new_address);
    if (cell) add_block(conversion, event, cell);
}

static void add_free(struct conversion *conversion, const struct raw_event *event)
{
    uint32_t *cell = cell_of(conversion, event->old_address);
    if (!cell) return;
    if (*cell == 0) conversion->losses.unknown_blocks++;
    if (is_followed(*cell)) trace_free(conversion->trace, *cell - 1);
    *cell = 0;
}

/* Its slot stays its own at the new address. */
static void move(struct conversion *conversion, const struct raw_event *event, uint32_t *cell)
{
    uint32_t slot = *cell - 1;
    if (event->new_address != event->old_address) {
        *cell = 0;
        cell = cell_of(conversion, event->new_address);
        if (!cell) return;
        vacate(conversion, cell);
        *cell = slot + 1;
    }
    trace_resize(conversion->trace, slot, event->new_size ? event->new_size : 1);
}

static void add_resize(struct conversion *conversion, const struct raw_event *event)
{
    uint32_t *cell = cell_of(conversion, event->old_address);
    if (!cell) return;
    if (is_followed(*cell) && event->new_size <= UINT32_MAX) {
        move(conversion, event, cell);
        return;
    }
    add_free(conversion, event);
    add_new(conversion, event);
}

static void add_mark(struct conversion *conversion, const struct raw_event *event)
{
    static const enum trace_mark marks[] = {
        [RAW_COLLECT] = MARK_COLLECTION,
        [RAW_FRAME] = MARK_FRAME,
        [RAW_PHASE] = MARK_PHASE,
        [RAW_STATE] = MARK_STATE,
    };
    uint8_t kind = event->kind - 1;
    if (kind < sizeof marks / sizeof *marks) {
        mark(conversion, marks[kind], (uint32_t)event->new_size);
    }
}

static void note_outside(struct conversion *conversion, const struct raw_event *event)
{
    struct conversion_outside *outside = &conversion->outside;
    outside->count++;
    outside->ns += (uint64_t)(event->outside - 1) * OUTSIDE_UNIT_NS;
    if (outside->count < OUTSIDE_BATCH) return;
    histogram_note(&outside->batch_ns, outside->ns / outside->count);
    outside->count = outside->ns = 0;
}

uint64_t conversion_outside_ns(const struct conversion *conversion)
{
    const struct conversion_outside *outside = &conversion->outside;
    if (outside->batch_ns.count) return histogram_quantile(&outside->batch_ns, 0.5);
    return outside->count ? outside->ns / outside->count : 0;
}

bool conversion_add(struct conversion *conversion, const struct raw_event *event)
{
    /* Threads beyond those that a trace can tell apart are one. */
    uint32_t thread = least(event->thread, TRACE_THREAD_MAXIMUM);
    if (thread != conversion->thread) {
        conversion->thread = thread;
        mark(conversion, MARK_THREAD, thread);
    }
    if (event->outside) note_outside(conversion, event);
    switch (event->kind - 1) {
    case RAW_NEW: add_new(conversion, event); break;
    case RAW_FREE: add_free(conversion, event); break;
    case RAW_RESIZE: add_resize(conversion, event); break;
    case RAW_QUERY: trace_query(conversion->trace); break;
    default: add_mark(conversion, event);
    }
    return !conversion->trace->is_full;
}

void conversion_close(struct conversion *conversion)
{
    address_table_close(&conversion->blocks);
}
