/* `log` and `track` to the call: what the log says, read back, is what was asked, and every size is
 * counted exactly. */
#include "heap_test.h"

#include <stdlib.h>

#include "../allocators/text.h"
#include "../allocators/wrappers/track.h"

/* ---- a program: random calls, and what they must add up to */

enum { SLOTS = 200, SIZE_MAXIMUM = 6000, OPERATIONS = 20000 };

struct program {
    const struct heap *heap;
    void *blocks[SLOTS];
    size_t sizes[SLOTS];
    uint64_t calls[CALL_KINDS], failed;
    uint64_t asked[SIZE_MAXIMUM + 1];
    size_t live_bytes, live_blocks, peak_bytes, allocated_bytes;
};

static void note(struct program *program, size_t old_size, size_t new_size)
{
    if (new_size) program->asked[new_size]++;
    program->live_bytes += new_size - old_size;
    program->live_blocks += (size_t)(new_size != 0) - (size_t)(old_size != 0);
    if (new_size > old_size) program->allocated_bytes += new_size - old_size;
    if (program->live_bytes > program->peak_bytes) program->peak_bytes = program->live_bytes;
}

static void ask(struct program *program, size_t slot, size_t new_size)
{
    void *block = program->blocks[slot];
    size_t old_size = program->sizes[slot];
    void *result = resize(program->heap, block, old_size, new_size);
    program->calls[call_kind_of(block, old_size, new_size)]++;
    if (!result && new_size) {
        program->failed++;
        return;
    }
    program->blocks[slot] = result;
    program->sizes[slot] = new_size;
    note(program, old_size, new_size);
}

static size_t random_size(void)
{
    switch (random() % 4) {
    case 0: return 0;
    case 1: return (size_t)random() % (SIZE_MAXIMUM + 1);
    default: return (size_t)random() % 100;
    }
}

static void run(struct program *program, const struct heap *heap)
{
    *program = (struct program){.heap = heap};
    srandom(1);
    for (size_t i = 0; i < OPERATIONS; i++) ask(program, (size_t)random() % SLOTS, random_size());
}

static void free_all(struct program *program)
{
    for (size_t slot = 0; slot < SLOTS; slot++) {
        if (program->blocks[slot]) ask(program, slot, 0);
    }
}

static struct program program;

/* ---- log */

static char path[] = "/tmp/heapbench-log-XXXXXX";

static struct heap *open_log(const char *options, const char *inner)
{
    char spec[128];
    snprintf(spec, sizeof spec, "log:file=%s%s+%s", path, options, inner);
    return open_spec(spec);
}

/* A line of the log. */
struct line {
    char kind[16];
    void *address, *from;
    size_t old_size, new_size, live;
    bool has_failed;
};

static struct line read_line(const char *text)
{
    struct line line = {.from = NULL};
    char rest[64] = "";
    int found = sscanf(text, "%15s %p %zu -> %zu live %zu%63[^\n]", line.kind, &line.address,
                       &line.old_size, &line.new_size, &line.live, rest);
    if (found < 5) fail_msg("not a line of a log: %s", text);
    line.has_failed = strstr(rest, " failed") != NULL;
    line.from = line.address;
    sscanf(rest, " from %p", &line.from);
    return line;
}

/* The blocks that are alive by what was read so far. */
static struct program read_back;

static size_t slot_of(const void *block)
{
    for (size_t i = 0; i < SLOTS; i++) {
        if (read_back.blocks[i] == block) return i;
    }
    fail_msg("%p is not alive", block);
    return 0;
}

static enum call_kind kind_named(const char *name)
{
    for (size_t i = 0; i < CALL_KINDS; i++) {
        if (!strcmp(call_kind_names[i], name)) return (enum call_kind)i;
    }
    fail_msg("no kind of call is %s", name);
    return CALL_QUERY;
}

