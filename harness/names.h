/* Names as given on a command line. */
#ifndef NAMES_H
#define NAMES_H

#include <stddef.h>

/* Of a name's characters with its end, and of names in one call. */
enum { NAME_MAXIMUM = 512, NAMES_MAXIMUM = 256 };

struct names {
    const char *at[NAMES_MAXIMUM];
    size_t count;
};

#endif
