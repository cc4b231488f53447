/* Where a trace's file holds what: docs/trace-format.md in C. All numbers are little endian. */
#ifndef TRACE_LAYOUT_H
#define TRACE_LAYOUT_H

#include "../trace.h"
#include "reader.h"

#define TRACE_MAGIC "\x89HBT\r\n\x1a\n"

enum { TRACE_VERSION = 1, MAGIC_BYTES = 8, HEAD_BYTES = 96, CHUNK_HEAD_BYTES = 32 };

/* A tag, a size and a distance; and what one chunk may take unpacked. */
enum { EVENT_BYTES_MAXIMUM = 9, CHUNK_RAW_MAXIMUM = TRACE_FLUSH_EVENTS * EVENT_BYTES_MAXIMUM };

struct file_head {
    uint32_t version, head_bytes, about_bytes, chunk_count;
    bool is_complete;
    struct trace_totals totals;
};

/* Goes before each chunk's frame. */
struct chunk_head {
    uint32_t number, event_count; /* number from 0; 1 .. TRACE_FLUSH_EVENTS events */
    uint32_t raw_bytes, frame_bytes;
    uint64_t first_event;
    uint64_t checksum; /* of the frame, begun with that of the 24 bytes before it here */
};

enum { CHECKSUM_SEED = 1 };

/* Changes with any byte that does. */
uint64_t layout_checksum(uint64_t seed, const uint8_t *bytes, size_t count);

/* `about` may lie anywhere; the head's checksum covers it. */
void layout_put_head(uint8_t bytes[HEAD_BYTES], const struct file_head *head, const uint8_t *about);
struct file_head layout_head(const uint8_t bytes[HEAD_BYTES]);
bool layout_head_is_whole(const uint8_t bytes[HEAD_BYTES], const uint8_t *about,
                          size_t about_bytes);

/* Computes head->checksum. */
void layout_put_chunk(uint8_t bytes[CHUNK_HEAD_BYTES], struct chunk_head *head,
                      const uint8_t *frame);
struct chunk_head layout_chunk(const uint8_t bytes[CHUNK_HEAD_BYTES]);
bool layout_chunk_is_whole(const uint8_t bytes[CHUNK_HEAD_BYTES], const uint8_t *frame,
                           size_t frame_bytes);

#endif
