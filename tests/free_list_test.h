/* What the C tests of free-list share. */
#ifndef FREE_LIST_TEST_H
#define FREE_LIST_TEST_H

#include "heap_test.h"

#include <stdio.h>
#include <string.h>

enum { TAG = 8 }; /* bytes of a block that are not the caller's */

static inline struct heap *open_policy(const char *policy, const char *options)
{
    char spec[128];
    snprintf(spec, sizeof spec, "free-list:policy=%s%s", policy, options);
    return open_spec(spec);
}

static inline double figure_of(const struct heap *heap, const char *name)
{
    struct heap_figure figure;
    for (size_t i = 0; heap->allocator->figure(heap->state, i, &figure); i++) {
        if (!strcmp(figure.name, name)) return figure.value;
    }
    fail_msg("no figure is called %s", name);
    return 0;
}

static inline uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

#endif
