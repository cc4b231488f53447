/* What a Lua script says of itself before it is run as a workload. */
#ifndef SCRIPT_H
#define SCRIPT_H

#include "workload.h"

/* Fills in a workload from a script's path and first lines; checks that it can be read and that its
 * syntax is right. False says what is wrong, with file and line. */
bool script_describe(const char *path, struct workload *out, struct error *error);

/* False when a module that the script needs cannot be found, and says which. */
bool script_modules_found(const struct workload *workload, struct error *reason);

#endif
