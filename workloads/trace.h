/* A trace is what a program asked of its allocator, as events in the order of the calls.
 *
 * One kind of event for all of new, free, grow and shrink, as lua_Alloc is one function. A slot is
 * a block's number; slots are dense and used again, so that a replay needs one array. Events and
 * slots live in pages from mmap, never in the heap under test.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An event on a free slot whose sizes are both 0 is the query resize(NULL, 0, 0). */
struct trace_event {
    uint32_t slot;               /* or TRACE_MARK */
    uint32_t old_size, new_size; /* bytes; of a mark: its enum trace_mark, and its argument */
};

#define TRACE_MARK UINT32_MAX

/* What is no call. All but visits are for those who read a trace; a replay passes over them. */
enum trace_mark {
    MARK_VISIT,      /* the program reads the first word of the block in slot `argument` */
    MARK_STATE,      /* a Lua state was opened (1), or is about to be closed (0) */
    MARK_THREAD,     /* what follows is done by thread `argument`; before the first mark by 0 */
    MARK_PHASE,      /* part `argument` of the program begins */
    MARK_FRAME,      /* frame or request `argument` begins */
    MARK_COLLECTION, /* the collector is in enum collector_phase `argument` (host.h) */
    MARK_ALIGNMENT,  /* the next event asked for an alignment of 1 << `argument` bytes */
    MARK_COUNT
};

enum { TRACE_WORD = 8 }; /* bytes of that word; a block below this size cannot be visited */

struct trace {
    struct trace_event *events;
    size_t event_count, event_capacity;
    uint32_t *sizes;     /* of each slot, 0 when free: only while building */
    uint32_t slot_count; /* highest slot used, plus one */
    uint32_t slot_capacity;
    uint32_t *free_slots; /* a stack of slots to use again */
    uint32_t free_slot_count;
    bool touches_blocks;      /* replay writes blocks when born and grown */
    bool is_full;             /* memory ran out while building: the trace is not usable */
    size_t operation_count;   /* events that are calls, queries too, marks left out */
    uint64_t allocated_bytes; /* sum of sizes asked for and of what growths added */
    size_t live_bytes, peak_live_bytes;
    /* Where set, takes the events each time so many are there, and they are forgotten: a trace may
     * then be longer than memory. False: it could not, and the trace is not usable. */
    bool (*flush)(void *sink, const struct trace_event *events, size_t count);
    void *sink;
};

enum { TRACE_FLUSH_EVENTS = 1 << 16 };

/* Slots are given out by one rule, which files of traces rely on: the slot freed last, by a free or
 * a query, is used first; where none is free, the next number.
 *
 * Events are appended by these; running out of memory is kept in is_full, to be asked once. */
void trace_open(struct trace *trace);
uint32_t trace_new(struct trace *trace, size_t bytes); /* the slot of the new block */
void trace_resize(struct trace *trace, uint32_t slot, size_t bytes);
void trace_free(struct trace *trace, uint32_t slot);
void trace_query(struct trace *trace);
void trace_visit(struct trace *trace, uint32_t slot); /* touches_blocks alone */
void trace_mark(struct trace *trace, enum trace_mark mark, uint32_t argument); /* but visits */
void trace_flush(struct trace *trace); /* hands the sink what it has not had yet */
void trace_close(struct trace *trace);

#endif
