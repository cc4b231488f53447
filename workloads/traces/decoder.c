/* Columns into events. The tags are read twice: first their parts' lengths are added up and held
 * against what is there, so that the second time, when events are made, no read can leave the
 * columns. Slots and old sizes come from the table of slots, in which room for a whole chunk is
 * made before it. An event is handed out when it can follow those before it, and never else.
 */
#include "columns.h"

#include <endian.h>
#include <inttypes.h>
#include <string.h>

/* Of lengths[]: bytes of sizes, bytes of distances, number of tags that do not exist. */
enum { DISTANCES_SHIFT = 20, UNKNOWN_SHIFT = 40, LENGTH_MASK = (1 << 20) - 1 };

static bool has_size(unsigned tag)
{
    unsigned kind = tag & 7;
    return kind == EVENT_NEW || kind == EVENT_RESIZE || kind == EVENT_MARK;
}

static bool has_distance(unsigned tag)
{
    unsigned kind = tag & 7;
    return kind == EVENT_FREE || kind == EVENT_RESIZE || kind == EVENT_VISIT;
}

static unsigned size_width(unsigned tag)
{
    return 1 + (tag >> TAG_SIZE_SHIFT & 3);
}

static unsigned distance_width(unsigned tag)
{
    return 1 + (tag >> TAG_DISTANCE_SHIFT & 3);
}

/* Bits without a meaning are zero. */
static bool is_tag(unsigned tag, bool touches_blocks)
{
    unsigned kind = tag & 7, meant = 7;
    if (has_size(tag)) meant |= 3 << TAG_SIZE_SHIFT;
    if (has_distance(tag)) meant |= 3 << TAG_DISTANCE_SHIFT;
    if (kind == EVENT_MARK) return mark_is_known(tag >> TAG_MARK_SHIFT, 0);
    if (kind == EVENT_VISIT && !touches_blocks) return false;
    return kind < EVENT_KIND_COUNT && (tag & ~meant) == 0;
}

void decoder_open(struct decoder *decoder, bool touches_blocks)
{
    decoder_rewind(decoder);
    for (unsigned tag = 0; tag < 256; tag++) {
        uint64_t lengths = has_size(tag) ? size_width(tag) : 0;
        if (has_distance(tag)) lengths |= (uint64_t)distance_width(tag) << DISTANCES_SHIFT;
        decoder->lengths[tag] =
            is_tag(tag, touches_blocks) ? lengths : (uint64_t)1 << UNKNOWN_SHIFT;
    }
}

void decoder_rewind(struct decoder *decoder)
{
    slots_forget(&decoder->slots);
    decoder->last = (struct last_slots){0};
    decoder->seen = (struct trace_totals){.thread_count = 1};
}

void decoder_close(struct decoder *decoder)
{
    slots_close(&decoder->slots);
}

/* What one chunk's loop changes, in registers. */
struct decoding {
    struct slots slots;
    struct last_slots last;
    const uint8_t *size, *distance;
    uint64_t allocated_bytes, live_bytes, peak_live_bytes;
    uint32_t mark_count, thread_count;
};

static inline uint32_t take(const uint8_t **cursor, unsigned bytes)
{
    uint32_t number;
    memcpy(&number, *cursor, sizeof number);
    *cursor += bytes;
    return le32toh(number) & UINT32_MAX >> (32 - 8 * bytes);
}

static inline uint32_t take_slot(struct decoding *decoding, unsigned tag, uint32_t *last)
{
    *last += unzigzag(take(&decoding->distance, distance_width(tag)));
    return *last;
}

static inline bool change(struct decoding *decoding, uint32_t slot, uint32_t new_size,
                          struct trace_event *event)
{
    uint32_t old_size = decoding->slots.sizes[slot];
    *event = (struct trace_event){slot, old_size, new_size};
    decoding->slots.sizes[slot] = new_size;
    if (new_size > old_size) decoding->allocated_bytes += new_size - old_size;
    decoding->live_bytes += (uint64_t)new_size - old_size;
    if (decoding->live_bytes > decoding->peak_live_bytes) {
        decoding->peak_live_bytes = decoding->live_bytes;
    }
    return true;
}

static inline bool decode_new(struct decoding *decoding, unsigned tag, struct trace_event *event)
{
    uint32_t size = take(&decoding->size, size_width(tag));
    return size != 0 && change(decoding, slots_take(&decoding->slots), size, event);
}

static inline bool decode_free(struct decoding *decoding, unsigned tag, struct trace_event *event)
{
    uint32_t slot = take_slot(decoding, tag, &decoding->last.changed);
    if (!slots_is_alive(&decoding->slots, slot)) return false;
    decoding->slots.free_slots[decoding->slots.free_count++] = slot;
    return change(decoding, slot, 0, event);
}

static inline bool decode_resize(struct decoding *decoding, unsigned tag, struct trace_event *event)
{
    uint32_t slot = take_slot(decoding, tag, &decoding->last.changed);
    uint32_t size = take(&decoding->size, size_width(tag));
    bool is_sound = size != 0 && slots_is_alive(&decoding->slots, slot);
    return is_sound && change(decoding, slot, size, event);
}

static inline bool decode_query(struct decoding *decoding, struct trace_event *event)
{
    uint32_t slot = slots_take(&decoding->slots);
    decoding->slots.free_slots[decoding->slots.free_count++] = slot;
    *event = (struct trace_event){slot, 0, 0};
    return true;
}