static void take_line(const struct line *line)
{
    enum call_kind kind = kind_named(line->kind);
    read_back.calls[kind]++;
    read_back.failed += line->has_failed;
    if (!line->has_failed && kind != CALL_QUERY) {
        size_t slot = slot_of(kind == CALL_NEW ? NULL : line->from);
        assert_int_equal(read_back.sizes[slot], line->old_size);
        read_back.blocks[slot] = line->new_size ? line->address : NULL;
        read_back.sizes[slot] = line->new_size;
        note(&read_back, line->old_size, line->new_size);
    }
    assert_int_equal(read_back.live_bytes, line->live);
}

static void read_log(void)
{
    char text[256];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    read_back = (struct program){.heap = NULL};
    while (fgets(text, sizeof text, file)) {
        struct line line = read_line(text);
        take_line(&line);
    }
    fclose(file);
}

static void the_log_read_back_gives_the_totals(void **state)
{
    (void)state;
    struct heap *heap = open_log(",queries", "fault:every=7+libc");
    run(&program, heap);
    assert_int_equal(totals_of(heap).live_bytes, program.live_bytes);
    assert_int_equal(totals_of(heap).live_blocks, program.live_blocks);
    assert_true(program.failed > 100);
    assert_int_equal(figure_of(heap, "lines logged"), OPERATIONS);
    free_all(&program);
    heap_close(heap);
    read_log();
    assert_int_equal(read_back.live_blocks, 0);
    assert_int_equal(read_back.failed, program.failed);
    assert_int_equal(read_back.allocated_bytes, program.allocated_bytes);
    assert_int_equal(read_back.peak_bytes, program.peak_bytes);
    assert_memory_equal(read_back.calls, program.calls, sizeof program.calls);
    assert_memory_equal(read_back.asked, program.asked, sizeof program.asked);
}

static void queries_are_logged_only_where_that_is_asked(void **state)
{
    (void)state;
    struct heap *heap = open_log("", "libc");
    assert_null(make(heap, 0));
    drop(heap, make(heap, 40), 40);
    heap_close(heap);
    read_log();
    assert_int_equal(read_back.calls[CALL_QUERY], 0);
    assert_int_equal(read_back.calls[CALL_NEW], 1);
    assert_int_equal(read_back.calls[CALL_FREE], 1);
}

static void with_flush_each_line_is_there_at_once(void **state)
{
    (void)state;
    struct heap *heap = open_log(",flush", "libc"), *buffered;
    void *block = make(heap, 40);
    read_log();
    assert_int_equal(read_back.live_bytes, 40);
    drop(heap, block, 40);
    heap_close(heap);
    buffered = open_log("", "libc");
    block = make(buffered, 40);
    read_log();
    assert_int_equal(read_back.live_bytes, 0);
    drop(buffered, block, 40);
    heap_close(buffered);
}

static void a_log_that_cannot_be_opened_is_refused_with_the_reason(void **state)
{
    (void)state;
    refuses("log:file=/nowhere/calls.log+libc",
            "file=/nowhere/calls.log cannot be opened: No such file or directory");
    refuses("log:file=/+libc", "file=/ cannot be opened: Is a directory");
}

static size_t messages_said;
static char last_message[512];

static void hear(void *outlet, const char *message)
{
    (void)outlet;
    messages_said++;
    snprintf(last_message, sizeof last_message, "%s", message);
}

static void a_full_disk_is_said_once_and_counted(void **state)
{
    (void)state;
    struct host host = host_standard;
    struct heap *heap = open_spec("log:file=/dev/full,flush+libc");
    host.say = hear;
    heap_surround(heap, &host);
    messages_said = 0;
    for (size_t i = 0; i < 5; i++) drop(heap, make(heap, 40), 40);
    assert_int_equal(messages_said, 1);
    assert_non_null(strstr(last_message, "/dev/full: cannot be written: No space left on device"));
    assert_int_equal(figure_of(heap, "writes to the log that failed"), 10);
    assert_int_equal(figure_of(heap, "bytes written to the log"), 0);
    heap_close(heap);
}

/* ---- track */

