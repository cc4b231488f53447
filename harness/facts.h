/* What the machine says of itself, as JSON. */
#ifndef FACTS_H
#define FACTS_H

#include <jansson.h>

/* Model, processors, caches, memory, kernel and its settings, libc: what stays the same between
 * runs. */
json_t *facts_machine(void);

/* Name, version, compiler, flags and SHA-256 of this executable. */
json_t *facts_program(void);

/* Time, load and time stolen by the hypervisor: what does not. */
json_t *facts_moment(void);

#endif
