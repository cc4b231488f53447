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

static inline uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

#endif
