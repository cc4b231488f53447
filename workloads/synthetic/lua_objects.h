/* Objects of Lua 5.1 as the blocks they consist of, born and dying together. */
#ifndef LUA_OBJECTS_H
#define LUA_OBJECTS_H

#include <stdbool.h>

#include "../random.h"
#include "../trace.h"

#define NO_BLOCK UINT32_MAX

struct object {
    uint32_t header;      /* slot; NO_BLOCK where the object is gone */
    uint32_t array, hash; /* slots of a table's parts, or NO_BLOCK */
    bool is_string, is_table;
    bool is_old;  /* has survived a collection */
    bool is_dead; /* not reached by the last mark; waits for the sweep */
};

enum { NURSERY_SIZE = 3 };

/* Tables under construction take turns in growing, so that a growing block is seldom the newest. */
struct nursery {
    struct object tables[NURSERY_SIZE]; /* without a header: none */
};

void nursery_open(struct nursery *nursery);

/* One step of a program: bears an object, or brings a table in the nursery further. True when an
 * object has been finished, which `out` then is. */
bool object_step(struct nursery *nursery, struct trace *trace, struct random *random,
                 struct object *out);

/* Frees as Lua does: hash part, array part or the query in its place, header. */
void object_free(const struct object *object, struct trace *trace);

/* Reads the header, as a sweep does; and the parts too, as a mark does. */
void object_visit_header(const struct object *object, struct trace *trace);
void object_visit(const struct object *object, struct trace *trace);

size_t object_bytes(const struct object *object, const struct trace *trace);

#endif
