/* What stands for the program's own work between two calls: as much as the trace says, the same
 * each time, and nothing where it is not wanted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../workloads/replay/held.h"
#include "../workloads/traces/writer.h"
#include "replay_test.h"

enum { CALLS = 1000 };

static char path[] = "/tmp/heapbench-between-XXXXXX.hbt";

static void write_file(const char *about)
{
    struct error error = {""};
    struct trace_writer *writer = trace_writer_open(path, about, &error);
    assert_non_null(writer);
    struct trace *trace = trace_writer_trace(writer);
    for (unsigned i = 0; i < CALLS / 2; i++) trace_free(trace, trace_new(trace, 16));
    assert_true(trace_writer_close(writer, &error));
}

/* How often a run replays it when nobody says: the longer the program's work, the less often. */
static unsigned passes_of(const char *about, const char *options)
{
    char name[128], answer[ANSWER_LENGTH];
    struct workload workload;
    struct heap heap = {.resize = plain_resize};
    struct error error = {""};
    unsigned long operations;
    write_file(about);
    snprintf(name, sizeof name, "%s:%s", path, options);
    assert_true(workload_find(name, &workload, &error));
    run_workload(&workload, &heap, OUTCOME_OK, answer, &error);
    assert_int_equal(sscanf(answer, "%*x after %lu operations", &operations), 1);
    assert_int_equal(operations % CALLS, 0);
    return (unsigned)(operations / CALLS);
}

static void the_same_pieces_are_run_each_time(void **state)
{
    struct between one = {0}, by_one = {0};
    (void)state;
    between_run(&one, 5000);
    for (unsigned i = 0; i < 5000; i++) between_run(&by_one, 1);
    assert_memory_equal(&one, &by_one, sizeof one);
    between_run(&by_one, 1);
    assert_int_not_equal(one.drawn, by_one.drawn);
}

static void the_pieces_are_all_of_them(void **state)
{
    struct between between = {0};
    bool is_met[256] = {false};
    unsigned met = 0;
    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        unsigned piece = between.drawn >> 24;
        met += !is_met[piece];
        is_met[piece] = true;
        between_run(&between, 1);
    }
    assert_int_equal(met, 256);
}

static void fractions_of_a_piece_are_owed_to_later_calls(void **state)
{
    static const uint32_t outside_ns[] = {1, 49, 149, 150, 151, 299, 1000};
    (void)state;
    for (size_t i = 0; i < sizeof outside_ns / sizeof *outside_ns; i++) {
        struct between called = {0}, expected = {0};
        uint32_t all_ns = 3000 * outside_ns[i];
        for (unsigned call = 0; call < 3000; call++) between_calls(&called, outside_ns[i]);
        between_run(&expected, all_ns / BETWEEN_PIECE_NS);
        expected.owed_ns = all_ns % BETWEEN_PIECE_NS;
        assert_memory_equal(&called, &expected, sizeof called);
    }
}

static struct between replayed(uint32_t outside_ns)
{
    static const struct trace_event events[] = {{0, 0, 16}, {0, 16, 40}, {0, 40, 0}, {0, 0, 0}};
    struct held held;
    struct heap heap = {.resize = plain_resize};
    uint64_t checksum = 0;
    assert_true(held_open(&held, 1));
    held.outside_ns = outside_ns;
    for (unsigned touch = TOUCH_NONE; touch < TOUCH_STANDARD; touch++) {
        assert_ptr_equal(
            held_replay(&held, &heap, (enum touch)touch, events, events + 4, &checksum),
            events + 4);
    }
    struct between between = held.between;
    held_close(&held);
    return between;
}

static void a_replay_runs_them_before_each_call_or_never(void **state)
{
    struct between nothing = {0}, expected = {0}, got = replayed(0);
    (void)state;
    assert_memory_equal(&got, &nothing, sizeof got);
    for (unsigned call = 0; call < 4 * TOUCH_STANDARD; call++) between_calls(&expected, 200);
    got = replayed(200);
    assert_memory_equal(&got, &expected, sizeof got);
}

static void passes_are_fewer_where_the_program_was_busy(void **state)
{
    unsigned plain = passes_of("made: by a test\n", "");
    (void)state;
    assert_int_equal(plain, 2498); /* 50 ms of calls that take 20 ns, with one to spare */
    assert_int_equal(passes_of("outside ns: 380\n", ""), 125);
    assert_int_equal(passes_of("outside ns: 380\n", "memory=0"), 125);
    assert_int_equal(passes_of("outside ns: 5000\n", ""), 49); /* as 1000 */
    assert_int_equal(passes_of("outside ns: 380\n", "passes=3"), 3);
    assert_int_equal(passes_of("outside ns: 380\n", "between=no"), plain);
    assert_int_equal(passes_of("outside ns: -380\n", ""), plain);
    assert_int_equal(passes_of("outside ns: \n380: x\n", ""), plain);
}

/* What would have the system kill the replay, or another process. */
static void slots_beyond_the_machine_are_refused_at_once(void **state)
{
    struct held held;
    size_t pages = (size_t)sysconf(_SC_PHYS_PAGES), page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    (void)state;
    assert_false(held_open(&held, pages * page_bytes / 16));
    assert_null(held.blocks);
    held_close(&held);
}

static int make_file(void **state)
{
    int file = mkstemps(path, 4);
    (void)state;
    return file < 0 ? -1 : close(file);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_pieces_are_run_each_time),
        cmocka_unit_test(the_pieces_are_all_of_them),
        cmocka_unit_test(fractions_of_a_piece_are_owed_to_later_calls),
        cmocka_unit_test(a_replay_runs_them_before_each_call_or_never),
        cmocka_unit_test(passes_are_fewer_where_the_program_was_busy),
        cmocka_unit_test(slots_beyond_the_machine_are_refused_at_once),
    };
    return cmocka_run_group_tests_name("between", tests, make_file, remove_file);
}
