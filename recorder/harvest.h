/* Reads a spool while it is being written, and makes a trace's file of each program in it. For the
 * recording command alone; uses malloc. */
#ifndef HARVEST_H
#define HARVEST_H

#include "image.h"

struct harvest {
    const char *folder;
    const char *output; /* F.hbt, of the first program; others get F.2.hbt, F.3.hbt … */
    const char *only;   /* name of the programs to keep, or NULL for all */
    const char *about;  /* what all traces say of themselves: lines "name: value" */
    uint32_t process;   /* of the command itself, whose first image is F.hbt unless `only` is set */
    struct image **images; /* in the order of their starts */
    size_t image_count;
    unsigned file_count; /* highest number of a file */
    size_t unread_count; /* programs that could not begin, or have just begun */
};

/* Reads what is there. False when memory ran out. */
bool harvest_gather(struct harvest *harvest);

/* The command has ended: reads the rest and completes all files. */
bool harvest_finish(struct harvest *harvest);

void harvest_close(struct harvest *harvest);

#endif
