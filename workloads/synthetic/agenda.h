/* Blocks with the time of their death: what is due comes out first. */
#ifndef AGENDA_H
#define AGENDA_H

#include "../trace.h"

struct agenda_entry {
    uint64_t time; /* in whatever unit the generator counts */
    uint32_t slot;
};

struct agenda {
    struct trace *trace; /* marked as full where the agenda finds no memory */
    struct agenda_entry *entries;
    size_t count, capacity;
};

void agenda_open(struct agenda *agenda, struct trace *trace);
void agenda_close(struct agenda *agenda); /* blocks that wait stay alive */

void agenda_add(struct agenda *agenda, uint64_t time, uint32_t slot);

/* Frees the block whose death is the next, where that is not after `now`; false: none is due. */
bool agenda_free_due(struct agenda *agenda, uint64_t now);

#endif
