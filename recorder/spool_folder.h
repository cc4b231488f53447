/* The folder of a spool, for the recording command. */
#ifndef SPOOL_FOLDER_H
#define SPOOL_FOLDER_H

#include "../allocators/allocator.h"
#include "spool.h"

/* Makes a new one, in memory if there is room, else on disk. False says why not. */
bool spool_folder_make(char path[SPOOL_FOLDER_BYTES], struct error *error);

/* With all that is in it; programs that still run record no further. */
void spool_folder_remove(const char *path);

#endif
