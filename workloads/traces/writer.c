/* A sink for a trace under construction: each time it is full, its events become columns, the
 * columns one Zstandard frame, and head and frame are written at once. The head of the file, whose
 * totals are known last, is written as unfinished first and again at the end; only then does the
 * file get its name.
 *
 * Cost: see docs/trace-format.md; memory: 4 MB of pages, and 16 bytes a slot.
 */
#define ZSTD_STATIC_LINKING_ONLY
#include "writer.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "../../allocators/pages.h"
#include "about.h"
#include "columns.h"

/* Of Zstandard's levels 1 to 19 the one with the best size for its time: docs/trace-format.md. */
enum { LEVEL = 3 };

struct trace_writer {
    struct trace trace;
    struct encoder encoder;
    struct file_head head;
    struct error error; /* why a flush failed */
    char path[PATH_MAX], new_path[PATH_MAX + 8];
    char about[TRACE_ABOUT_MAXIMUM];
    int file;              /* or -1 */
    bool is_there;         /* under its new path */
    ZSTD_CCtx *compressor; /* in `workspace` */
    void *workspace;
    size_t workspace_bytes;
    uint8_t chunk[CHUNK_HEAD_BYTES + ZSTD_COMPRESSBOUND(CHUNK_RAW_MAXIMUM)];
};

static bool write_all(struct trace_writer *writer, const uint8_t *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(writer->file, bytes, count);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            return error_set(&writer->error, "%s: byte %llu cannot be written: %s", writer->path,
                             (unsigned long long)writer->head.totals.file_bytes, strerror(errno));
        }
        bytes += written;
        count -= (size_t)written;
        writer->head.totals.file_bytes += (size_t)written;
    }
    return true;
}

/* The first time, of an unfinished file, and when it is complete. */
static bool write_head(struct trace_writer *writer)
{
    uint8_t bytes[HEAD_BYTES + TRACE_ABOUT_MAXIMUM];
    const uint8_t *about = bytes + HEAD_BYTES;
    size_t file_bytes = writer->head.totals.file_bytes;
    memcpy(bytes + HEAD_BYTES, writer->about, writer->head.about_bytes);
    layout_put_head(bytes, &writer->head, about);
    if (lseek(writer->file, 0, SEEK_SET) < 0) {
        return error_set(&writer->error, "%s: %s", writer->path, strerror(errno));
    }
    bool is_written = write_all(writer, bytes, HEAD_BYTES + writer->head.about_bytes);
    if (file_bytes > 0) writer->head.totals.file_bytes = file_bytes;
    return is_written;
}

static bool write_chunk(void *sink, const struct trace_event *events, size_t count)
{
    struct trace_writer *writer = sink;
    struct chunk_head head = {.number = writer->head.chunk_count, .event_count = (uint32_t)count};
    uint8_t *frame = writer->chunk + CHUNK_HEAD_BYTES;
    size_t raw_bytes = encoder_encode(&writer->encoder, events, head.event_count);
    if (raw_bytes == 0) return false;
    size_t frame_bytes =
        ZSTD_compress2(writer->compressor, frame, sizeof writer->chunk - CHUNK_HEAD_BYTES,
                       writer->encoder.raw, raw_bytes);
    assert(!ZSTD_isError(frame_bytes)); /* its room and its workspace are what it asked for */
    head.raw_bytes = (uint32_t)raw_bytes;
    head.frame_bytes = (uint32_t)frame_bytes;
    head.first_event = writer->head.totals.event_count;
    layout_put_chunk(writer->chunk, &head, frame);
    writer->head.totals.event_count += count;
    writer->head.chunk_count++;
    return write_all(writer, writer->chunk, CHUNK_HEAD_BYTES + frame_bytes);
}

