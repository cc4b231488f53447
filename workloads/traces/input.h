/* The file under a reader, and what is wrong with it. */
#ifndef TRACE_INPUT_H
#define TRACE_INPUT_H

#include <stdint.h>

#include "../../allocators/allocator.h"

struct input {
    int file;                     /* or -1 */
    uint64_t size;                /* bytes, when it was opened */
    uint64_t offset, event_count; /* how far it has been believed: errors say it */
    struct error fault;           /* the last; its text is empty while there is none */
    char path[256];               /* as much as errors show */
};

/* These return false with the fault set. A plain file alone will do: its size must be known. */
bool input_open(struct input *input, const char *path);

/* All of the bytes or false. */
bool input_read(struct input *input, void *bytes, size_t count, uint64_t offset);

/* Adds where, and what to do. */
bool input_blame(struct input *input, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* It ends at one byte, where it should not before another. */
bool input_blame_end(struct input *input, uint64_t end, uint64_t expected);

void input_close(struct input *input);

#endif
