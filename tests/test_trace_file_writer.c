/* The writer leaves a whole file or none, and says why. */
#include "trace_file_test.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct trace_writer *open_writer(const char *path)
{
    struct error error;
    struct trace_writer *writer = trace_writer_open(path, "source: a test\n", &error);
    if (writer == NULL) fail_msg("%s", error.text);
    return writer;
}

/* Where the file is before it is whole. */
static const char *new_path(void)
{
    static char path[sizeof test_path + 4];
    snprintf(path, sizeof path, "%s.new", test_path);
    return path;
}

static void assert_not_opened(const char *path, const char *reason)
{
    struct error error;
    assert_null(trace_writer_open(path, "", &error));
    if (strstr(error.text, reason) == NULL) fail_msg("`%s` is not: %s", error.text, reason);
    assert_non_null(strstr(error.text, path));
}

static void a_discarded_trace_leaves_the_file_that_was_there(void **state)
{
    (void)state;
    struct file_bytes before, after;
    write_sample(test_path, 1, 10);
    load(test_path, &before);
    struct trace_writer *writer = open_writer(test_path);
    trace_new(trace_writer_trace(writer), 1);
    trace_flush(trace_writer_trace(writer));
    trace_writer_discard(writer);
    load(test_path, &after);
    assert_int_equal(before.count, after.count);
    assert_memory_equal(before.bytes, after.bytes, before.count);
}

static void an_unfinished_file_is_refused_by_the_reader(void **state)
{
    (void)state;
    struct trace_writer *writer = open_writer(test_path);
    trace_new(trace_writer_trace(writer), 1);
    trace_flush(trace_writer_trace(writer));
    assert_refused(new_path(), "the recording was not finished");
    trace_writer_discard(writer);
}

static void a_full_disk_is_one_clear_line_and_leaves_nothing(void **state)
{
    (void)state;
    struct error error;
    struct random random;
    struct rlimit unlimited, limit;
    unlink(test_path);
    struct trace_writer *writer = open_writer(test_path);
    struct trace *trace = trace_writer_trace(writer);
    trace->touches_blocks = true;
    random_seed(&random, 1);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &unlimited);
    limit = unlimited;
    limit.rlim_cur = 4096;
    setrlimit(RLIMIT_FSIZE, &limit);
    append_random(trace, &random, 3 * TRACE_FLUSH_EVENTS);
    setrlimit(RLIMIT_FSIZE, &unlimited);
    assert_true(trace->is_full);
    assert_false(trace_writer_close(writer, &error));
    assert_non_null(strstr(error.text, "x.hbt: byte 4096 cannot be written: File too large"));
    assert_int_equal(access(test_path, F_OK), -1);
}

static void what_must_not_be_replaced_is_refused(void **state)
{
    (void)state;
    assert_not_opened("/dev/null", "no plain file");
    assert_not_opened(test_folder, "no plain file");
    assert_not_opened("/proc/x.hbt", "cannot be made");
    assert_not_opened("/nowhere/x.hbt", "cannot be made: No such file");
}

static void give_wrong_slot(struct trace *trace)
{
    trace->events[0].slot = 1;
}

static void give_wrong_old_size(struct trace *trace)
{
    trace->events[1].old_size = 41;
}

static void give_unknown_mark(struct trace *trace)
{
    trace->events[2].old_size = MARK_COUNT;
}

/* Ends by the assertion's abort. */
static bool is_asserted(void (*spoil)(struct trace *))
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0, 0};
        struct trace *trace = trace_writer_trace(open_writer(test_path));
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL);
        fclose(stderr);
        trace_new(trace, 40);
        trace_resize(trace, 0, 80);
        trace_mark(trace, MARK_PHASE, 1);
        spoil(trace);
        trace_flush(trace);
        _exit(0);
    }
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void nothing(struct trace *trace)
{
    (void)trace;
}

static void events_that_break_the_rule_of_slots_are_asserted(void **state)
{
    (void)state;
    assert_false(is_asserted(nothing));
    assert_true(is_asserted(give_wrong_slot));
    assert_true(is_asserted(give_wrong_old_size));
    assert_true(is_asserted(give_unknown_mark));
    unlink(new_path());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_discarded_trace_leaves_the_file_that_was_there),
        cmocka_unit_test(nothing_but_the_trace_is_left),
        cmocka_unit_test(an_unfinished_file_is_refused_by_the_reader),
        cmocka_unit_test(a_full_disk_is_one_clear_line_and_leaves_nothing),
        cmocka_unit_test(nothing_but_the_trace_is_left),
        cmocka_unit_test(what_must_not_be_replaced_is_refused),
        cmocka_unit_test(events_that_break_the_rule_of_slots_are_asserted),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
