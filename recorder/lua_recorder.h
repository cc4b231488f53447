/* Records what a Lua state asks of its heap, in front of that heap. */
#ifndef LUA_RECORDER_H
#define LUA_RECORDER_H

#include "../allocators/spec.h"
#include "outside.h"
#include "spool_writer.h"

struct lua_recorder {
    struct heap heap; /* what to give to lua_newstate, and to mark */
    struct spool_writer spool;
    enum collector_phase phase;
    struct outside_clock clock;
    uint16_t outside; /* for the next event; 0: none */
};

/* Begins a new image in the folder, called by its script. The heap's host tells of the collector, and
 * heap_mark of frames, phases and the state's close. False when nothing can be recorded; the heap
 * works even so. The recorder stays where it is until the heap has seen its last call. */
bool lua_recorder_open(struct lua_recorder *recorder, struct heap *inner, const char *folder,
                       const char *script);

#endif
