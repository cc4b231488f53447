/* What the front end's files share. */
#ifndef CORONA_FRONT_END_H
#define CORONA_FRONT_END_H

#include "corona.h"
#include "system.h"
#include "thread_data.h"

#define RARELY(condition) __builtin_expect(!!(condition), 0)

/* Any size; sets errno. */
void *front_end_allocate(size_t bytes);

/* Any pointer, as its offset; complains of what is no live object. */
void front_end_free(uintptr_t offset);

/* The last live object of an own, usable block has been freed. */
void front_end_emptied(uintptr_t offset);

#endif
