/* The heap of buddy: the buddy system, the front before it, and the backing behind it. */
#ifndef BUDDY_H
#define BUDDY_H

#include "runs.h"

struct buddy {
    struct backed backed;
    size_t maximum;     /* largest request served */
    size_t front_bytes; /* largest request that runs serve */
    struct blocks blocks;
    struct runs runs;
    size_t grown_in_place, shrunk_in_place, fallbacks;
};

void buddy_statistics(const void *heap, struct heap_statistics *out);
bool buddy_tier(const void *heap, size_t index, struct tier_statistics *out);
bool buddy_figure(const void *heap, size_t index, struct heap_figure *out);

#endif
