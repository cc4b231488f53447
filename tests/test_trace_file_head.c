/* What a file's head gives away is said as it is: another version, an unfinished recording, another
 * kind of file, totals that cannot be. */
#include "trace_damage_test.h"

#include <sys/stat.h>

static void another_version_says_which_are_read(void **state)
{
    (void)state;
    struct file_head head = layout_head(whole.bytes);
    broken = whole;
    head.version = 2;
    put_head(&broken, head);
    assert_broken_refused("version 2; this heapbench reads 1");
}

static void an_unfinished_recording_is_named_as_such(void **state)
{
    (void)state;
    struct file_head head = layout_head(whole.bytes);
    broken = whole;
    head.is_complete = false;
    put_head(&broken, head);
    assert_broken_refused("the recording was not finished");
}

static void a_copy_with_changed_line_ends_is_named_as_such(void **state)
{
    (void)state;
    broken = whole;
    memmove(broken.bytes + 4, broken.bytes + 5, --broken.count - 4); /* \r\n to \n */
    assert_broken_refused("line ends were changed");
}

/* Each of the head's totals, one too many. */
static void totals_that_are_not_those_of_the_events_are_refused(void **state)
{
    (void)state;
    const struct file_head head = layout_head(whole.bytes);
    for (unsigned i = 0; i < 8; i++) {
        struct file_head forged = head;
        struct trace_totals *totals = &forged.totals;
        uint64_t *const wide[] = {&totals->event_count, &totals->operation_count,
                                  &totals->allocated_bytes, &totals->peak_live_bytes,
                                  &totals->final_live_bytes};
        uint32_t *const narrow[] = {&totals->slot_count, &totals->thread_count,
                                    &forged.chunk_count};
        if (i < 5) ++*wide[i];
        else ++*narrow[i - 5];
        broken = whole;
        put_head(&broken, forged);
        assert_broken_refused(i == 0 ? "events" : "its head says ");
    }
}

static void fewer_events_than_its_chunks_have_are_refused(void **state)
{
    (void)state;
    struct file_head head = layout_head(whole.bytes);
    broken = whole;
    head.totals.event_count--;
    put_head(&broken, head);
    assert_broken_refused("lengths of a chunk");
}

static void text_that_moves_the_cursor_is_refused(void **state)
{
    (void)state;
    broken = whole;
    broken.bytes[HEAD_BYTES + 10] = 0x1B;
    put_head(&broken, layout_head(whole.bytes));
    assert_broken_refused("byte 10 of its text is no UTF-8");
}

static void totals_that_no_file_of_this_length_can_have_are_refused_at_once(void **state)
{
    (void)state;
    struct file_head head = layout_head(whole.bytes);
    broken = whole;
    head.totals.slot_count = UINT32_MAX / 2;
    put_head(&broken, head);
    assert_broken_refused("event 0: its head's totals cannot be");
}

static void what_is_no_plain_file_is_refused_without_waiting(void **state)
{
    (void)state;
    assert_refused(test_folder, "is a folder");
    assert_refused("/dev/zero", "is no plain file");
    unlink(test_path);
    assert_refused(test_path, "No such file");
    assert_int_equal(mkfifo(test_path, 0600), 0);
    assert_refused(test_path, "is no plain file");
    unlink(test_path);
    assert_refused("/proc/self/exe", "is not a trace");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_version_says_which_are_read),
        cmocka_unit_test(an_unfinished_recording_is_named_as_such),
        cmocka_unit_test(a_copy_with_changed_line_ends_is_named_as_such),
        cmocka_unit_test(totals_that_are_not_those_of_the_events_are_refused),
        cmocka_unit_test(fewer_events_than_its_chunks_have_are_refused),
        cmocka_unit_test(text_that_moves_the_cursor_is_refused),
        cmocka_unit_test(totals_that_no_file_of_this_length_can_have_are_refused_at_once),
        cmocka_unit_test(what_is_no_plain_file_is_refused_without_waiting),
    };
    return cmocka_run_group_tests(tests, write_whole, remove_folder);
}
