/* A model of Lua 5.1's incremental collector, as far as an allocator can see it. */
#ifndef COLLECTOR_H
#define COLLECTOR_H

#include "lua_objects.h"

struct object_list {
    struct object *items;
    size_t count, capacity;
};

struct collector {
    struct trace *trace;
    struct random *random;
    struct nursery nursery;
    struct object_list objects; /* by age, the newest last */
    struct object_list strings; /* as in the buckets of the string table: in random order */
    size_t survivor_bytes;      /* what collections are steered to leave */
    size_t permanent_count;     /* of the oldest objects, which survive all collections */
};

/* trace must stay where it is while the collector is open. False when memory ran out. */
bool collector_open(struct collector *collector, struct trace *trace, struct random *random,
                    size_t survivor_bytes);

/* Lets the program run until twice the survivors are alive, then one cycle of collection. */
void collector_cycle(struct collector *collector);

/* Frees all that is alive, as closing the state does. */
void collector_close(struct collector *collector);

#endif
