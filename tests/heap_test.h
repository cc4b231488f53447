/* What the C tests of allocators share: a heap that must open, and calls on it in few words. */
#ifndef HEAP_TEST_H
#define HEAP_TEST_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../allocators/spec.h"

static inline struct heap *open_spec(const char *spec)
{
    struct error error = {""};
    struct heap *heap = heap_open(spec, &error);
    if (!heap) fail_msg("%s: %s", spec, error.text);
    return heap;
}

static inline void refuses(const char *spec, const char *reason)
{
    struct error error = {""};
    assert_null(heap_open(spec, &error));
    if (!strstr(error.text, reason)) fail_msg("%s: `%s` lacks `%s`", spec, error.text, reason);
}

/* Of the heap's own figures, the one of that name that comes first. */
static inline double figure_of(const struct heap *heap, const char *name)
{
    struct heap_figure figure;
    for (size_t i = 0; heap->allocator->figure(heap->state, i, &figure); i++) {
        if (!strcmp(figure.name, name)) return figure.value;
    }
    fail_msg("%s has no figure `%s`", heap->allocator->name, name);
    return 0;
}

static inline void *resize(const struct heap *heap, void *block, size_t old_size, size_t new_size)
{
    return heap->resize(heap->state, block, old_size, new_size);
}

static inline void *make(const struct heap *heap, size_t size)
{
    return resize(heap, NULL, 0, size);
}

static inline void drop(const struct heap *heap, void *block, size_t size)
{
    assert_null(resize(heap, block, size, 0));
}

static inline struct heap_statistics totals_of(const struct heap *heap)
{
    struct heap_statistics totals;
    heap_statistics(heap, &totals);
    return totals;
}

static inline struct tier_statistics tier_of(const struct heap *heap, size_t index)
{
    struct tier_statistics tier;
    assert_true(heap->allocator->tier(heap->state, index, &tier));
    return tier;
}

/* Leaves this process so much more memory than it has mapped; returns the limit. The program's own
 * variables count, too, so no limit is right for every program. */
static inline size_t limit_memory(size_t more_bytes)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*u %*u %*u %*u %*u %lu", &pages) != 1) abort();
    fclose(file);
    size_t bytes = pages * (size_t)sysconf(_SC_PAGESIZE) + more_bytes;
    setrlimit(RLIMIT_DATA, &(struct rlimit){bytes, RLIM_INFINITY});
    return bytes;
}

/* The signal that a crime on such a heap ends a process with; 0 when it goes unnoticed. */
static inline int signal_of(void (*crime)(const struct heap *heap), const char *spec)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        fclose(stderr); /* where the heap says what was wrong */
        signal(SIGABRT, SIG_DFL);
        crime(open_spec(spec));
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

#endif
