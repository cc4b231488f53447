/* What the user asked `heapbench run` to do. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "names.h"

struct profile {
    const char *name;
    unsigned rounds;
    bool is_short; /* leaves out what is measured by name alone */
};

struct run_options {
    struct names specs, workloads; /* empty: all */
    const struct profile *profile;
    unsigned rounds; /* 0: the profile's */
    unsigned timeout_seconds;
    uint64_t seed;
    const char *folder; /* NULL: a new one under results */
    bool is_resumed;
    bool names_plan; /* an option was given that changes the plan */
};

/* Ends the process with status 2 and one line when the arguments are wrong. */
void options_read(struct run_options *options, int argc, char **argv);

#endif
