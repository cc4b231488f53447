/* How the tests of programs of several threads run one on a heap. To be included after cmocka.h. */
#ifndef THREADS_TEST_H
#define THREADS_TEST_H

#include <stdio.h>
#include <stdlib.h>

#include "../workloads/threads/threads.h"
#include "workload_test.h"

static const struct allocator safe = {.name = "safe", .traits = TRAIT_THREAD_SAFE};
static const struct allocator unsafe = {.name = "unsafe"};

#define SHORT "replacements=3000,blocks=40,"

/* The C library's. */
static inline void *plain_resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    (void)heap, (void)old_size;
    if (new_size != 0) return realloc(block, new_size);
    free(block);
    return NULL;
}

static const struct heap plain_heap = {.allocator = &safe, .resize = plain_resize};

static inline struct workload described(const char *name, const char *options)
{
    struct workload workload;
    struct error error = {""};
    assert_true(thread_program_describe(name, strlen(name), &workload));
    assert_true(thread_program_take_options(&workload, options, &error));
    return workload;
}

#endif
