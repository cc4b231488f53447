/* What the `count` wrapper has seen. Sizes in bytes as asked for. */
#ifndef COUNT_H
#define COUNT_H

#include <stdint.h>

#include "../spec.h"

extern const struct allocator allocator_count;

struct call_counts {
    uint64_t new_calls, free_calls, grow_calls, shrink_calls, query_calls, failed_calls;
    uint64_t allocated_bytes;       /* sum of all new sizes and of what growths added */
    size_t live_bytes, live_blocks; /* adopted bytes are live; blocks are UNKNOWN then */
    size_t peak_live_bytes;
};

/* Opens the spec with `count` over it. */
struct heap *count_open(const char *spec, struct error *error);

/* Whether a wrapper other than `count`, which the harness puts over specs, is among the layers. */
bool heap_is_wrapped(const struct heap *heap);

/* heap must be one whose outermost allocator is `count`. */
const struct call_counts *count_calls(const struct heap *heap);

/* Calls of every kind, queries included. */
uint64_t count_all_calls(const struct call_counts *counts);

#endif
