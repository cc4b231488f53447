/* Whether a command is one that a preloaded library reaches. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "../allocators/allocator.h"

/* False says why not: no such file, linked statically, of another machine, setuid. */
bool program_is_recordable(const char *command, struct error *error);

#endif
