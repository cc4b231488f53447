/* The file that docs/trace-format.md explains byte by byte is the one that is written. */
#include "trace_file_test.h"

static void write_example(void)
{
    struct error error;
    struct trace_writer *writer = trace_writer_open(test_path, "source: example\n", &error);
    struct trace *trace = trace_writer_trace(writer);
    trace_mark(trace, MARK_STATE, 1);
    trace_new(trace, 40);
    trace_new(trace, 600);
    trace_resize(trace, 0, 80);
    trace_query(trace);
    trace_free(trace, 1);
    assert_true(trace_writer_close(writer, &error));
}

/* The bytes of the one hexdump in the docs: lines of an offset, two blanks, and bytes. */
static size_t read_documented(uint8_t *bytes, size_t room)
{
    char line[256];
    size_t count = 0;
    FILE *docs = fopen("docs/trace-format.md", "r");
    assert_non_null(docs);
    while (fgets(line, sizeof line, docs)) {
        unsigned offset, byte;
        int used, step;
        if (sscanf(line, "%4x  %n", &offset, &used) != 1 || used != 6) continue;
        if (offset != count || strchr(line, '|') == NULL) continue;
        for (; sscanf(line + used, "%2x%n", &byte, &step) == 1; used += step) {
            assert_true(count < room);
            bytes[count++] = (uint8_t)byte;
        }
    }
    fclose(docs);
    return count;
}

static void the_documented_bytes_are_those_that_are_written(void **state)
{
    (void)state;
    struct file_bytes file;
    uint8_t documented[512];
    write_example();
    load(test_path, &file);
    assert_int_equal(read_documented(documented, sizeof documented), file.count);
    assert_memory_equal(documented, file.bytes, file.count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_bytes_are_those_that_are_written),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
