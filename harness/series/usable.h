/* Usable bytes of a heap with all its layers, also of mallocs that do not count them: a malloc at
 * the bottom is then asked for each block as it comes and goes. */
#ifndef USABLE_H
#define USABLE_H

#include <stdint.h>

#include "../../allocators/spec.h"

struct usable_watch {
    struct heap *bottom; /* whose calls come here first; NULL when it counts for itself */
    resize_fn *resize;   /* its own */
    void *state;
    uint64_t asked_bytes, usable_bytes; /* of its living blocks */
    bool is_known;
};

/* From now on, until closed; before the heap's first block. */
void usable_open(struct usable_watch *watch, struct heap *heap);

/* Bytes that the blocks could hold of which live_bytes are asked for; UINT64_MAX when a layer does
 * not tell. */
uint64_t usable_read(const struct usable_watch *watch, const struct heap *heap,
                     uint64_t live_bytes);

void usable_close(struct usable_watch *watch);

#endif
