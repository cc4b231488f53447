/* Options of a spec and of a workload, read by their owner's option rows. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "allocator.h"

/* text is "name=value,name=value" or empty, and is cut up in place. Options that it leaves out get
 * their standard value; options may be NULL for none. False says whose option, what was wrong and
 * what is allowed. */
bool settings_parse(const char *name, const struct option_row *options, char *text,
                    struct settings *settings, struct error *error);

/* One value, as it would stand behind `option=`. */
bool settings_read(const char *name, const struct option_row *option, const char *value,
                   size_t *out, struct error *error);

/* "8 .. 64K", "yes or no", "one of first next best". */
const char *settings_range(const struct option_row *option, char *buffer, size_t length);

/* Bytes with K, M or G where that loses nothing. */
const char *settings_bytes(size_t bytes, char *buffer, size_t length);

#endif
