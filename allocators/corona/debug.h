/* CORONA_DEBUG: each small object is known to be live or free, and free ones are filled with a
 * pattern that must be intact when they are used again. Complains of an object freed twice, of
 * pointers that are no object's, of writes after a free, and of writes past an object's end into a
 * free neighbour. Costs 8 MiB of memory a GiB of heap, and all the fast paths. */
#ifndef CORONA_DEBUG_H
#define CORONA_DEBUG_H

#include "block.h"

/* Objects from an offset on are free for the first time. */
void debug_carved(const struct block *block, uintptr_t first, uint32_t count);

/* Under the lock of the block's bin, if it has one. */
void debug_allocated(const struct block *block, const void *object);

/* The program uses the object, and says so by a call. */
void debug_used(const char *call, const struct block *block, uintptr_t offset);

/* All objects of the block are free: each must be as its free left it. */
void debug_emptied(const struct block *block);

/* Before the object is put into any list. */
void debug_freed(const struct block *block, uintptr_t offset);

#endif
