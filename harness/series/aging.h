/* Makes a heap old before a workload comes to it: littering as by a program that ran before. */
#ifndef AGING_H
#define AGING_H

#include <stdint.h>

#include "../../workloads/workload.h"

struct aging {
    struct litter *blocks;
    size_t blocks_bytes; /* of the list */
    size_t count;        /* of the blocks still alive */
    uint64_t wanted_bytes;
};

#define AGING_MAXIMUM ((uint64_t)64 << 20)

/* Takes the list of blocks for a workload whose peak of live bytes that is, every page of it
 * written. */
bool aging_open(struct aging *aging, uint64_t peak_live_bytes, struct error *error);

/* Blocks of Lua's sizes are taken until there are twice the peak, at most AGING_MAXIMUM; then all
 * but an eighth are freed in random order. What is left stays alive. The same seed gives the same
 * calls on every heap. */
enum outcome aging_litter(struct aging *aging, const struct heap *heap, uint64_t seed,
                          struct error *error);

/* Frees what is left. */
void aging_clear(struct aging *aging, const struct heap *heap);

/* One that is all zero, too. */
void aging_close(struct aging *aging);

#endif
