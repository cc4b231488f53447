/* The text in a trace's file can be shown on any terminal. */
#include "../workloads/traces/about.h"
#include "trace_file_test.h"

static void assert_about(const char *given, const char *kept)
{
    struct error error;
    struct trace_writer *writer = trace_writer_open(test_path, given, &error);
    assert_true(writer != NULL && trace_writer_close(writer, &error));
    struct trace_reader *reader = trace_reader_open(test_path, &error);
    assert_non_null(reader);
    assert_string_equal(trace_reader_about(reader), kept);
    trace_reader_close(reader);
}

static void what_is_no_utf_8_or_would_move_the_cursor_becomes_a_question_mark(void **state)
{
    (void)state;
    assert_about("a: b\nc: \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80",
                 "a: b\nc: \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80\n");
    assert_about("a: \xE0\x82\xA1\xF0\x82\x82\xAC", "a: ???????\n"); /* overlong */
    assert_about("a: \xE4\x1B\x7F\xC0\xAF\xED\xA0\x80\xC2\x9B", "a: ??????????\n");
}

static void what_is_too_long_is_cut_off(void **state)
{
    (void)state;
    char given[2 * TRACE_ABOUT_MAXIMUM] = "a: ", kept[TRACE_ABOUT_MAXIMUM] = "a: ";
    memset(given + 3, 'x', sizeof given - 4);
    memset(kept + 3, 'x', sizeof kept - 5);
    kept[sizeof kept - 2] = '\n';
    assert_about(given, kept);
}

static void a_line_that_is_cut_within_its_name_is_left_out(void **state)
{
    (void)state;
    char given[2 * TRACE_ABOUT_MAXIMUM] = "a: ", kept[TRACE_ABOUT_MAXIMUM] = "a: ";
    /* Of the second line there is room for all of `name:`, of `nam`, … of nothing. */
    for (size_t length = TRACE_ABOUT_MAXIMUM - 8; length < TRACE_ABOUT_MAXIMUM - 1; length++) {
        memset(given + 3, 'x', length - 3);
        strcpy(given + length, "\nname: value\n");
        memcpy(kept, given, length + 1);
        kept[length + 1] = 0;
        assert_about(given, kept);
    }
}

/* A line's own text, and nothing of the next one's. */
static void a_number_is_what_a_value_begins_with(void **state)
{
    (void)state;
    const char *about = "a: 17 ns\nb: -5\nc: \n9: x\nd: +3\ne: 99999999999999999999\nf: x1\n";
    assert_int_equal(about_number(about, "a"), 17);
    assert_int_equal(about_number(about, "b"), 0);
    assert_int_equal(about_number(about, "c"), 0);
    assert_int_equal(about_number(about, "9"), 0);
    assert_int_equal(about_number(about, "d"), 0);
    assert_true(about_number(about, "e") == UINT64_MAX);
    assert_int_equal(about_number(about, "f"), 0);
    assert_int_equal(about_number(about, "g"), 0);
}

static void lines_without_a_name_are_refused(void **state)
{
    (void)state;
    struct error error;
    assert_null(trace_writer_open(test_path, "a: b\nno colon\n", &error));
    assert_non_null(strstr(error.text, "line 2 of its text"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_utf_8_or_would_move_the_cursor_becomes_a_question_mark),
        cmocka_unit_test(what_is_too_long_is_cut_off),
        cmocka_unit_test(a_line_that_is_cut_within_its_name_is_left_out),
        cmocka_unit_test(a_number_is_what_a_value_begins_with),
        cmocka_unit_test(lines_without_a_name_are_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
