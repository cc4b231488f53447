/* Programs of several threads, written in C, which call the heap as fast as they can: how an
 * allocator scales, and what it makes of blocks that one thread bears and another frees. A program
 * is named like an allocator, `scale-exchange:threads=4,blocks=5000`; the registry is
 * programs.h. */
#ifndef THREADS_H
#define THREADS_H

#include "../workload.h"
#include "crowd.h"

struct thread_program {
    const char *name, *summary;
    bool has_lives; /* its threads follow each other: the option `lives` */
    /* All that is done between the two readings of the clocks. False: no thread could be made. */
    bool (*run)(struct crowd *crowd);
};

/* In report order; NULL past the end. */
const struct thread_program *thread_program_at(size_t index);

/* The options of every program; ends with a row without a name. `lives` is the last. */
extern const struct option_row thread_option_rows[];

/* By a program's name, which has this length; false for others. */
bool thread_program_describe(const char *name, size_t length, struct workload *out);

/* Has the workload take these options; false names the option and what is allowed. Sets
 * workload->threads: those of the program, and the one that makes them. */
bool thread_program_take_options(struct workload *workload, const char *options,
                                 struct error *error);

/* Calls of the heap in the last run, queries there are none. */
uint64_t thread_program_operations(const void *job);

#endif
