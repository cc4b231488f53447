/* What a person sees on standard error while a run goes on: a bar with the time left on a terminal,
 * a line for each tenth elsewhere. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    bool is_terminal;
    const char *things;  /* "cells" */
    size_t total, first; /* of them in all, and where this process began (resumed runs) */
    unsigned tenth_shown;
    int64_t started_ms;
};

void progress_open(struct progress *progress, const char *things, size_t first, size_t total);

/* The cell named is the one that is about to run. */
void progress_show(struct progress *progress, size_t done, const char *allocator,
                   const char *workload);

/* Removes the bar, so that other lines can be printed. */
void progress_close(struct progress *progress);

#endif
