/* What a heap of slabs says of itself. */
#ifndef SLAB_REPORT_H
#define SLAB_REPORT_H

#include "../allocator.h"

bool slab_read_tier(const void *heap, size_t index, struct tier_statistics *out);
void slab_read_statistics(const void *heap, struct heap_statistics *out);
bool slab_read_figure(const void *heap, size_t index, struct heap_figure *out);

#endif
