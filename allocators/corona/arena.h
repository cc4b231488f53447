/* The arena's memory: address space reserved once, made usable from its beginning in steps. To be
 * called under the back end's lock. */
#ifndef CORONA_ARENA_H
#define CORONA_ARENA_H

#include "back_reference.h"

/* Reserves the arena unless that is done: less than corona_settings says where the system refuses
 * that. The first granule that is not of the table; 0 when the system refuses all. */
size_t arena_open(void);

/* Makes all granules below `end` usable, and some beyond. `used`: granules of runs that are taken,
 * which tell whether huge pages pay. False when the system refuses: nothing has changed. */
bool arena_extend(size_t end, size_t used);

size_t arena_reserved_bytes(void);
size_t arena_committed_bytes(void); /* the table's among them */

#endif
