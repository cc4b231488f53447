/* A libFuzzer target: bytes as a trace's file, and as the columns of one chunk.
 *
 * The first byte says how the rest is taken: as a file; as a file whose checksums and length are
 * put right first, so that what lies behind them is reached; as columns, which no checksum guards.
 * What the reader accepts must be what a writer could have written: it is encoded again, where
 * every rule is asserted, and decoded to the same events. HEAPBENCH_FUZZ_SEEDS names a folder to
 * which inputs to begin with are written.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../workloads/traces/columns.h"
#include "../../workloads/traces/reader.h"
#include "../../workloads/traces/writer.h"

enum { AS_FILE, AS_REPAIRED_FILE, AS_COLUMNS, WAY_COUNT };
enum { INPUT_MAXIMUM = 1 << 16 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t count);

static struct encoder encoder;
static struct decoder decoder, again;
static struct trace_event events[INPUT_MAXIMUM], events_again[INPUT_MAXIMUM];

static void encode_and_decode(uint32_t count, bool is_whole)
{
    struct error error;
    encoder_close(&encoder);
    memset(&encoder.last, 0, sizeof encoder.last);
    encoder.thread_count = 1;
    size_t raw_bytes = encoder_encode(&encoder, events, count);
    decoder_open(&again, true);
    uint32_t sound = decoder_decode(&again, encoder.raw, raw_bytes, count, events_again, &error);
    assert(sound == count);
    assert(memcmp(events, events_again, count * sizeof *events) == 0);
    assert(encoder.thread_count == again.seen.thread_count);
    assert(!is_whole || memcmp(&decoder.seen, &again.seen, sizeof again.seen) == 0);
}

/* The number of events comes first. The copy ends where a read beyond the margin is seen. */
static void read_columns(const uint8_t *bytes, size_t count)
{
    struct error error = {""};
    uint16_t event_count;
    if (count < sizeof event_count) return;
    memcpy(&event_count, bytes, sizeof event_count);
    if (event_count == 0) return; /* no chunk is empty */
    count -= sizeof event_count;
    uint8_t *raw = calloc(1, count + COLUMNS_MARGIN);
    memcpy(raw, bytes + sizeof event_count, count);
    decoder_open(&decoder, true);
    uint32_t sound = decoder_decode(&decoder, raw, count, event_count, events, &error);
    assert((sound < event_count) == (*error.text != 0));
    if (sound > 0) encode_and_decode(sound, sound == event_count);
    free(raw);
}

static void repair(uint8_t *bytes, size_t count)
{
    if (count < HEAD_BYTES) return;
    struct file_head head = layout_head(bytes);
    head.about_bytes %= 64;
    head.totals.file_bytes = count;
    head.is_complete = true;
    size_t offset = HEAD_BYTES + (size_t)head.about_bytes;
    if (offset > count) return;
    layout_put_head(bytes, &head, bytes + HEAD_BYTES);
    while (count - offset >= CHUNK_HEAD_BYTES) {
        struct chunk_head chunk = layout_chunk(bytes + offset);
        uint8_t *frame = bytes + offset + CHUNK_HEAD_BYTES;
        size_t room = count - offset - CHUNK_HEAD_BYTES;
        if (chunk.frame_bytes > room) return;
        layout_put_chunk(bytes + offset, &chunk, frame);
        offset += CHUNK_HEAD_BYTES + (size_t)chunk.frame_bytes;
    }
}

static void read_file(const uint8_t *bytes, size_t count)
{
    char path[64];
    struct error error = {""};
    const struct trace_event *read;
    int file = memfd_create("trace", MFD_CLOEXEC);
    assert(file >= 0 && write(file, bytes, count) == (ssize_t)count);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    struct trace_reader *reader = trace_reader_open(path, &error);
    assert((reader == NULL) == (*error.text != 0));
    while (reader && trace_reader_next(reader, &read, &error) > 0) continue;
    trace_reader_close(reader);
    close(file);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t count)
{
    static uint8_t repaired[INPUT_MAXIMUM];
    if (count == 0 || count > INPUT_MAXIMUM) return 0;
    memcpy(repaired, bytes + 1, --count);
    switch (bytes[0] % WAY_COUNT) {
    case AS_COLUMNS: read_columns(bytes + 1, count); break;
    case AS_REPAIRED_FILE: repair(repaired, count); /* fall through */
    default: read_file(repaired, count);
    }
    return 0;
}

static void save_seed(const char *folder, unsigned way, const void *bytes, size_t count)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/seed-%u", folder, way);
    FILE *file = fopen(path, "wb");
    assert(file != NULL && fputc((int)way, file) == (int)way);
    assert(fwrite(bytes, 1, count, file) == count && fclose(file) == 0);
}

static void append_seed(struct trace *trace)
{
    trace->touches_blocks = true;
    trace_mark(trace, MARK_STATE, 1);
    for (uint32_t i = 0; i < 40; i++) trace_new(trace, 8 + i * i * 100);
    for (uint32_t i = 0; i < 40; i += 3) trace_free(trace, i);
    trace_mark(trace, MARK_THREAD, 1);
    for (uint32_t i = 1; i < 40; i += 3) trace_resize(trace, i, 100000 * i);
    trace_query(trace);
    for (uint32_t i = 2; i < 40; i += 3) trace_visit(trace, i);
    trace_mark(trace, MARK_ALIGNMENT, 6);
    trace_new(trace, 1 << 30);
}

static void save_seeds(const char *folder)
{
    struct error error;
    char path[4096];
    uint8_t bytes[INPUT_MAXIMUM];
    snprintf(path, sizeof path, "%s/seed.hbt", folder);
    struct trace_writer *writer = trace_writer_open(path, "source: a fuzzer\n", &error);
    assert(writer != NULL);
    struct trace *trace = trace_writer_trace(writer);
    append_seed(trace);
    uint16_t event_count = (uint16_t)trace->event_count;
    size_t raw_bytes = encoder_encode(&encoder, trace->events, event_count);
    memcpy(bytes, &event_count, sizeof event_count);
    memcpy(bytes + sizeof event_count, encoder.raw, raw_bytes);
    save_seed(folder, AS_COLUMNS, bytes, sizeof event_count + raw_bytes);
    assert(trace_writer_close(writer, &error));
    FILE *file = fopen(path, "rb");
    size_t count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    unlink(path);
    save_seed(folder, AS_FILE, bytes, count);
    save_seed(folder, AS_REPAIRED_FILE, bytes, count);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    const char *folder = getenv("HEAPBENCH_FUZZ_SEEDS");
    if (folder) save_seeds(folder);
    return 0;
}
