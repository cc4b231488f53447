/* records over many blocks, and with little memory. */
#include "records_test.h"

#include <stdlib.h>
#include <sys/resource.h>

static void millions_of_blocks_are_held(void **state)
{
    (void)state;
    bool is_slow = RUNNING_SANITIZED || getenv("LD_PRELOAD"); /* as under valgrind */
    size_t count = is_slow ? 200000 : 10000000;
    struct heap *heap = open_placed("records:stacks=no+bump");
    char *first = NULL;
    for (size_t i = 0; i < count; i++) {
        here.line = (int)(i % 100) + 1;
        char *block = make(heap, 16);
        assert_non_null(block);
        if (i == 0) first = block;
    }
    assert_int_equal(totals_of(heap).live_blocks, count);
    assert_int_equal(find(heap, first).age_calls, count - 1);
    assert_int_equal(find(heap, first).line, 1);
    assert_true(figure_of(heap, "memory of records") < 64.0 * (double)count + (16 << 20));
    heap_close(heap);
}

static size_t address_space(void)
{
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%zu", &pages), 1);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Over a heap that needs nothing from the system, with room for few records. */
static void runs_out_of_records(const struct heap *unused)
{
    static char buffer[64 << 20];
    struct error error = {""};
    struct rlimit limit = {address_space() + (24 << 20), RLIM_INFINITY};
    (void)unused;
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
    struct heap *heap = heap_open_in("records:stacks=no+bump", buffer, sizeof buffer, &error);
    size_t made = 0;
    void *last = NULL;
    assert_non_null(heap);
    for (void *block; (block = make(heap, 16)); made++) last = block;
    bool is_right = made > 100 && made < sizeof buffer / 32 &&
                    totals_of(heap).live_blocks == made &&
                    totals_of(heap->inner).live_blocks == made &&
                    figure_of(heap, "blocks refused for want of a record") > 0;
    last = resize(heap, last, 16, 8);
    is_right = is_right && last && find(heap, last).size == 8 && !make(heap, 16);
    if (is_right && heap->host->fault_count == 0) raise(SIGUSR1);
}

static void a_block_without_a_record_is_refused(void **state)
{
    (void)state;
    if (RUNNING_SANITIZED || getenv("LD_PRELOAD")) skip(); /* valgrind does not pass the limit on */
    assert_int_equal(signal_of(runs_out_of_records, "libc"), SIGUSR1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(millions_of_blocks_are_held),
        cmocka_unit_test(a_block_without_a_record_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
