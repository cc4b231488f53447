/* Arrays that grow as elements are pushed, and exact counts of what each rule of growth costs. */
#ifndef GROWTH_H
#define GROWTH_H

#include <stddef.h>

enum { GROWTH_ELEMENTS = 10000, GROWTH_ELEMENT_BYTES = 16 }; /* 16: a TValue of Lua */

/* The room, in elements, that follows `room`; the first follows 0. */
typedef size_t growth_fn(size_t room);

size_t growth_by_double(size_t room);
size_t growth_by_half(size_t room);
size_t growth_by_1000(size_t room);

struct growth_counts {
    size_t reallocations;   /* the first allocation is one of them */
    size_t copied_elements; /* when every reallocation moves */
    size_t room;            /* elements, at the end */
};

/* What one array costs until it holds `elements`. */
struct growth_counts growth_count(growth_fn *next_room, size_t elements);

#endif
