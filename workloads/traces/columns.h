/* One chunk's events, not yet compressed, as three columns: a tag for each event, then the sizes,
 * then the distances of slots. A tag says which of these the event has, and in how many bytes.
 *
 *     bits 0-2  enum event_kind
 *     bits 3-4  bytes of the size, less one; of a mark of its argument, which is among the sizes
 *     bits 5-6  bytes of the distance, less one; of a mark bits 5-7 are enum trace_mark
 */
#ifndef TRACE_COLUMNS_H
#define TRACE_COLUMNS_H

#include "layout.h"
#include "slots.h"
#include "writer.h"

enum event_kind {
    EVENT_NEW,    /* size */
    EVENT_FREE,   /* distance */
    EVENT_RESIZE, /* size, distance */
    EVENT_QUERY,
    EVENT_VISIT, /* distance */
    EVENT_MARK,  /* size */
    EVENT_KIND_COUNT
};

enum { TAG_SIZE_SHIFT = 3, TAG_DISTANCE_SHIFT = 5, TAG_MARK_SHIFT = 5 };

/* Bytes that decoding may read behind the last. */
enum { COLUMNS_MARGIN = 4 };

/* Where distances are counted from. */
struct last_slots {
    uint32_t changed, visited;
};

/* Zigzag: 0, -1, 1, -2 … become 0, 1, 2, 3 …; distances are counted modulo 2^32. */
static inline uint32_t zigzag(uint32_t difference)
{
    return difference << 1 ^ -(difference >> 31);
}

static inline uint32_t unzigzag(uint32_t distance)
{
    return distance >> 1 ^ -(distance & 1);
}

bool mark_is_known(uint32_t mark, uint32_t argument);

struct encoder {
    struct slots slots;
    struct last_slots last;
    uint32_t thread_count;
    uint8_t raw[CHUNK_RAW_MAXIMUM + COLUMNS_MARGIN];
    uint8_t distances[TRACE_FLUSH_EVENTS * 4 + COLUMNS_MARGIN];
};

/* An encoder that is all zero, in pages from the system, is ready. At most TRACE_FLUSH_EVENTS
 * events, in the order and with the slots of trace.h, become the first bytes of `raw`; the number
 * of these, or 0 when memory ran out. */
size_t encoder_encode(struct encoder *encoder, const struct trace_event *events, uint32_t count);
void encoder_close(struct encoder *encoder);

struct decoder {
    struct slots slots;
    struct last_slots last;
    struct trace_totals seen; /* of what was decoded; without file_bytes and touches_blocks */
    bool is_out_of_memory;    /* why decoding ended */
    uint64_t lengths[256];    /* of each tag's part in the columns; see decoder.c */
};

/* To be zeroed before. Visits are tags only where the trace touches blocks. Rewind forgets what was
 * decoded. */
void decoder_open(struct decoder *decoder, bool touches_blocks);
void decoder_rewind(struct decoder *decoder);
void decoder_close(struct decoder *decoder);

/* Any bytes, which COLUMNS_MARGIN readable ones follow. Returns how many of event_count events are
 * sound and in `events`; where these are fewer, error says why, and the decoder is of no use until
 * it is rewound. */
uint32_t decoder_decode(struct decoder *decoder, const uint8_t *raw, size_t raw_bytes,
                        uint32_t event_count, struct trace_event *events, struct error *error);

#endif
