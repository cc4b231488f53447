/* What records tells of all live blocks: leaks, sizes, maps, tables. */
#include "records_test.h"

enum { ROOM = 1 << 18 };

static struct {
    char text[ROOM];
    size_t length, lines;
} report;

static void keep_line(void *out, const char *text)
{
    (void)out;
    size_t room = sizeof report.text - report.length;
    int length = snprintf(report.text + report.length, room, "%s\n", text);
    report.length += (size_t)length < room ? (size_t)length : room - 1;
    report.lines++;
}

static const char *clear_report(void)
{
    report.length = report.lines = 0;
    *report.text = '\0';
    return report.text;
}

static void leaks_are_grouped_by_origin(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records+libc");
    void *small[10], *large;
    assert_int_equal(records_report_leaks(heap, 0, 5, keep_line, NULL), 0);
    has(clear_report(), "");
    for (int i = 0; i < 10; i++) small[i] = records_test_allocates(heap, 10, 7);
    large = records_test_allocates(heap, 1000, 8);
    const char *text = clear_report();
    assert_int_equal(records_report_leaks(heap, 0, 5, keep_line, NULL), 11);
    has(text, "leaks: 1100 bytes in 11 blocks, of 2 origins");
    const char *first = strstr(text, "  1000 bytes in 1 block, in program.lua:8");
    const char *second =
        strstr(text, "  100 bytes in 10 blocks, in program.lua:7; the oldest is 10 ");
    assert_true(first && second && first < second);
    has(second, " and 6 more\n");
    has(second, "records_test_allocates");
    text = clear_report();
    records_report_leaks(heap, 0, 1, keep_line, NULL);
    has(text, "and from 1 more origins");
    for (int i = 0; i < 10; i++) drop(heap, small[i], 10);
    drop(heap, large, 1000);
    text = clear_report();
    assert_int_equal(records_report_leaks(heap, 0, 5, keep_line, NULL), 0);
    has(text, "no leaks");
    close_quietly(heap);
}

static void sizes_are_told_by_power_and_exactly(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records+libc");
    void *blocks[30];
    for (int i = 0; i < 30; i++) blocks[i] = make(heap, (size_t)(i < 20 ? 40 : 64));
    const char *text = clear_report();
    records_report_sizes(heap, keep_line, NULL);
    has(text, "sizes: 1440 bytes in 30 blocks");
    has(text, "  up to           64 bytes:        30 blocks           1440 bytes 100.0 %");
    const char *exactly = strstr(text, "sizes that hold most:");
    const char *first = strstr(exactly, " 40 bytes:        20 blocks            800 bytes  55.6 %");
    const char *second =
        strstr(exactly, " 64 bytes:        10 blocks            640 bytes  44.4 %");
    assert_true(first && second && first < second);
    for (int i = 0; i < 30; i++) drop(heap, blocks[i], (size_t)(i < 20 ? 40 : 64));
    close_quietly(heap);
}

/* Characters of the rows between bars. */
static size_t count_shade(const char *text, char shade)
{
    size_t count = 0;
    bool is_inside = false;
    for (; *text; text++) {
        if (*text == '|') is_inside = !is_inside;
        else if (is_inside && *text == shade) count++;
    }
    return count;
}

static void the_map_shows_what_is_full(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records:stacks=no+bump");
    enum { BLOCKS = 4000, SIZE = 256 };
    static void *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) blocks[i] = make(heap, SIZE);
    const char *text = clear_report();
    records_report_map(heap, keep_line, NULL);
    has(text, "a character is 10 KiB");
    /* 100 times 10 KiB, of which the ends may be shared with what is empty. */
    assert_in_range(count_shade(text, '#'), 97, 101);
    for (int i = BLOCKS / 4; i < BLOCKS / 2; i++) drop(heap, blocks[i], SIZE);
    text = clear_report();
    records_report_map(heap, keep_line, NULL);
    assert_in_range(count_shade(text, '#'), 71, 76);
    text = clear_report();
    records_report_blocks(heap, keep_line, NULL);
    assert_int_equal(report.lines, 1 + 3 * BLOCKS / 4);
    heap->allocator->wrapper->report(heap->state, keep_line, NULL);
    heap_close(heap);
}

static void the_map_takes_larger_steps_and_tells_gaps(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records:stacks=no+bump");
    enum { MEGABYTE = 1 << 20 };
    make(heap, MEGABYTE);
    drop(heap, make(heap, 200 * MEGABYTE), 200 * MEGABYTE);
    for (int i = 0; i < 50; i++) make(heap, MEGABYTE);
    const char *text = clear_report();
    records_report_map(heap, keep_line, NULL);
    has(text, "a character is 20 KiB");
    has(text, " MiB without a block\n");
    assert_in_range(report.lines, 42, 48);
    heap_close(heap);
}

static void the_map_is_written_as_a_table(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records+libc");
    char text[ROOM], row[128];
    FILE *file = tmpfile();
    here.source = "a, \"b\".lua";
    void *block = records_test_allocates(heap, 40, 12);
    here.source = "program.lua";
    assert_true(records_write_map(heap, file));
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    has(text, "address,size,age_calls,age_seconds,source,line,stack\n");
    snprintf(row, sizeof row, "\n%p,40,0,0.00,\"a, \"\"b\"\".lua\",12,\"", block);
    has(text, row);
    has(strstr(text, row), "\"records_test_allocates;");
    drop(heap, block, 40);
    close_quietly(heap);
}

static void a_map_that_cannot_be_written_is_told(void **state)
{
    (void)state;
    struct heap *heap = open_placed("records+libc");
    FILE *file = fopen("/dev/full", "w");
    assert_non_null(file);
    assert_false(records_write_map(heap, file));
    fclose(file);
    heap_close(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaks_are_grouped_by_origin),
        cmocka_unit_test(sizes_are_told_by_power_and_exactly),
        cmocka_unit_test(the_map_shows_what_is_full),
        cmocka_unit_test(the_map_takes_larger_steps_and_tells_gaps),
        cmocka_unit_test(the_map_is_written_as_a_table),
        cmocka_unit_test(a_map_that_cannot_be_written_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
