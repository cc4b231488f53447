/* What an allocator's code and a script really are, and whether they can be had here. */
#ifndef IDENTIFY_H
#define IDENTIFY_H

#include <sys/stat.h>

#include "cell.h"

enum { DIGEST_LENGTH = 65, REASON_LENGTH = 512 };

struct provenance {
    bool is_available;
    char reason[REASON_LENGTH]; /* why not */
    char file[4096];            /* of the code, or of the script */
    char version[64];
    char digest[DIGEST_LENGTH]; /* SHA-256 of the file, in hexadecimal; "" without a file */
    char backing_file[4096];    /* of the library at the bottom of a stack, "" without one */
    char backing_digest[DIGEST_LENGTH];
    struct timespec changed; /* of a script, when it was last written */
};

/* Asked in a child process, so that a library that hangs or crashes when loaded, or a Lua module
 * that ends the process, is a reason for being unavailable and nothing worse. False when no child
 * could be started or a signal asked this process to stop. */
bool identify_spec(const char *spec, struct provenance *out, struct error *error);
bool identify_workload(const struct workload *workload, struct provenance *out,
                       struct error *error);

/* False when a script has been written since it was identified. */
bool identify_is_same(const struct provenance *provenance);

#endif
