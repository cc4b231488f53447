/* Resident memory of this process, exact to a page, read while a heap is at work. */
#ifndef RESIDENT_H
#define RESIDENT_H

#include <stdbool.h>
#include <stdint.h>

#include "../../allocators/allocator.h"

struct resident_reader {
    int file;
    bool is_rollup; /* of /proc/self/smaps_rollup, else of statm */
};

/* Anonymous pages alone: files mapped and memory shared with the parent come and go without the
 * heap. Held against pages that it touches one by one: false where no file of this kernel counts
 * them exactly. Takes nothing from malloc. */
bool resident_open(struct resident_reader *reader, struct error *error);

/* Bytes. 2 us from statm; from smaps_rollup 0.1 ms and more with every MiB. */
uint64_t resident_read(const struct resident_reader *reader);

/* Takes so much of the stack that none of its pages is new later. */
void resident_touch_stack(void);

void resident_close(struct resident_reader *reader);

#endif