/* The exact histogram against the program's own; large sizes are many, so that the table grows. */
static void has_the_sizes_of(const struct heap *heap, const struct program *wanted)
{
    struct size_row row;
    const struct sizes *sizes = track_sizes(heap);
    size_t position = 0, rows = 0, wanted_rows = 0, live_bytes = 0;
    for (; sizes_next(sizes, &position, &row); rows++) {
        assert_in_range(row.size, 1, SIZE_MAXIMUM);
        assert_int_equal(row.counts.asked, wanted->asked[row.size]);
        live_bytes += row.size * (row.counts.asked - row.counts.released);
    }
    for (size_t size = 1; size <= SIZE_MAXIMUM; size++) wanted_rows += wanted->asked[size] != 0;
    assert_int_equal(rows, wanted_rows);
    assert_int_equal(live_bytes, wanted->live_bytes);
    assert_true(sizes->row_count > 1000);
    assert_int_equal(sizes->unrecorded.asked, 0);
}

static void every_size_is_counted_exactly(void **state)
{
    (void)state;
    struct heap *heap = open_spec("track+fault:every=7+libc");
    run(&program, heap);
    const struct track_counts *counts = track_calls(heap);
    assert_memory_equal(counts->calls, program.calls, sizeof program.calls);
    assert_int_equal(counts->failed_new + counts->failed_growths, program.failed);
    assert_true(counts->failed_growths > 10);
    assert_int_equal(counts->allocated_bytes, program.allocated_bytes);
    assert_int_equal(counts->peak_bytes, program.peak_bytes);
    assert_int_equal(totals_of(heap).live_bytes, program.live_bytes);
    assert_int_equal(totals_of(heap).live_blocks, program.live_blocks);
    has_the_sizes_of(heap, &program);
    free_all(&program);
    has_the_sizes_of(heap, &program);
    heap_close(heap);
}

static void the_distribution_is_cut_at_64_and_1024(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 64, 65, 1023, 1024, 1025, 2047, 2048, 1000000};
    struct heap *heap = open_spec("track+libc");
    for (size_t i = 0; i < 9; i++) drop(heap, make(heap, sizes[i]), sizes[i]);
    assert_int_equal(figure_of(heap, "blocks of up to 64 bytes"), 2);
    assert_int_equal(figure_of(heap, "blocks of 65 to 1024 bytes"), 3);
    assert_int_equal(figure_of(heap, "blocks above 1024 bytes"), 4);
    heap_close(heap);
}

static void gather(void *out, const char *line)
{
    struct text *text = out;
    text_add(text, "%s\n", line);
}

static void the_report_lists_the_sizes_asked_for_most(void **state)
{
    (void)state;
    char buffer[4096];
    struct text text = text_in(buffer, sizeof buffer);
    struct heap *heap = open_spec("track:top=3+libc");
    void *kept[6];
    for (size_t i = 0; i < 6; i++) kept[i] = make(heap, 3000);
    for (size_t size = 10; size < 15; size++) {
        for (size_t i = 0; i < size; i++) drop(heap, make(heap, size), size);
    }
    heap->allocator->wrapper->report(heap->state, gather, &text);
    const char *first = strstr(buffer, "14 bytes"), *second = strstr(buffer, "13 bytes");
    assert_true(first && second && first < second);
    assert_non_null(strstr(second, "12 bytes"));
    assert_null(strstr(buffer, "11 bytes"));
    assert_null(strstr(buffer, " 3000 bytes"));
    assert_non_null(strstr(buffer, "above 1024 bytes             6 blocks   9.1 %"));
    for (size_t i = 0; i < 6; i++) drop(heap, kept[i], 3000);
    heap_close(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_log_read_back_gives_the_totals),
        cmocka_unit_test(queries_are_logged_only_where_that_is_asked),
        cmocka_unit_test(with_flush_each_line_is_there_at_once),
        cmocka_unit_test(a_log_that_cannot_be_opened_is_refused_with_the_reason),
        cmocka_unit_test(a_full_disk_is_said_once_and_counted),
        cmocka_unit_test(every_size_is_counted_exactly),
        cmocka_unit_test(the_distribution_is_cut_at_64_and_1024),
        cmocka_unit_test(the_report_lists_the_sizes_asked_for_most),
    };
    int file = mkstemp(path);
    int failed = file < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
