/* The file's head, then chunk after chunk: each is read whole into a window, held against its
 * checksum, decompressed, and decoded into events. What a length says is held against its bound
 * before it is used; after the last chunk the head's totals are held against what was seen.
 *
 * Invariant: input.offset is where the next chunk begins, the first one behind the head's text.
 * Cost: see docs/trace-format.md; memory: 3 MB of pages, and 8 bytes a slot.
 */
#define ZSTD_STATIC_LINKING_ONLY
#include "reader.h"

#include <inttypes.h>
#include <zstd.h>

#include "../../allocators/pages.h"
#include "columns.h"
#include "head.h"

struct trace_reader {
    struct input input; /* its fault, once found, stays */
    struct file_head head;
    struct decoder decoder;
    uint32_t chunk_count;
    char about[TRACE_ABOUT_MAXIMUM];
    ZSTD_DCtx *decompressor; /* in `workspace` */
    void *workspace;
    size_t workspace_bytes;
    struct trace_event events[TRACE_FLUSH_EVENTS];
    uint8_t raw[CHUNK_RAW_MAXIMUM + COLUMNS_MARGIN];
    uint8_t frame[ZSTD_COMPRESSBOUND(CHUNK_RAW_MAXIMUM)];
};

static uint64_t first_chunk(const struct trace_reader *reader)
{
    return HEAD_BYTES + (uint64_t)reader->head.about_bytes;
}

static bool make_decompressor(struct trace_reader *reader)
{
    reader->workspace_bytes = ZSTD_estimateDCtxSize();
    reader->workspace = pages_map(reader->workspace_bytes);
    if (reader->workspace == NULL) {
        return error_set(&reader->input.fault, "%s: no memory to read it", reader->input.path);
    }
    reader->decompressor = ZSTD_initStaticDCtx(reader->workspace, reader->workspace_bytes);
    return true;
}

struct trace_reader *trace_reader_open(const char *path, struct error *error)
{
    struct trace_reader *reader = pages_map(sizeof *reader);
    if (reader == NULL) {
        error_set(error, "%s: no memory to read it", path);
        return NULL;
    }
    if (input_open(&reader->input, path) &&
        head_read(&reader->input, &reader->head, reader->about) && make_decompressor(reader)) {
        decoder_open(&reader->decoder, reader->head.totals.touches_blocks);
        reader->input.offset = first_chunk(reader);
        return reader;
    }
    *error = reader->input.fault;
    trace_reader_close(reader);
    return NULL;
}

const struct trace_totals *trace_reader_totals(const struct trace_reader *reader)
{
    return &reader->head.totals;
}

const char *trace_reader_about(const struct trace_reader *reader)
{
    return reader->about;
}

static bool check_chunk(struct trace_reader *reader, const struct chunk_head *chunk, uint64_t left)
{
    if (chunk->number != reader->chunk_count || chunk->first_event != reader->input.event_count) {
        return input_blame(&reader->input,
                           "chunk %" PRIu32 " from event %" PRIu64 ", where chunk %" PRIu32
                           " is due",
                           chunk->number, chunk->first_event, reader->chunk_count);
    }
    uint64_t events_left = reader->head.totals.event_count - reader->input.event_count;
    bool fits = chunk->event_count > 0 && chunk->event_count <= events_left &&
                chunk->event_count <= TRACE_FLUSH_EVENTS && chunk->raw_bytes <= CHUNK_RAW_MAXIMUM &&
                chunk->frame_bytes <= sizeof reader->frame && chunk->frame_bytes <= left;
    return fits || input_blame(&reader->input, "lengths of a chunk");
}

/* Into `raw`. One frame, exactly as long as its chunk says. */
static bool unpack(struct trace_reader *reader, const struct chunk_head *chunk)
{
    const uint8_t *frame = reader->frame;
    size_t frame_bytes = chunk->frame_bytes;
    if (ZSTD_findFrameCompressedSize(frame, frame_bytes) != frame_bytes ||
        ZSTD_getFrameContentSize(frame, frame_bytes) != chunk->raw_bytes) {
        return input_blame(&reader->input, "the frame of a chunk");
    }
    size_t raw_bytes = ZSTD_decompressDCtx(reader->decompressor, reader->raw, CHUNK_RAW_MAXIMUM,
                                           frame, frame_bytes);
    if (ZSTD_isError(raw_bytes))
        return input_blame(&reader->input, "%s", ZSTD_getErrorName(raw_bytes));
    return raw_bytes == chunk->raw_bytes || input_blame(&reader->input, "length of a chunk");
}

