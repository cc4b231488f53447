/* A plain file read by position, so that nothing but the reader's own state says where it is. One
 * that shrinks while it is read is one that was cut off.
 */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAMAGED "the file is damaged or was not written by heapbench"

bool input_blame(struct input *input, const char *format, ...)
{
    char reason[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return error_set(&input->fault, "%s: byte %" PRIu64 ", event %" PRIu64 ": %s: " DAMAGED,
                     input->path, input->offset, input->event_count, reason);
}

bool input_blame_end(struct input *input, uint64_t end, uint64_t expected)
{
    return error_set(&input->fault,
                     "%s: is cut off at byte %" PRIu64 " of %" PRIu64 " or more: copy it again",
                     input->path, end, expected);
}

bool input_read(struct input *input, void *bytes, size_t count, uint64_t offset)
{
    for (uint8_t *cursor = bytes; count > 0;) {
        ssize_t got = pread(input->file, cursor, count, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            return error_set(&input->fault, "%s: byte %" PRIu64 ": %s", input->path, offset,
                             strerror(errno));
        }
        if (got == 0) return input_blame_end(input, offset, offset + count);
        cursor += got;
        offset += (size_t)got;
        count -= (size_t)got;
    }
    return true;
}

bool input_open(struct input *input, const char *path)
{
    struct stat status;
    snprintf(input->path, sizeof input->path, "%s", path);
    /* A pipe without a writer would block. */
    input->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (input->file < 0 || fstat(input->file, &status) != 0) {
        return error_set(&input->fault, "%s: %s", input->path, strerror(errno));
    }
    if (S_ISDIR(status.st_mode)) {
        return error_set(&input->fault, "%s: is a folder, not a trace", input->path);
    }
    if (!S_ISREG(status.st_mode)) {
        return error_set(&input->fault,
                         "%s: is no plain file, whose size can be told: copy it into one",
                         input->path);
    }
    input->size = (uint64_t)status.st_size;
    return true;
}

void input_close(struct input *input)
{
    if (input->file >= 0) close(input->file);
    input->file = -1;
}
