/* What a trace says of itself before it is replayed. Nothing here takes memory from malloc. */
#ifndef REPLAY_DESCRIBE_H
#define REPLAY_DESCRIBE_H

#include "../workload.h"

/* Where the file's path ends in `path.hbt` or `path.hbt:options`; NULL for all other names. */
const char *trace_path_end(const char *name);

/* Fills in a workload from the file's head. False says what is wrong with it. */
bool trace_describe(const char *path, struct workload *out, struct error *error);

/* A line of list.h or a family, by its name; false for others. */
bool synthetic_describe(const char *name, size_t length, struct workload *out);

/* In report order: lines of list.h. False past the end. */
bool synthetic_at(size_t index, struct workload *out);

/* Has it take these options; false says what is wrong with them. threads must be as many as the
 * trace has, and becomes those that the options ask for. */
bool trace_take_options(struct workload *workload, const char *options, struct error *error);

#endif
