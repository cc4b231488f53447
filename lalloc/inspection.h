/* What a script may ask of the heap it runs on.
 *
 *     memory_report()        → text on every layer; a table of the outermost's statistics
 *     memory_profile()       → text; a table of bytes by kind of object, with `total`
 *     leak_report([mark])    → text on what lives, by line and stack; how many blocks; a mark
 *     check_memory()         → how many faults a look at all blocks has found
 *     set_memory_limit(bytes [, strict]) → true
 *
 * The mark of one leak_report given to a later one leaves out what is older, so that growth between
 * two points of a script is seen. Garbage not yet collected is told as well. bytes may be "10M";
 * strict is true unless it is given as false. What the spec has no layer for returns nil and the
 * reason.
 */
#ifndef INSPECTION_H
#define INSPECTION_H

#include <lua.h>

#include "../allocators/spec.h"

/* Makes these functions globals of a state that runs on the heap; only for scripts that are
 * trusted. May raise Lua's errors (no memory): call it protected. */
void lalloc_inspection_open(lua_State *L, struct heap *heap);

/* Before a heap goes that the state outlives: from now on its functions raise an error. Raises
 * none. Needs one free slot. */
void lalloc_inspection_close(lua_State *L, const struct heap *heap);

#endif
