/* From addresses to slots: what a trace says of calls that were seen, and of others. */
#include "heap_test.h"

#include <stdlib.h>

#include "../recorder/convert.h"
#include "../workloads/traces/writer.h"

static struct trace trace;
static struct conversion conversion;

static int begin(void **state)
{
    (void)state;
    trace_open(&trace);
    conversion = (struct conversion){.trace = &trace};
    return 0;
}

static int end(void **state)
{
    (void)state;
    conversion_close(&conversion);
    trace_close(&trace);
    return 0;
}

static void add(enum raw_kind kind, uint64_t old_address, uint64_t new_address, uint64_t bytes)
{
    struct raw_event event = {
        .old_address = old_address, .new_address = new_address, .new_size = bytes};
    event.kind = (uint8_t)(kind + 1);
    assert_true(conversion_add(&conversion, &event));
}

/* Of the event at that place from the end, 0 the last. */
static void is_event(size_t from_end, uint32_t slot, uint32_t old_size, uint32_t new_size)
{
    assert_true(trace.event_count > from_end);
    const struct trace_event *event = &trace.events[trace.event_count - 1 - from_end];
    assert_int_equal(event->slot, slot);
    assert_int_equal(event->old_size, old_size);
    assert_int_equal(event->new_size, new_size);
}

static void a_block_keeps_its_slot_wherever_it_moves(void **state)
{
    (void)state;
    add(RAW_NEW, 0, 0x1000, 10);
    add(RAW_NEW, 0, 0x2000, 20);
    add(RAW_RESIZE, 0x1000, 0x7ff000000008, 30);
    is_event(0, 0, 10, 30);
    add(RAW_RESIZE, 0x7ff000000008, 0x7ff000000008, 5);
    is_event(0, 0, 30, 5);
    add(RAW_NEW, 0, 0x1000, 7);
    is_event(0, 2, 0, 7);
    add(RAW_FREE, 0x7ff000000008, 0, 0);
    is_event(0, 0, 5, 0);
    assert_int_equal(trace.live_bytes, 27);
    assert_int_equal(conversion.losses.unknown_blocks + conversion.losses.unseen_frees, 0);
}

static void what_was_never_seen_is_counted_and_put_right(void **state)
{
    (void)state;
    add(RAW_FREE, 0x3000, 0, 0);
    assert_int_equal(trace.event_count, 0);
    add(RAW_RESIZE, 0x3000, 0x4000, 12); /* becomes a new one */
    is_event(0, 0, 0, 12);
    assert_int_equal(conversion.losses.unknown_blocks, 2);
    add(RAW_NEW, 0, 0x4000, 13); /* what was there has been freed unseen */
    is_event(1, 0, 12, 0);
    is_event(0, 0, 0, 13);
    add(RAW_NEW, 0, 0x5000, 14);
    add(RAW_RESIZE, 0x5000, 0x4000, 15);
    is_event(1, 0, 13, 0);
    is_event(0, 1, 14, 15);
    assert_int_equal(conversion.losses.unseen_frees, 2);
    assert_int_equal(trace.live_bytes, 15);
}

static void blocks_of_4_gib_are_left_out_and_come_back_when_they_shrink(void **state)
{
    (void)state;
    add(RAW_NEW, 0, 0x1000, 1ull << 32);
    add(RAW_RESIZE, 0x1000, 0x2000, 1ull << 33);
    assert_int_equal(trace.event_count, 0);
    add(RAW_RESIZE, 0x2000, 0x3000, 100);
    is_event(0, 0, 0, 100);
    add(RAW_RESIZE, 0x3000, 0x4000, 1ull << 34);
    is_event(0, 0, 100, 0);
    add(RAW_FREE, 0x4000, 0, 0);
    assert_int_equal(conversion.losses.oversized_calls, 3);
    assert_int_equal(conversion.losses.unknown_blocks + conversion.losses.unseen_frees, 0);
    assert_int_equal(trace.live_bytes, 0);
}

static void a_block_of_no_bytes_has_one(void **state)
{
    (void)state;
    add(RAW_NEW, 0, 0x1000, 0);
    is_event(0, 0, 0, 1);
    add(RAW_RESIZE, 0x1000, 0x1000, 0);
    is_event(0, 0, 1, 1);
}

static void threads_alignments_and_marks_stand_before_their_calls(void **state)
{
    (void)state;
    struct raw_event event = {.new_address = 0x1000, .new_size = 64, .thread = 3, .alignment = 6};
    event.kind = RAW_NEW + 1;
    assert_true(conversion_add(&conversion, &event));
    is_event(2, TRACE_MARK, MARK_THREAD, 3);
    is_event(1, TRACE_MARK, MARK_ALIGNMENT, 6);
    is_event(0, 0, 0, 64);
    event = (struct raw_event){.new_address = 0x2000, .new_size = 64, .thread = 3, .alignment = 4};
    event.kind = RAW_NEW + 1;
    assert_true(conversion_add(&conversion, &event));
    is_event(1, 0, 0, 64); /* 16 bytes are what every block has */
    add(RAW_COLLECT, 0, 0, 2);
    is_event(1, TRACE_MARK, MARK_THREAD, 0);
    is_event(0, TRACE_MARK, MARK_COLLECTION, 2);
    add(RAW_QUERY, 0, 0, 0);
    is_event(0, 2, 0, 0);
    assert_int_equal(trace.operation_count + conversion.mark_count, trace.event_count);
}

static void what_a_trace_cannot_tell_apart_is_its_greatest(void **state)
{
    (void)state;
    struct raw_event event = {.new_address = 0x1000, .new_size = 9, .thread = 1 << 16};
    event.alignment = TRACE_ALIGNMENT_MAXIMUM + 3;
    event.kind = RAW_NEW + 1;
    assert_true(conversion_add(&conversion, &event));
    is_event(2, TRACE_MARK, MARK_THREAD, TRACE_THREAD_MAXIMUM);
    is_event(1, TRACE_MARK, MARK_ALIGNMENT, TRACE_ALIGNMENT_MAXIMUM);
}

/* The same calls on a plain array of the blocks' sizes. */
static void random_calls_agree_with_a_plain_model(void **state)
{
    enum { PLACES = 5000, CALLS = 200000 };
    uint32_t *sizes = calloc(PLACES, sizeof *sizes);
    uint64_t live = 0;
    (void)state;
    srandom(1);
    for (int i = 0; i < CALLS; i++) {
        uint64_t place = (uint64_t)random() % PLACES, bytes = 1 + (uint64_t)random() % 999;
        uint64_t address = 0x10000 + place * (place % 2 ? 8 : 70008) * 8;
        if (sizes[place] && i % 2) add(RAW_RESIZE, address, address, bytes);
        else if (sizes[place]) add(RAW_FREE, address, 0, bytes = 0);
        else add(RAW_NEW, 0, address, bytes);
        live += bytes - sizes[place];
        sizes[place] = (uint32_t)bytes;
    }
    assert_int_equal(trace.live_bytes, live);
    assert_int_equal(trace.operation_count, CALLS);
    free(sizes);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_block_keeps_its_slot_wherever_it_moves),
        TEST(what_was_never_seen_is_counted_and_put_right),
        TEST(blocks_of_4_gib_are_left_out_and_come_back_when_they_shrink),
        TEST(a_block_of_no_bytes_has_one),
        TEST(threads_alignments_and_marks_stand_before_their_calls),
        TEST(what_a_trace_cannot_tell_apart_is_its_greatest),
        TEST(random_calls_agree_with_a_plain_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
