/* What the tests of `records` share: a program that is always in a place, and calls from functions
 * whose names are known. */
#ifndef RECORDS_TEST_H
#define RECORDS_TEST_H

#include "listening.h"

#include "../allocators/debugging/records.h"

#ifdef __SANITIZE_ADDRESS__
enum { RUNNING_SANITIZED = true };
#else
enum { RUNNING_SANITIZED = false };
#endif

/* Standing in for a program: it is always in this place. */
static struct place here = {"program.lua", 1};

static inline bool locate_here(void *program, struct place *out)
{
    (void)program;
    *out = here;
    return true;
}

static uint64_t clock_ns;

static inline uint64_t read_clock(void *outlet)
{
    (void)outlet;
    return clock_ns;
}

static inline struct heap *open_placed(const char *spec)
{
    struct heap *heap = open_heard(spec);
    struct host host = *heap->host;
    host.locate = locate_here;
    host.now_ns = read_clock;
    heap_surround(heap, &host);
    clock_ns = 1000000000;
    return heap;
}

/* Exported, so that their names are known; not inlined, so that they have frames. */
void *records_test_allocates(const struct heap *heap, size_t size, int line);
void records_test_frees(const struct heap *heap, void *block, size_t size, int line);

__attribute__((noinline)) void *records_test_allocates(const struct heap *heap, size_t size,
                                                       int line)
{
    here.line = line;
    void *block = make(heap, size);
    assert_non_null(block);
    return block;
}

__attribute__((noinline)) void records_test_frees(const struct heap *heap, void *block, size_t size,
                                                  int line)
{
    here.line = line;
    void *result = resize(heap, block, size, 0);
    assert_null(result);
}

static inline struct block_record find(const struct heap *heap, const void *block)
{
    struct block_record record;
    assert_true(records_find(heap, block, &record));
    return record;
}

static inline void has(const char *text, const char *part)
{
    if (!text || !strstr(text, part)) fail_msg("`%s` lacks `%s`", text ? text : "nothing", part);
}

#endif
