/* What a recorded process hands to the recording command: raw calls, by address, in files of a
 * folder of their own. A file is a window of memory that both map, so that what was recorded before
 * a crash, a kill or an _exit is there. Slots and old sizes are the reader's business: the recorded
 * process pays for one store of 32 bytes a call.
 *
 *     SPOOL/<process>-<image>             empty: claims the number of an image
 *     SPOOL/<process>-<image>-<window>    e.g. 4711-0-17: the 18th window of process 4711
 *     SPOOL/<process>-<image>-free<n>     a window that was read, all zero, to be used again
 *
 * `image` counts the programs that a process has become by exec, and `window` from 0. Windows are
 * complete when `is_complete` is set; the reader then wipes them and puts them under one of
 * SPOOL_SPARES names, from which the writer takes its next: pages that are used again cost a tenth
 * of new ones. A file has become a window when its head has the magic. A writer that is
 * SPOOL_WINDOWS_AHEAD of its reader waits for it, and gives up when it seems dead, so that a spool
 * has a bound.
 */
#ifndef SPOOL_H
#define SPOOL_H

#include <stdatomic.h>
#include <stddef.h>
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
    uint32_t thread;      /* from 0, in the order in which threads made their first call */
    uint8_t alignment;    /* log2; 0 for what every malloc gives */
    _Atomic uint8_t kind; /* enum raw_kind + 1 */
    uint16_t outside;     /* what the program took before this call: see outside.h; or 0 */
};

enum {
    SPOOL_WINDOW_EVENTS = 1 << 15,
    SPOOL_WINDOWS_AHEAD = 256,
    SPOOL_SPARES = 16,
    SPOOL_PATIENCE_SECONDS = 10,
    SPOOL_FOLDER_BYTES = 256,
    SPOOL_PROGRAM_BYTES = 4048,
};

#define SPOOL_MAGIC "HBSPOOL1"

struct spool_window {
    char magic[8]; /* written last of what stands before the events */
    uint32_t process, parent, image, window;
    _Atomic uint64_t missed_calls; /* made where none could be written: from a signal handler */
    _Atomic uint32_t is_complete;
    _Atomic uint32_t stopped; /* errno of why nothing follows this window's events; 0: nothing */
    uint64_t started_ns;      /* of the image, CLOCK_MONOTONIC */
    char program[SPOOL_PROGRAM_BYTES]; /* its command line, arguments parted by newlines */
    struct raw_event events[SPOOL_WINDOW_EVENTS];
};

_Static_assert(sizeof(struct raw_event) == 32, "a call costs one store of 32 bytes");
_Static_assert(offsetof(struct spool_window, events) == 4096, "events begin on a page");

#endif
