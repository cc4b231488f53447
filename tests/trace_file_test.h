/* Small traces and their files as bytes, for the tests of reader and writer. */
#ifndef TRACE_FILE_TEST_H
#define TRACE_FILE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../workloads/random.h"
#include "../workloads/traces/columns.h"
#include "../workloads/traces/reader.h"
#include "../workloads/traces/writer.h"

enum { FILE_BYTES_MAXIMUM = 1 << 16, PATH_LENGTH = 64 };

struct file_bytes {
    size_t count;
    uint8_t bytes[FILE_BYTES_MAXIMUM];
};

static char test_folder[PATH_LENGTH], test_path[PATH_LENGTH + 16];

static inline int make_folder(void **state)
{
    (void)state;
    strcpy(test_folder, "/tmp/heapbench-trace-XXXXXX");
    if (mkdtemp(test_folder) == NULL) return -1;
    snprintf(test_path, sizeof test_path, "%s/x.hbt", test_folder);
    return 0;
}

static inline int remove_folder(void **state)
{
    (void)state;
    unlink(test_path);
    return rmdir(test_folder);
}

/* A test of what ran before it: a group's end that fails is no failure of the program. */
static inline void nothing_but_the_trace_is_left(void **state)
{
    (void)state;
    unlink(test_path);
    assert_int_equal(rmdir(test_folder), 0);
    assert_int_equal(make_folder(NULL), 0);
}

static inline void load(const char *path, struct file_bytes *file)
{
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    file->count = fread(file->bytes, 1, sizeof file->bytes, stream);
    fclose(stream);
}

static inline void store(const char *path, const struct file_bytes *file)
{
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(file->bytes, 1, file->count, stream), file->count);
    assert_int_equal(fclose(stream), 0);
}

/* Of the whole file; error->text is empty when nothing is wrong with it. */
static inline size_t read_file(const char *path, struct error *error)
{
    const struct trace_event *events;
    size_t all = 0;
    *error->text = 0;
    struct trace_reader *reader = trace_reader_open(path, error);
    if (reader == NULL) return 0;
    for (size_t count; (count = trace_reader_next(reader, &events, error)) > 0;) all += count;
    trace_reader_close(reader);
    return all;
}

static inline void assert_refused(const char *path, const char *reason)
{
    struct error error;
    read_file(path, &error);
    if (strstr(error.text, reason) == NULL) fail_msg("`%s` is not: %s", error.text, reason);
    assert_non_null(strstr(error.text, path)); /* the file is named */
}

/* Appends what a program may do, of every kind; blocks stay alive. */
static inline void append_random(struct trace *trace, struct random *random, size_t count)
{
    static const uint32_t largest[] = {100, 1000, 100000, UINT32_MAX};
    for (size_t i = 0; i < count; i++) {
        uint32_t slot = (uint32_t)random_below(random, trace->slot_count + 2);
        size_t size = 1 + random_below(random, largest[random_below(random, 4)]);
        bool is_alive = slot < trace->slot_count && trace->sizes[slot] != 0;
        unsigned what = (unsigned)random_below(random, 8);
        if (!is_alive && what == 0) trace_query(trace);
        else if (!is_alive) trace_new(trace, size);
        else if (what < 3) trace_free(trace, slot);
        else if (what < 6) trace_resize(trace, slot, size);
        else if (what == 6) trace_mark(trace, MARK_PHASE, (uint32_t)size);
        else if (trace->sizes[slot] >= TRACE_WORD) trace_visit(trace, slot);
    }
}

/* Chunks of so many events each, or fewer by what is no event. */
static inline void write_sample(const char *path, unsigned chunks, size_t events_per_chunk)
{
    struct error error;
    struct random random;
    struct trace_writer *writer = trace_writer_open(path, "source: a test\n", &error);
    assert_non_null(writer);
    struct trace *trace = trace_writer_trace(writer);
    trace->touches_blocks = true;
    random_seed(&random, 7);
    for (unsigned i = 0; i < chunks; i++) {
        append_random(trace, &random, events_per_chunk);
        trace_mark(trace, MARK_THREAD, i);
        trace_flush(trace);
    }
    assert_true(trace_writer_close(writer, &error));
}

#endif