static bool read_chunk(struct trace_reader *reader, struct chunk_head *chunk)
{
    uint8_t bytes[CHUNK_HEAD_BYTES];
    uint64_t left = reader->head.totals.file_bytes - reader->input.offset;
    if (left < CHUNK_HEAD_BYTES)
        return input_blame(&reader->input, "%" PRIu64 " bytes behind its end", left);
    if (!input_read(&reader->input, bytes, CHUNK_HEAD_BYTES, reader->input.offset)) return false;
    *chunk = layout_chunk(bytes);
    if (!check_chunk(reader, chunk, left - CHUNK_HEAD_BYTES)) return false;
    if (!input_read(&reader->input, reader->frame, chunk->frame_bytes,
                    reader->input.offset + CHUNK_HEAD_BYTES)) {
        return false;
    }
    if (!layout_chunk_is_whole(bytes, reader->frame, chunk->frame_bytes)) {
        return input_blame(&reader->input, "checksum of a chunk");
    }
    return unpack(reader, chunk);
}

static bool decode_chunk(struct trace_reader *reader, const struct chunk_head *chunk)
{
    struct error error;
    uint32_t decoded = decoder_decode(&reader->decoder, reader->raw, chunk->raw_bytes,
                                      chunk->event_count, reader->events, &error);
    reader->input.event_count += decoded;
    if (decoded < chunk->event_count) {
        if (!reader->decoder.is_out_of_memory) return input_blame(&reader->input, "%s", error.text);
        return error_set(&reader->input.fault, "%s: %s", reader->input.path, error.text);
    }
    /* Held against at once, as slots take memory. */
    if (reader->decoder.seen.slot_count > reader->head.totals.slot_count) {
        return input_blame(&reader->input, "more slots than its head says");
    }
    reader->input.offset += CHUNK_HEAD_BYTES + (uint64_t)chunk->frame_bytes;
    reader->chunk_count++;
    return true;
}

static bool check_totals(struct trace_reader *reader)
{
    const struct trace_totals *said = &reader->head.totals, *seen = &reader->decoder.seen;
    const struct {
        const char *name;
        uint64_t said, seen;
    } rows[] = {
        {"chunks", reader->head.chunk_count, reader->chunk_count},
        {"events", said->event_count, seen->event_count},
        {"operations", said->operation_count, seen->operation_count},
        {"bytes allocated", said->allocated_bytes, seen->allocated_bytes},
        {"bytes alive at the peak", said->peak_live_bytes, seen->peak_live_bytes},
        {"bytes alive at the end", said->final_live_bytes, seen->final_live_bytes},
        {"slots", said->slot_count, seen->slot_count},
        {"threads", said->thread_count, seen->thread_count},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].said == rows[i].seen) continue;
        return input_blame(&reader->input, "its head says %" PRIu64 " %s, its events %" PRIu64,
                           rows[i].said, rows[i].name, rows[i].seen);
    }
    return true;
}

size_t trace_reader_next(struct trace_reader *reader, const struct trace_event **events,
                         struct error *error)
{
    struct chunk_head chunk = {0};
    *error = reader->input.fault;
    if (*error->text != 0) return 0;
    bool is_end = reader->input.offset == reader->head.totals.file_bytes;
    if (is_end ? check_totals(reader)
               : read_chunk(reader, &chunk) && decode_chunk(reader, &chunk)) {
        *events = reader->events;
        return chunk.event_count;
    }
    *error = reader->input.fault;
    return 0;
}

void trace_reader_rewind(struct trace_reader *reader)
{
    decoder_rewind(&reader->decoder);
    reader->input.offset = first_chunk(reader);
    reader->input.event_count = 0;
    reader->chunk_count = 0;
    *reader->input.fault.text = 0;
}

void trace_reader_close(struct trace_reader *reader)
{
    if (reader == NULL) return;
    input_close(&reader->input);
    if (reader->workspace != NULL) pages_unmap(reader->workspace, reader->workspace_bytes);
    decoder_close(&reader->decoder);
    pages_unmap(reader, sizeof *reader);
}
