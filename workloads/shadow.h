/* What a heap must hold, kept apart from it: each block's address, size and expected contents. */
#ifndef SHADOW_H
#define SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shadow_block {
    unsigned char *address; /* NULL when the slot is free */
    size_t size;
    uint64_t key; /* draws the contents; another for each life of the slot */
};

struct shadow {
    struct shadow_block *blocks;
    uint32_t slot_count;
    size_t live_blocks, live_bytes;
    uint64_t births;
};

/* False when the system refuses memory. All slots are free. */
bool shadow_open(struct shadow *shadow, uint32_t slot_count);
void shadow_close(struct shadow *shadow);

/* The heap has moved, grown, shrunk, made or freed (size 0) the block of a slot. What is new of it
 * is written if `fill`. */
void shadow_note(struct shadow *shadow, uint32_t slot, void *address, size_t size, bool fill);

/* Whether the first bytes of the slot's contents stand at the address. */
bool shadow_matches(const struct shadow *shadow, uint32_t slot, const void *address, size_t bytes);

/* The same of the first and the last word alone. O(1) */
bool shadow_ends_match(const struct shadow *shadow, uint32_t slot, const void *address,
                       size_t bytes);

/* Another live slot whose block shares a byte with this one's; slot_count when none does. O(n) */
uint32_t shadow_overlap(const struct shadow *shadow, uint32_t slot);

#endif
