/* What the `track` wrapper has seen. Sizes in bytes as asked for. */
#ifndef TRACK_H
#define TRACK_H

#include "call.h"
#include "sizes.h"

extern const struct allocator allocator_track;

struct track_counts {
    uint64_t calls[CALL_KINDS]; /* failed ones too */
    uint64_t failed_new, failed_growths;
    uint64_t allocated_bytes; /* sum of all new sizes and of what growths added */
    size_t peak_bytes;
};

/* heap must be a layer whose allocator is `track`. */
const struct track_counts *track_calls(const struct heap *heap);

/* Every size that was granted, by a new block or by a block resized to it. Released counts are to
 * be had, but after adoption contain blocks that were never asked for here. */
const struct sizes *track_sizes(const struct heap *heap);

#endif
