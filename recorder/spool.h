/* What a recorded process hands to the recording command: raw calls, by address, in files of a
 * folder of their own. A file is a window of memory that both can map, so that what was recorded
 * before a crash, a kill or an _exit is there. Slots and old sizes are the reader's business: the
 * recorded process pays for one store of 32 bytes a call.
 *
 *     SPOOL/<process>-<image>-<window>     e.g. 4711-0-17: the 18th window of process 4711
 *
 * `image` counts the programs that a process has become by exec, and `window` from 0. Windows are
 * complete when `is_complete` is set, and may be removed by the reader then.
 */
#ifndef SPOOL_H
#define SPOOL_H

#include <stdatomic.h>
#include <stdint.h>

#define SPOOL_VARIABLE "HEAPBENCH_SPOOL" /* of the environment: the folder's path */

enum raw_kind {
    RAW_NEW,     /* new_address, new_size, log2 of the alignment */
    RAW_FREE,    /* old_address; written before the block is given back */
    RAW_RESIZE,  /* old_address, new_address, new_size */
    RAW_QUERY,   /* lua_Alloc alone */
    RAW_COLLECT, /* new_size: enum collector_phase */
    RAW_FRAME,   /* new_size: the number */
    RAW_PHASE,   /* new_size: the number */
    RAW_STATE,   /* new_size: 1 opened, 0 about to close */
};

/* Written in the order in which the calls took effect; `kind` last, so that 0 is none yet. */
struct raw_event {
    uint64_t old_address, new_address, new_size;
    uint32_t thread;   /* from 0, in the order in which threads made their first call */
    uint8_t alignment; /* log2; 0 for what every malloc gives */
    uint8_t unused[2];
    _Atomic uint8_t kind; /* enum raw_kind + 1 */
};

enum { SPOOL_WINDOW_EVENTS = 1 << 17, SPOOL_PROGRAM_BYTES = 4000 };

struct spool_window {
    char magic[8]; /* "HBSPOOL1" */
    uint32_t process, parent, image, window;
    uint64_t missed_calls; /* made where none could be written: from a signal handler, say */
    _Atomic uint32_t is_complete;
    char program[SPOOL_PROGRAM_BYTES]; /* its command line, arguments parted by newlines */
    struct raw_event events[SPOOL_WINDOW_EVENTS];
};

#endif
