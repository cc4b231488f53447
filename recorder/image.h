/* One program that is being recorded, from its windows in the spool to its trace's file. */
#ifndef IMAGE_H
#define IMAGE_H

#include "../allocators/allocator.h"
#include "../workloads/traces/writer.h"
#include "convert.h"

enum { IMAGE_PATH_BYTES = 4096 };

struct image {
    uint32_t process, number; /* as in the names of its windows */
    uint64_t started_ns;
    char program[256];           /* what it calls itself, without folders */
    struct spool_window *window; /* being read; NULL: none */
    uint32_t window_number, next_event;
    bool is_skipped; /* its events are thrown away */
    bool is_over;    /* has ended, or has become another program */
    bool is_closed;
    bool is_gone;          /* its process was, when it was closed */
    uint32_t stopped;      /* errno that ended its recording, or 0 */
    uint64_t missed_calls; /* of complete windows; at the end of all */
    /* Once it has made a call: */
    unsigned file_number; /* from 1; 0: no file yet */
    char path[IMAGE_PATH_BYTES];
    struct trace_writer *writer;
    struct conversion conversion;
    uint64_t call_count, event_count, peak_live_bytes, file_bytes; /* when it is closed */
    struct error error; /* why there is no file; else empty */
};

/* Begins to read it. False while its first window is not there. */
bool image_begin(struct image *image, const char *folder);

/* The events that are there and were not read yet, up to the end of the window; NULL with a count
 * of 0: none. image_pass says that so many have been used. Complete windows are handed back. */
const struct raw_event *image_events(struct image *image, const char *folder, size_t *count);
void image_pass(struct image *image, size_t count);

/* Lets go of the window, and removes what is left. */
void image_end(struct image *image, const char *folder);

#endif
