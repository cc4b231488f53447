/* Any malloc in a shared library as an allocator: its rows in list.h are data.
 *
 * jemalloc takes more thread-local storage than glibc sets aside for libraries loaded late, so a
 * process that opens such a heap must be STARTED with LIBRARY_TUNABLES in GLIBC_TUNABLES.
 */
#ifndef SHARED_LIBRARY_H
#define SHARED_LIBRARY_H

#include "allocator.h"

#define TUNABLES_NAME "GLIBC_TUNABLES"
#define LIBRARY_TUNABLES "glibc.rtld.optional_static_tls=16384"

struct library_row {
    const char *soname;
    const char *prefix; /* before malloc, realloc and free */
};

extern const struct allocator allocator_library_file; /* a library by its path */

void *shared_library_open(const struct allocator *self, const struct settings *settings,
                          const struct heap *inner, struct error *error);
resize_fn shared_library_resize;
void shared_library_close(void *heap);
bool shared_library_identify(const void *heap, struct identity *out);

#endif
