/* What `heapbench record` runs: a Lua script on a heap, or a command that is preloaded into. */
#ifndef RECORD_CHILD_H
#define RECORD_CHILD_H

#include <sys/types.h>

#include "../../recorder/spool.h"
#include "../../workloads/workload.h"

struct record_child {
    const char *spec;                /* of the script's heap; NULL: a command */
    const struct workload *workload; /* in the place of a script: run as it is measured; or NULL */
    const char *library;             /* to preload for a command */
    char folder[SPOOL_FOLDER_BYTES];
    int argument_count;
    char **arguments; /* ends with NULL */
};

/* From here on signals that are meant for the program are forwarded to it by record_child_wait, but
 * for those of the terminal, which reach it too. -1, with errno, when no process could be made. */
pid_t record_child_start(const struct record_child *child);

/* Calls `meanwhile` every 20 ms until the program has ended, and returns its wait status. */
int record_child_wait(pid_t process, void (*meanwhile)(void *argument), void *argument);

#endif
