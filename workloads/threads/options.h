/* The options of a program of several threads, as numbers. */
#ifndef THREADS_OPTIONS_H
#define THREADS_OPTIONS_H

#include "../workload.h"
#include "crowd.h"

/* Reads workload->options. False names the option and what is allowed. */
bool thread_options_read(const struct workload *workload, struct crowd_settings *out,
                         struct error *error);

#endif
