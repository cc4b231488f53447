/* A trace under construction: events at the end of an array that doubles, and the size of every
 * slot so that each event's old size is exact.
 *
 * Invariant: the slots on the free stack have size 0, all others below slot_count are alive. The
 * slot freed last is used first, as most allocators do with addresses, so that the replay's array
 * of blocks costs few cache misses. All memory comes from pages_map and grows by mremap; when it
 * ends, is_full is set and every later call does nothing. Cost: O(1) an event, amortised.
 */
#include "trace.h"

#include <assert.h>
#include <sys/mman.h>

#include "../allocators/pages.h"

enum { FIRST_CAPACITY = 4096 };

void trace_open(struct trace *trace)
{
    *trace = (struct trace){0};
}

static void give_back(void *items, size_t bytes)
{
    if (items != NULL) pages_unmap(items, bytes);
}

void trace_close(struct trace *trace)
{
    give_back(trace->events, trace->event_capacity * sizeof *trace->events);
    give_back(trace->sizes, trace->slot_capacity * sizeof *trace->sizes);
    give_back(trace->free_slots, trace->slot_capacity * sizeof *trace->free_slots);
    trace_open(trace);
}

/* The system moves the pages, not their contents. What was there stays when there are no more. */
static void *grow(void *items, size_t old_bytes, size_t new_bytes)
{
    if (items == NULL) return pages_map(new_bytes);
    void *grown = mremap(items, old_bytes, new_bytes, MREMAP_MAYMOVE);
    return grown == MAP_FAILED ? NULL : grown;
}

static bool grow_events(struct trace *trace)
{
    size_t old_count = trace->event_capacity;
    size_t new_count = old_count ? 2 * old_count : FIRST_CAPACITY;
    struct trace_event *grown =
        grow(trace->events, old_count * sizeof *grown, new_count * sizeof *grown);
    if (grown == NULL) return false;
    trace->events = grown;
    trace->event_capacity = new_count;
    return true;
}

/* Both arrays are of one capacity, so neither is replaced before both can be. */
static bool grow_slots(struct trace *trace)
{
    uint32_t old_count = trace->slot_capacity;
    if (old_count > TRACE_MARK / 2) return false;
    uint32_t new_count = old_count ? 2 * old_count : FIRST_CAPACITY;
    uint32_t *stack = pages_map(new_count * sizeof *stack);
    if (stack == NULL) return false;
    uint32_t *sizes = grow(trace->sizes, old_count * sizeof *sizes, new_count * sizeof *sizes);
    if (sizes == NULL) {
        pages_unmap(stack, new_count * sizeof *stack);
        return false;
    }
    /* The stack is empty whenever a slot is missing, so there is nothing to copy. */
    give_back(trace->free_slots, old_count * sizeof *stack);
    trace->free_slots = stack;
    trace->sizes = sizes;
    trace->slot_capacity = new_count;
    return true;
}

void trace_flush(struct trace *trace)
{
    if (trace->is_full || trace->event_count == 0) return;
    trace->is_full = !trace->flush(trace->sink, trace->events, trace->event_count);
    trace->event_count = 0;
}

static void append(struct trace *trace, struct trace_event event)
{
    if (trace->flush != NULL && trace->event_count == TRACE_FLUSH_EVENTS) trace_flush(trace);
    if (trace->event_count == trace->event_capacity && !grow_events(trace)) trace->is_full = true;
    if (trace->is_full) return;
    trace->events[trace->event_count++] = event;
}

static uint32_t take_slot(struct trace *trace)
{
    if (trace->free_slot_count > 0) return trace->free_slots[--trace->free_slot_count];
    if (trace->slot_count == trace->slot_capacity && !grow_slots(trace)) {
        trace->is_full = true;
        return 0;
    }
    trace->sizes[trace->slot_count] = 0;
    return trace->slot_count++;
}

static void change(struct trace *trace, uint32_t slot, size_t bytes)
{
    assert(bytes <= UINT32_MAX);
    uint32_t new_size = (uint32_t)bytes;
    append(trace, (struct trace_event){slot, trace->sizes[slot], new_size});
    if (new_size > trace->sizes[slot]) trace->allocated_bytes += new_size - trace->sizes[slot];
    trace->live_bytes = trace->live_bytes - trace->sizes[slot] + new_size;
    if (trace->live_bytes > trace->peak_live_bytes) trace->peak_live_bytes = trace->live_bytes;
    trace->sizes[slot] = new_size;
    trace->operation_count++;
}

static bool is_alive(const struct trace *trace, uint32_t slot)
{
    return slot < trace->slot_count && trace->sizes[slot] != 0;
}

uint32_t trace_new(struct trace *trace, size_t bytes)
{
    assert(bytes != 0);
    uint32_t slot = trace->is_full ? 0 : take_slot(trace);
    if (!trace->is_full) change(trace, slot, bytes);
    return slot;
}

void trace_resize(struct trace *trace, uint32_t slot, size_t bytes)
{
    if (trace->is_full) return;
    assert(bytes != 0 && is_alive(trace, slot));
    change(trace, slot, bytes);
}

void trace_free(struct trace *trace, uint32_t slot)
{
    if (trace->is_full) return;
    assert(is_alive(trace, slot));
    change(trace, slot, 0);
    trace->free_slots[trace->free_slot_count++] = slot;
}

void trace_query(struct trace *trace)
{
    uint32_t slot = trace->is_full ? 0 : take_slot(trace);
    if (trace->is_full) return;
    change(trace, slot, 0);
    trace->free_slots[trace->free_slot_count++] = slot;
}

void trace_visit(struct trace *trace, uint32_t slot)
{
    if (trace->is_full) return;
    assert(trace->touches_blocks && is_alive(trace, slot) && trace->sizes[slot] >= TRACE_WORD);
    append(trace, (struct trace_event){TRACE_MARK, MARK_VISIT, slot});
}

void trace_mark(struct trace *trace, enum trace_mark mark, uint32_t argument)
{
    assert(mark != MARK_VISIT && mark < MARK_COUNT);
    append(trace, (struct trace_event){TRACE_MARK, mark, argument});
}
