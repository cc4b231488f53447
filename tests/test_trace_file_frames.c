/* Files whose checksums are all right, and which are wrong below them: in a chunk's frame, its
 * events, its slots. */
#include "trace_file_test.h"

#include <zstd.h>

struct columns {
    uint32_t event_count;
    size_t byte_count;
    uint8_t bytes[16];
};

static const struct columns one_block = {2, 4, {EVENT_NEW, EVENT_FREE, 40, 0}};
static const struct columns two_blocks = {2, 4, {EVENT_NEW, EVENT_NEW, 40, 40}};
static const struct columns bad_free = {2, 4, {EVENT_NEW, EVENT_FREE, 40, 2}};

/* One chunk of these columns, and no text. */
static void store_file_of(const struct columns *columns, uint32_t said_slots)
{
    struct file_bytes file = {0};
    struct chunk_head chunk = {.event_count = columns->event_count,
                               .raw_bytes = (uint32_t)columns->byte_count};
    struct file_head head = {TRACE_VERSION, HEAD_BYTES, 0, 1, true, {0}};
    uint8_t *frame = file.bytes + HEAD_BYTES + CHUNK_HEAD_BYTES;
    chunk.frame_bytes =
        (uint32_t)ZSTD_compress(frame, 1000, columns->bytes, columns->byte_count, 3);
    layout_put_chunk(file.bytes + HEAD_BYTES, &chunk, frame);
    head.totals = (struct trace_totals){.event_count = columns->event_count,
                                        .operation_count = columns->event_count,
                                        .slot_count = said_slots,
                                        .thread_count = 1};
    file.count = HEAD_BYTES + CHUNK_HEAD_BYTES + chunk.frame_bytes;
    head.totals.file_bytes = file.count;
    layout_put_head(file.bytes, &head, file.bytes);
    store(test_path, &file);
}

static void the_error_names_byte_event_reason_and_advice(void **state)
{
    (void)state;
    store_file_of(&bad_free, 1);
    assert_refused(test_path, ": byte 96, event 1: frees slot 1, which is not alive: "
                              "the file is damaged or was not written by heapbench");
}

static void slots_beyond_those_of_the_head_are_refused_at_once(void **state)
{
    (void)state;
    store_file_of(&two_blocks, 1);
    assert_refused(test_path, "more slots than its head says");
    store_file_of(&two_blocks, 2);
    assert_refused(test_path, "its head says 0 bytes allocated, its events 80");
}

static void put_frame(struct file_bytes *file, const void *bytes, size_t count)
{
    struct file_head head = layout_head(file->bytes);
    struct chunk_head chunk = layout_chunk(file->bytes + HEAD_BYTES);
    uint8_t *frame = file->bytes + HEAD_BYTES + CHUNK_HEAD_BYTES;
    memmove(frame, bytes, count);
    chunk.frame_bytes = (uint32_t)count;
    layout_put_chunk(file->bytes + HEAD_BYTES, &chunk, frame);
    file->count = head.totals.file_bytes = HEAD_BYTES + CHUNK_HEAD_BYTES + count;
    layout_put_head(file->bytes, &head, file->bytes);
    store(test_path, file);
}

/* Zstandard packs equal bytes into a few: the chunk's length must hold all the same. */
static void a_frame_that_unpacks_to_more_than_its_chunk_says_is_refused(void **state)
{
    (void)state;
    struct file_bytes file;
    static uint8_t zeros[4 * CHUNK_RAW_MAXIMUM], frame[10000];
    size_t frame_bytes = ZSTD_compress(frame, sizeof frame, zeros, sizeof zeros, 3);
    store_file_of(&one_block, 1);
    load(test_path, &file);
    put_frame(&file, frame, frame_bytes);
    assert_refused(test_path, "the frame of a chunk");
}

static void a_second_frame_behind_that_of_a_chunk_is_refused(void **state)
{
    (void)state;
    static const uint8_t skippable[] = {0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0};
    struct file_bytes file;
    uint8_t frames[100];
    store_file_of(&one_block, 1);
    load(test_path, &file);
    size_t count = file.count - HEAD_BYTES - CHUNK_HEAD_BYTES;
    memcpy(frames, file.bytes + HEAD_BYTES + CHUNK_HEAD_BYTES, count);
    memcpy(frames + count, skippable, sizeof skippable);
    put_frame(&file, frames, count + sizeof skippable);
    assert_refused(test_path, "the frame of a chunk");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_error_names_byte_event_reason_and_advice),
        cmocka_unit_test(slots_beyond_those_of_the_head_are_refused_at_once),
        cmocka_unit_test(a_frame_that_unpacks_to_more_than_its_chunk_says_is_refused),
        cmocka_unit_test(a_second_frame_behind_that_of_a_chunk_is_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
