/* What the functions of preload.c stand on: who may write an event now, and the functions that are
 * next in the order of libraries. Internal to libheapbench-record.so. */
#ifndef PRELOAD_STATE_H
#define PRELOAD_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "spool.h"

/* The malloc that the program would have without us, libc's or another that is preloaded. */
struct next_functions {
    bool is_ready;
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void (*free)(void *);
    void *(*aligned_alloc)(size_t, size_t);
    void *(*memalign)(size_t, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    void *(*valloc)(size_t);
    void *(*pvalloc)(size_t);
};

extern struct next_functions next_functions;

/* Finds them at the first call. False while they are being found: the caller, who is the dynamic
 * linker then, is to be served from start_take. */
bool next_find(void);

/* Zeroed memory that is never given back, for that moment; NULL when it is used up. */
void *start_take(size_t bytes, size_t alignment);
bool start_owns(const void *block);
size_t start_bytes_from(const void *block); /* to the end of that memory */

/* Begins a call of the program's. False when it is made from within another of the same thread, by
 * a signal handler or by the next malloc itself: it is passed on and counted as missed. */
bool recording_enter(void);
void recording_leave(void);

/* Between enter and leave. `hold` has the order of calls stand still until `release`; false when
 * nothing can be recorded, and then there is nothing to release. */
bool recording_hold(void);
void recording_release(void);

/* Appends to the order, which is held. */
void recording_write(enum raw_kind kind, const void *old_block, const void *new_block, size_t bytes,
                     size_t alignment);

/* Hold, write, release. */
void recording_note(enum raw_kind kind, const void *old_block, const void *new_block, size_t bytes,
                    size_t alignment);

/* Starts the image before its first call. */
void recording_start(void);

#endif
