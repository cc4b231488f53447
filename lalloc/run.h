/* lalloc_run's part of a state. */
#ifndef RUN_H
#define RUN_H

#include <lua.h>

/* Puts the functions that lalloc_run calls into the registry. Raises errors of memory. */
void run_register(lua_State *L);

#endif