static inline bool decode_visit(struct decoding *decoding, unsigned tag, struct trace_event *event)
{
    uint32_t slot = take_slot(decoding, tag, &decoding->last.visited);
    *event = (struct trace_event){TRACE_MARK, MARK_VISIT, slot};
    decoding->mark_count++;
    return slot < decoding->slots.count && decoding->slots.sizes[slot] >= TRACE_WORD;
}

static bool decode_mark(struct decoding *decoding, unsigned tag, struct trace_event *event)
{
    uint32_t mark = tag >> TAG_MARK_SHIFT, argument = take(&decoding->size, size_width(tag));
    *event = (struct trace_event){TRACE_MARK, mark, argument};
    decoding->mark_count++;
    if (mark == MARK_THREAD && argument >= decoding->thread_count) {
        decoding->thread_count = argument + 1; /* an overflow is of what is not known */
    }
    return mark_is_known(mark, argument);
}

static inline bool decode(struct decoding *decoding, unsigned tag, struct trace_event *event)
{
    switch (tag & 7) {
    case EVENT_NEW: return decode_new(decoding, tag, event);
    case EVENT_FREE: return decode_free(decoding, tag, event);
    case EVENT_RESIZE: return decode_resize(decoding, tag, event);
    case EVENT_QUERY: return decode_query(decoding, event);
    case EVENT_VISIT: return decode_visit(decoding, tag, event);
    default: return decode_mark(decoding, tag, event);
    }
}

/* Why the event of this tag cannot be: its operands have just been read. */
static void explain(const struct decoding *decoding, unsigned tag, const struct trace_event *event,
                    struct error *error)
{
    uint32_t slot = decoding->last.changed;
    const char *state = slots_is_alive(&decoding->slots, slot) ? "alive" : "not alive";
    switch (tag & 7) {
    case EVENT_NEW: error_set(error, "a new block of 0 bytes"); break;
    case EVENT_FREE: error_set(error, "frees slot %" PRIu32 ", which is %s", slot, state); break;
    case EVENT_RESIZE:
        error_set(error, "resizes slot %" PRIu32 ", which is %s%s", slot, state,
                  *state == 'a' ? ", to 0 bytes" : "");
        break;
    case EVENT_VISIT:
        error_set(error, "visits slot %" PRIu32 ", which is not alive or below %d bytes",
                  event->new_size, TRACE_WORD);
        break;
    default:
        error_set(error, "mark %" PRIu32 " with the argument %" PRIu32, event->old_size,
                  event->new_size);
    }
}

/* Of the columns, or false when their lengths and the tags do not agree. */
static bool start(const struct decoder *decoder, const uint8_t *raw, size_t raw_bytes,
                  uint32_t event_count, struct decoding *decoding, struct error *error)
{
    uint64_t lengths = 0;
    if (raw_bytes < event_count || event_count > TRACE_FLUSH_EVENTS) {
        return error_set(error, "a chunk of %zu bytes for %" PRIu32 " events", raw_bytes,
                         event_count);
    }
    for (uint32_t i = 0; i < event_count; i++) lengths += decoder->lengths[raw[i]];
    if (lengths >> UNKNOWN_SHIFT != 0) return error_set(error, "a tag that does not exist");
    uint64_t sizes = lengths & LENGTH_MASK, distances = lengths >> DISTANCES_SHIFT & LENGTH_MASK;
    if (event_count + sizes + distances != raw_bytes) {
        return error_set(error, "a chunk of %zu bytes where its tags say %" PRIu64, raw_bytes,
                         event_count + sizes + distances);
    }
    decoding->size = raw + event_count;
    decoding->distance = raw + event_count + sizes;
    return true;
}

static void finish(struct decoder *decoder, const struct decoding *decoding, uint32_t event_count)
{
    struct trace_totals *seen = &decoder->seen;
    decoder->slots = decoding->slots;
    decoder->last = decoding->last;
    seen->event_count += event_count;
    seen->operation_count += event_count - decoding->mark_count;
    seen->allocated_bytes = decoding->allocated_bytes;
    seen->final_live_bytes = decoding->live_bytes;
    seen->peak_live_bytes = decoding->peak_live_bytes;
    seen->slot_count = decoding->slots.count;
    seen->thread_count = decoding->thread_count;
}

uint32_t decoder_decode(struct decoder *decoder, const uint8_t *raw, size_t raw_bytes,
                        uint32_t event_count, struct trace_event *events, struct error *error)
{
    const struct trace_totals *seen = &decoder->seen;
    uint32_t i = 0;
    decoder->is_out_of_memory = !slots_reserve(&decoder->slots, event_count);
    if (decoder->is_out_of_memory) error_set(error, "no memory for more slots");
    struct decoding decoding = {
        .slots = decoder->slots,
        .last = decoder->last,
        .allocated_bytes = seen->allocated_bytes,
        .live_bytes = seen->final_live_bytes,
        .peak_live_bytes = seen->peak_live_bytes,
        .thread_count = seen->thread_count,
    };
    if (decoder->is_out_of_memory) return 0;
    if (!start(decoder, raw, raw_bytes, event_count, &decoding, error)) return 0;
    while (i < event_count && decode(&decoding, raw[i], &events[i])) i++;
    finish(decoder, &decoding, i);
    if (i < event_count) explain(&decoding, raw[i], &events[i], error);
    return i;
}
