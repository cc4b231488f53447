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

enum trace_mark {
    MARK_VISIT, /* the program reads the first word of the block in slot `argument` */
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
    bool touches_blocks;    /* replay writes blocks when born and grown */
    bool is_full;           /* memory ran out while building: the trace is not usable */
    size_t operation_count; /* events that are calls, queries too, marks left out */
    size_t live_bytes, peak_live_bytes;
};

/* Events are appended by these; running out of memory is kept in is_full, to be asked once. */
void trace_open(struct trace *trace);
uint32_t trace_new(struct trace *trace, size_t bytes); /* the slot of the new block */
void trace_resize(struct trace *trace, uint32_t slot, size_t bytes);
void trace_free(struct trace *trace, uint32_t slot);
void trace_query(struct trace *trace);
void trace_visit(struct trace *trace, uint32_t slot); /* touches_blocks alone */
void trace_close(struct trace *trace);

#endif