static bool make_compressor(struct trace_writer *writer)
{
    writer->workspace_bytes = ZSTD_estimateCCtxSize(LEVEL);
    writer->workspace = pages_map(writer->workspace_bytes);
    if (writer->workspace == NULL) return false;
    writer->compressor = ZSTD_initStaticCCtx(writer->workspace, writer->workspace_bytes);
    assert(writer->compressor != NULL);
    /* In a static workspace parameters begin as zero, not as their defaults. */
    ZSTD_CCtx_reset(writer->compressor, ZSTD_reset_session_and_parameters);
    ZSTD_CCtx_setParameter(writer->compressor, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(writer->compressor, ZSTD_c_checksumFlag, 1);
    return true;
}

/* What a rename would replace: /dev/null, say, or a link to another's file. */
static bool may_replace(const char *path, struct error *error)
{
    struct stat status;
    if (lstat(path, &status) != 0 || S_ISREG(status.st_mode)) return true;
    return error_set(error, "%s: is there and no plain file: give another name", path);
}

static bool start(struct trace_writer *writer, struct error *error)
{
    snprintf(writer->new_path, sizeof writer->new_path, "%s.new", writer->path);
    writer->file = open(writer->new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (writer->file < 0) {
        return error_set(error, "%s: cannot be made: %s", writer->new_path, strerror(errno));
    }
    writer->is_there = true;
    if (!make_compressor(writer)) return error_set(error, "no memory to write %s", writer->path);
    writer->trace.flush = write_chunk;
    writer->trace.sink = writer;
    if (write_head(writer)) return true;
    *error = writer->error;
    return false;
}

struct trace_writer *trace_writer_open(const char *path, const char *about, struct error *error)
{
    if (strlen(path) >= PATH_MAX) {
        error_set(error, "%.100s...: the name is too long", path);
        return NULL;
    }
    if (!may_replace(path, error)) return NULL;
    struct trace_writer *writer = pages_map(sizeof *writer);
    if (writer == NULL) {
        error_set(error, "no memory to write %s", path);
        return NULL;
    }
    strcpy(writer->path, path);
    size_t about_bytes = about_clean(writer->about, about);
    writer->head = (struct file_head){
        .version = TRACE_VERSION, .head_bytes = HEAD_BYTES, .about_bytes = (uint32_t)about_bytes};
    writer->encoder.thread_count = 1;
    trace_open(&writer->trace);
    writer->file = -1;
    if (about_check(writer->about, about_bytes, error) && start(writer, error)) return writer;
    trace_writer_discard(writer);
    return NULL;
}

struct trace *trace_writer_trace(struct trace_writer *writer)
{
    return &writer->trace;
}

void trace_writer_amend(struct trace_writer *writer, const char *about)
{
    size_t about_bytes = about_clean(writer->about, about);
    assert(about_bytes == writer->head.about_bytes);
}

static void fill_totals(struct trace_writer *writer)
{
    const struct trace *trace = &writer->trace;
    struct trace_totals *totals = &writer->head.totals;
    writer->head.is_complete = true;
    totals->operation_count = trace->operation_count;
    totals->allocated_bytes = trace->allocated_bytes;
    totals->peak_live_bytes = trace->peak_live_bytes;
    totals->final_live_bytes = trace->live_bytes;
    totals->slot_count = trace->slot_count;
    totals->thread_count = writer->encoder.thread_count;
    totals->touches_blocks = trace->touches_blocks;
}

static bool complete(struct trace_writer *writer)
{
    trace_flush(&writer->trace);
    if (writer->trace.is_full) return false;
    fill_totals(writer);
    if (!write_head(writer)) return false;
    bool is_closed = close(writer->file) == 0; /* where a full disk may show last */
    writer->file = -1;
    if (is_closed && rename(writer->new_path, writer->path) == 0) return true;
    return error_set(&writer->error, "%s: %s", writer->path, strerror(errno));
}

static void give_back(struct trace_writer *writer)
{
    encoder_close(&writer->encoder);
    trace_close(&writer->trace);
    if (writer->workspace != NULL) pages_unmap(writer->workspace, writer->workspace_bytes);
    pages_unmap(writer, sizeof *writer);
}

bool trace_writer_close(struct trace_writer *writer, struct error *error)
{
    if (complete(writer)) {
        give_back(writer);
        return true;
    }
    if (*writer->error.text != 0) *error = writer->error;
    else error_set(error, "no memory to write %s", writer->path);
    trace_writer_discard(writer);
    return false;
}

void trace_writer_discard(struct trace_writer *writer)
{
    if (writer->file >= 0) close(writer->file);
    if (writer->is_there) unlink(writer->new_path);
    give_back(writer);
}
