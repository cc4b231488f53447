/* The one replay loop, for every trace whatever made it: one array from slot to block. Compiled
 * once for each way of touching, so that a replay which writes nothing has one branch that can go
 * either way: the loop's end. Cost: under 2.5 ns an untouched operation, the allocator left out. */
#include "held.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "../../allocators/pages.h"
#include "touch.h"

/* A file of a megabyte can say, and mean, two billion slots. As many blocks take more than this in
 * any heap, so what it would refuse could not be replayed, only be killed for lack of memory. */
static bool fits_memory(size_t slot_count)
{
    size_t memory_bytes = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    return slot_count <= memory_bytes / 2 / (sizeof(void *) + sizeof(uint32_t));
}

bool held_open(struct held *held, size_t slot_count)
{
    *held = (struct held){0};
    if (!fits_memory(slot_count)) return false;
    *held = (struct held){.slot_count = slot_count + 1}; /* of an empty trace, too */
    held->blocks = pages_map(held->slot_count * sizeof *held->blocks);
    held->sizes = pages_map(held->slot_count * sizeof *held->sizes);
    if (held->blocks == NULL || held->sizes == NULL) {
        held_close(held);
        return false;
    }
    held_empty(held);
    return true;
}

void held_empty(struct held *held)
{
    memset(held->sizes, 0, held->slot_count * sizeof *held->sizes);
    held->live_count = 0;
    held_forget(held);
}

void held_close(struct held *held)
{
    if (held->blocks) pages_unmap(held->blocks, held->slot_count * sizeof *held->blocks);
    if (held->sizes) pages_unmap(held->sizes, held->slot_count * sizeof *held->sizes);
    *held = (struct held){0};
}

void held_free(struct held *held, const struct heap *heap, enum touch touch, uint64_t *checksum)
{
    for (size_t slot = 0; slot < held->slot_count; slot++) {
        void *block = held->blocks[slot];
        if (block == NULL) continue;
        assert(held->sizes[slot] != 0);
        *checksum = touch_last(*checksum, block, held->sizes[slot], touch);
        held->blocks[slot] = heap->resize(heap->state, block, held->sizes[slot], 0);
    }
}

void held_forget(struct held *held)
{
    memset(held->blocks, 0, held->slot_count * sizeof *held->blocks);
}

static inline __attribute__((always_inline)) const struct trace_event *
replay(struct held *held, const struct heap *heap, enum touch touch, bool has_between,
       const struct trace_event *event, const struct trace_event *end, uint64_t *folded)
{
    resize_fn *resize = heap->resize;
    void *state = heap->state, **blocks = held->blocks;
    uint64_t checksum = *folded;
    for (; event != end; event++) {
        if (touch != TOUCH_NONE && event->slot == TRACE_MARK) {
            checksum = touch_read(checksum, blocks[event->new_size]);
            continue;
        }
        if (has_between) between_calls(&held->between, held->outside_ns);
        void **block = &blocks[event->slot];
        checksum = touch_last(checksum, *block, event->old_size, touch);
        *block = resize(state, *block, event->old_size, event->new_size);
        /* One branch, as which of the two holds cannot be foretold. A block that could not grow is
         * left to the heap's close. */
        if (__builtin_expect((*block == NULL) & (event->new_size != 0), 0)) break;
        touch_new(*block, event->slot, event->old_size, event->new_size, touch);
    }
    *folded = checksum;
    return event;
}

/* Once for each way of touching. */
static inline __attribute__((always_inline)) const struct trace_event *
replay_touching(struct held *held, const struct heap *heap, enum touch touch, bool has_between,
                const struct trace_event *event, const struct trace_event *end, uint64_t *checksum)
{
    switch (touch) {
    case TOUCH_NONE: return replay(held, heap, TOUCH_NONE, has_between, event, end, checksum);
    case TOUCH_ENDS: return replay(held, heap, TOUCH_ENDS, has_between, event, end, checksum);
    case TOUCH_ALL: return replay(held, heap, TOUCH_ALL, has_between, event, end, checksum);
    default: return replay(held, heap, TOUCH_LINES, has_between, event, end, checksum);
    }
}

const struct trace_event *held_replay(struct held *held, const struct heap *heap, enum touch touch,
                                      const struct trace_event *event,
                                      const struct trace_event *end, uint64_t *checksum)
{
    if (held->outside_ns == 0) {
        return replay_touching(held, heap, touch, false, event, end, checksum);
    }
    return replay_touching(held, heap, touch, true, event, end, checksum);
}
