/* Bytes by kind of Lua object, told from calls and contents alone: the wrapper `profile`. */
#ifndef PROFILE_H
#define PROFILE_H

#include "../host.h"
#include "../spec.h"

struct profile_kind {
    size_t live_blocks, live_bytes;
    size_t peak_bytes; /* the most that were alive at once, of this kind */
    size_t made_bytes; /* of new blocks, and by growth */
};

/* Of the outermost profile in the heap; false, and nothing is written, when there is none. Not from
 * within resize. */
bool profile_read(struct heap *heap, struct profile_kind kinds[KIND_COUNT]);

/* How far its live bytes are off: the sum of the kinds' absolute differences, over the sum of what
 * is exact. 0 when both are nothing. */
double profile_error(const struct profile_kind kinds[KIND_COUNT],
                     const size_t exact_bytes[KIND_COUNT]);

#endif
