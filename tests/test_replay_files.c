/* Traces from files: read whole or decoded while they are replayed, the answer is one; and a file
 * that breaks off in the middle is a wrong answer, never a crash. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../workloads/traces/writer.h"
#include "fake_heap.h"
#include "replay_test.h"

enum { BLOCKS = 5000, STEPS = 200000 };

static char path[] = "/tmp/heapbench-replay-XXXXXX.hbt";

/* Blocks of all sizes, some alive at the end, marks of every kind among them. */
static void write_events(struct trace *trace)
{
    static uint32_t slots[BLOCKS];
    static size_t sizes[BLOCKS];
    struct random random;
    random_seed(&random, 5);
    memset(sizes, 0, sizeof sizes);
    trace->touches_blocks = true;
    for (unsigned i = 0; i < STEPS; i++) {
        size_t at = random_below(&random, BLOCKS), size = 1 + random_below(&random, 200);
        if (i % 1000 == 0) trace_mark(trace, MARK_FRAME, i / 1000);
        if (i % 700 == 0) trace_mark(trace, MARK_THREAD, i / 700 % 3);
        if (sizes[at] == 0) slots[at] = trace_new(trace, size);
        else if (i % 3) trace_resize(trace, slots[at], size);
        else trace_free(trace, slots[at]);
        sizes[at] = sizes[at] != 0 && i % 3 == 0 ? 0 : size;
    }
}

static int write_file(void **state)
{
    struct error error = {""};
    int file = mkstemps(path, 4);
    (void)state;
    assert_true(file >= 0);
    close(file);
    struct trace_writer *writer = trace_writer_open(path, "made: by a test", &error);
    assert_non_null(writer);
    write_events(trace_writer_trace(writer));
    assert_true(trace_writer_close(writer, &error));
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static struct workload of_file(const char *options)
{
    char name[256];
    struct workload workload;
    struct error error = {""};
    snprintf(name, sizeof name, "%s:%s", path, options);
    assert_true(workload_find(name, &workload, &error));
    assert_string_equal(workload.name, name);
    assert_string_equal(workload.path, path);
    assert_string_equal(workload.summary, "made: by a test");
    return workload;
}

static void replay_file(const char *options, char answer[ANSWER_LENGTH])
{
    struct workload workload = of_file(options);
    struct fake fake = {0};
    struct heap heap = {.resize = moving_resize, .state = &fake};
    struct error error = {""};
    run_workload(&workload, &heap, OUTCOME_OK, answer, &error);
    assert_int_equal(fake.live_blocks, 0);
}

static void decoding_while_replaying_changes_nothing(void **state)
{
    char whole[ANSWER_LENGTH], decoded[ANSWER_LENGTH];
    (void)state;
    replay_file("passes=2,touch=ends", whole);
    replay_file("passes=2,touch=ends,memory=0", decoded);
    assert_string_equal(whole, decoded);
    assert_non_null(strstr(whole, " 400000 operations"));
}

static void the_time_of_decoding_is_told(void **state)
{
    struct workload workload = of_file("passes=1,memory=0,touch=none");
    struct heap heap = {.resize = plain_resize};
    struct error error = {""};
    struct outside outside;
    (void)state;
    void *job = workload.kind->prepare(&workload, 1, &error);
    assert_int_equal(workload.kind->run(job, &heap, &error), OUTCOME_OK);
    workload.kind->outside(job, &outside);
    workload.kind->finish(job);
    assert_true(outside.cpu_ns > 0 && outside.cpu_ns < 10000000000);
    assert_true(outside.wall_ns >= outside.cpu_ns / 2);
}

static void threads_are_those_of_the_file(void **state)
{
    struct workload one = of_file(""), recorded = of_file("order=recorded");
    struct error error = {""};
    (void)state;
    assert_int_equal(one.threads, 1);
    assert_int_equal(recorded.threads, 3);
    recorded = of_file("order=recorded,memory=0");
    assert_null(recorded.kind->prepare(&recorded, 1, &error));
    assert_non_null(strstr(error.text, "too long for several threads"));
}

static void the_child_finds_the_same_workload_again(void **state)
{
    struct workload found = of_file("order=free,touch=all"), again;
    (void)state;
    assert_true(workload_reopen(found.name, found.path, &again));
    assert_string_equal(again.name, found.name);
    assert_string_equal(again.options, found.options);
    assert_int_equal(again.threads, 3);
    assert_true(workload_reopen("recorded-one:touch=all", path, &again));
    assert_string_equal(again.options, "touch=all");
}

static void every_call_is_held_against_the_contract(void **state)
{
    struct workload workload = of_file("memory=0");
    struct fake right = {0}, forgetful = {.forgetful_call = 150000};
    static const struct allocator fake_allocator = {.name = "fake", .alignment = 8};
    struct heap heap = {.allocator = &fake_allocator, .resize = moving_resize, .state = &right};
    struct error error = {""};
    char answer[ANSWER_LENGTH];
    (void)state;
    workload.kind = &workload_kind_examination;
    run_workload(&workload, &heap, OUTCOME_OK, answer, &error);
    assert_string_equal(answer, "contract kept, 200000 operations");
    heap.state = &forgetful;
    run_workload(&workload, &heap, OUTCOME_WRONG_ANSWER, answer, &error);
    assert_non_null(strstr(error.text, "contract broken at operation 1500"));
    bury_all(&forgetful);
}

/* The last test: nothing else can be done with the file afterwards. */
static void a_damaged_file_is_a_wrong_answer_at_its_place(void **state)
{
    struct fake fake = {0};
    struct heap heap = {.resize = moving_resize, .state = &fake};
    struct error error = {""};
    char answer[ANSWER_LENGTH];
    int file = open(path, O_WRONLY);
    (void)state;
    off_t length = lseek(file, 0, SEEK_END);
    assert_int_equal(pwrite(file, "damage", 6, length * 3 / 4), 6);
    close(file);
    struct workload streamed = of_file("memory=0"), whole = of_file("");
    assert_null(whole.kind->prepare(&whole, 1, &error));
    assert_non_null(strstr(error.text, path));
    run_workload(&streamed, &heap, OUTCOME_WRONG_ANSWER, answer, &error);
    assert_non_null(strstr(error.text, path));
    bury_all(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decoding_while_replaying_changes_nothing),
        cmocka_unit_test(the_time_of_decoding_is_told),
        cmocka_unit_test(threads_are_those_of_the_file),
        cmocka_unit_test(the_child_finds_the_same_workload_again),
        cmocka_unit_test(every_call_is_held_against_the_contract),
        cmocka_unit_test(a_damaged_file_is_a_wrong_answer_at_its_place),
    };
    return cmocka_run_group_tests_name("replay of files", tests, write_file, remove_file);
}
