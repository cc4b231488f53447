/* Events into columns. What the reader can tell by itself is left out: old sizes, and the slot of
 * a new block or a query, which the rule in trace.h gives; that events keep that rule is asserted.
 * Frees and changes say how far their slot lies from the last one's, as neighbours go together.
 */
#include "columns.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "../../allocators/host.h"

struct output {
    uint8_t *tag, *size, *distance; /* where the next one goes */
};

bool mark_is_known(uint32_t mark, uint32_t argument)
{
    switch (mark) {
    case MARK_STATE: return argument <= 1;
    case MARK_THREAD: return argument <= TRACE_THREAD_MAXIMUM;
    case MARK_COLLECTION: return argument <= COLLECTOR_FINALIZES;
    case MARK_ALIGNMENT: return argument <= TRACE_ALIGNMENT_MAXIMUM;
    default: return mark > MARK_VISIT && mark < MARK_COUNT;
    }
}

/* Of a number, 1 to 4. */
static unsigned bytes_of(uint32_t number)
{
    return 1 + (number > 0xFF) + (number > 0xFFFF) + (number > 0xFFFFFF);
}

/* Returns how many bytes it took, less one. */
static unsigned put(uint8_t **cursor, uint32_t number)
{
    unsigned bytes = bytes_of(number);
    number = htole32(number);
    memcpy(*cursor, &number, sizeof number);
    *cursor += bytes;
    return bytes - 1;
}

static unsigned put_distance(struct output *output, uint32_t *last, uint32_t slot)
{
    unsigned bytes = put(&output->distance, zigzag(slot - *last));
    *last = slot;
    return bytes << TAG_DISTANCE_SHIFT;
}

static unsigned encode_mark(struct encoder *encoder, uint32_t mark, uint32_t argument,
                            struct output *output)
{
    if (mark == MARK_VISIT) {
        assert(slots_is_alive(&encoder->slots, argument));
        return EVENT_VISIT | put_distance(output, &encoder->last.visited, argument);
    }
    assert(mark_is_known(mark, argument));
    if (mark == MARK_THREAD && argument >= encoder->thread_count) {
        encoder->thread_count = argument + 1;
    }
    return EVENT_MARK | put(&output->size, argument) << TAG_SIZE_SHIFT | mark << TAG_MARK_SHIFT;
}

/* Of a slot that is free before it: a new block or a query. */
static unsigned encode_taking(struct slots *slots, const struct trace_event *event,
                              struct output *output)
{
    uint32_t slot = slots_take(slots);
    assert(event->slot == slot);
    if (event->new_size == 0) {
        slots_give(slots, slot);
        return EVENT_QUERY;
    }
    slots->sizes[slot] = event->new_size;
    return EVENT_NEW | put(&output->size, event->new_size) << TAG_SIZE_SHIFT;
}

static unsigned encode(struct encoder *encoder, const struct trace_event *event,
                       struct output *output)
{
    struct slots *slots = &encoder->slots;
    if (event->slot == TRACE_MARK) {
        return encode_mark(encoder, event->old_size, event->new_size, output);
    }
    if (event->old_size == 0) return encode_taking(slots, event, output);
    assert(event->slot < slots->count && slots->sizes[event->slot] == event->old_size);
    unsigned distance = put_distance(output, &encoder->last.changed, event->slot);
    if (event->new_size == 0) {
        slots_give(slots, event->slot);
        return EVENT_FREE | distance;
    }
    slots->sizes[event->slot] = event->new_size;
    return EVENT_RESIZE | distance | put(&output->size, event->new_size) << TAG_SIZE_SHIFT;
}

size_t encoder_encode(struct encoder *encoder, const struct trace_event *events, uint32_t count)
{
    struct output output = {encoder->raw, encoder->raw + count, encoder->distances};
    assert(count <= TRACE_FLUSH_EVENTS);
    if (!slots_reserve(&encoder->slots, count)) return 0;
    for (uint32_t i = 0; i < count; i++) {
        *output.tag++ = (uint8_t)encode(encoder, &events[i], &output);
    }
    size_t distance_bytes = (size_t)(output.distance - encoder->distances);
    memcpy(output.size, encoder->distances, distance_bytes);
    return (size_t)(output.size - encoder->raw) + distance_bytes;
}

void encoder_close(struct encoder *encoder)
{
    slots_close(&encoder->slots);
}
