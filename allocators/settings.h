/* Options of a spec, read by the allocator's option rows. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "allocator.h"

/* text is "name=value,name=value" or empty, and is cut up in place. Options that it leaves out get
 * their standard value. False names the option, what was wrong and what is allowed. */
bool settings_parse(const struct allocator *allocator, char *text, struct settings *settings,
                    struct error *error);

/* "8 .. 64K", "yes or no", "one of first next best". */
const char *settings_range(const struct option_row *option, char *buffer, size_t length);

/* Bytes with K, M or G where that loses nothing. */
const char *settings_bytes(size_t bytes, char *buffer, size_t length);

#endif
