/* Each text of bytes once, under a number: call stacks and places, of which there are few kinds
 * however many blocks come from them. */
#ifndef DEPOT_H
#define DEPOT_H

#include "block_table.h"

struct depot {
    struct block_table table; /* by hash */
    struct arena bytes;
};

/* Memory comes from the system alone. False when it refuses the first of it. */
bool depot_open(struct depot *depot);
void depot_close(struct depot *depot);

/* The number of these bytes, from 1, the same whenever they come; at most 4 GiB of them. 0 when the
 * system refuses memory. O(length). */
uint32_t depot_intern(struct depot *depot, const void *bytes, size_t length);

/* What stands under a number: stays where it is, on an 8-byte boundary, until the depot closes. Of
 * number 0: NULL and no length. */
const void *depot_at(const struct depot *depot, uint32_t number, size_t *length);

size_t depot_footprint(const struct depot *depot);

#endif
