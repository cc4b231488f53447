/* What is written into a trace's file is what is read from it, in little memory. */
#include "trace_file_test.h"

#include <sys/resource.h>

#ifdef __SANITIZE_ADDRESS__
enum { RUNS_SANITIZED = true }; /* its own memory knows no limit */
#else
enum { RUNS_SANITIZED = false };
#endif

/* The same events, made in memory. */
static struct trace sample_in_memory(size_t events)
{
    struct trace trace;
    struct random random;
    trace_open(&trace);
    trace.touches_blocks = true;
    random_seed(&random, 7);
    append_random(&trace, &random, events);
    trace_mark(&trace, MARK_THREAD, 0); /* as write_sample does */
    return trace;
}

static size_t compare(struct trace_reader *reader, const struct trace *expected)
{
    const struct trace_event *events;
    struct error error;
    size_t all = 0;
    for (size_t count; (count = trace_reader_next(reader, &events, &error)) > 0; all += count) {
        assert_true(all + count <= expected->event_count);
        assert_memory_equal(events, expected->events + all, count * sizeof *events);
    }
    assert_string_equal(error.text, "");
    return all;
}

static void what_was_written_is_read_twice_and_totals_are_those_of_the_trace(void **state)
{
    (void)state;
    enum { EVENTS = 3 * TRACE_FLUSH_EVENTS + 1000 };
    struct error error;
    struct trace expected = sample_in_memory(EVENTS);
    write_sample(test_path, 1, EVENTS);
    struct trace_reader *reader = trace_reader_open(test_path, &error);
    assert_non_null(reader);
    const struct trace_totals *totals = trace_reader_totals(reader);
    assert_int_equal(compare(reader, &expected), expected.event_count);
    trace_reader_rewind(reader);
    assert_int_equal(compare(reader, &expected), expected.event_count);
    assert_int_equal(totals->event_count, expected.event_count);
    assert_int_equal(totals->operation_count, expected.operation_count);
    assert_int_equal(totals->allocated_bytes, expected.allocated_bytes);
    assert_int_equal(totals->peak_live_bytes, expected.peak_live_bytes);
    assert_int_equal(totals->final_live_bytes, expected.live_bytes);
    assert_int_not_equal(totals->final_live_bytes, 0);
    assert_int_equal(totals->slot_count, expected.slot_count);
    assert_int_equal(totals->thread_count, 1);
    assert_true(totals->touches_blocks);
    assert_string_equal(trace_reader_about(reader), "source: a test\n");
    trace_reader_close(reader);
    trace_close(&expected);
}

static void a_trace_without_events_is_one(void **state)
{
    (void)state;
    struct error error;
    struct trace_writer *writer = trace_writer_open(test_path, "", &error);
    assert_true(trace_writer_close(writer, &error));
    assert_int_equal(read_file(test_path, &error), 0);
    assert_string_equal(error.text, "");
}

static void every_mark_with_its_largest_argument_is_kept(void **state)
{
    (void)state;
    static const uint32_t largest[MARK_COUNT] = {
        [MARK_STATE] = 1,          [MARK_THREAD] = TRACE_THREAD_MAXIMUM,
        [MARK_PHASE] = UINT32_MAX, [MARK_FRAME] = UINT32_MAX,
        [MARK_COLLECTION] = 4,     [MARK_ALIGNMENT] = TRACE_ALIGNMENT_MAXIMUM};
    struct error error;
    const struct trace_event *events;
    struct trace_writer *writer = trace_writer_open(test_path, "", &error);
    struct trace *trace = trace_writer_trace(writer);
    for (uint32_t mark = 1; mark < MARK_COUNT; mark++) trace_mark(trace, mark, largest[mark]);
    assert_true(trace_writer_close(writer, &error));
    struct trace_reader *reader = trace_reader_open(test_path, &error);
    assert_int_equal(trace_reader_next(reader, &events, &error), MARK_COUNT - 1);
    for (uint32_t mark = 1; mark < MARK_COUNT; mark++, events++) {
        assert_true(events->slot == TRACE_MARK && events->old_size == mark);
        assert_int_equal(events->new_size, largest[mark]);
    }
    assert_int_equal(trace_reader_totals(reader)->thread_count, TRACE_THREAD_MAXIMUM + 1);
    assert_int_equal(trace_reader_totals(reader)->operation_count, 0);
    trace_reader_close(reader);
}

static size_t mapped_bytes(void)
{
    unsigned long pages;
    FILE *statm = fopen("/proc/self/statm", "r");
    assert_int_equal(fscanf(statm, "%lu", &pages), 1);
    fclose(statm);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Address space beyond what is mapped now. */
static void allow_only(size_t bytes, struct rlimit *before)
{
    getrlimit(RLIMIT_AS, before);
    struct rlimit limit = *before;
    limit.rlim_cur = mapped_bytes() + bytes;
    setrlimit(RLIMIT_AS, &limit);
}

/* Tables double, so up to twice the slots, and once more for those that a chunk may add. */
static void reading_takes_no_more_than_its_window_and_its_slots(void **state)
{
    (void)state;
    enum { BLOCKS = 1 << 20, WINDOW = 4 << 20 };
    struct error error;
    struct rlimit before;
    struct trace_writer *writer = trace_writer_open(test_path, "", &error);
    for (unsigned i = 0; i < BLOCKS; i++) trace_new(trace_writer_trace(writer), 24);
    assert_true(trace_writer_close(writer, &error));
    if (RUNS_SANITIZED) skip();
    allow_only(WINDOW + 3 * 8 * BLOCKS, &before);
    size_t count = read_file(test_path, &error);
    setrlimit(RLIMIT_AS, &before);
    assert_string_equal(error.text, "");
    assert_int_equal(count, BLOCKS);
}

static void memory_that_is_refused_is_one_clear_line(void **state)
{
    (void)state;
    struct rlimit before;
    struct error error;
    if (RUNS_SANITIZED) skip();
    allow_only(16 << 10, &before);
    size_t count = read_file(test_path, &error);
    setrlimit(RLIMIT_AS, &before);
    assert_int_equal(count, 0);
    assert_non_null(strstr(error.text, "x.hbt: no memory to read it"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_twice_and_totals_are_those_of_the_trace),
        cmocka_unit_test(a_trace_without_events_is_one),
        cmocka_unit_test(every_mark_with_its_largest_argument_is_kept),
        cmocka_unit_test(reading_takes_no_more_than_its_window_and_its_slots),
        cmocka_unit_test(memory_that_is_refused_is_one_clear_line),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
