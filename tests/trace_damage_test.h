/* A whole file of a few chunks, and how to break it. */
#ifndef TRACE_DAMAGE_TEST_H
#define TRACE_DAMAGE_TEST_H

#include "trace_file_test.h"

#include <sys/mman.h>

enum { CHUNKS = 3 };

static struct file_bytes whole, broken;
static char broken_path[PATH_LENGTH]; /* in memory: thousands are written */

/* Of the chunk's head in `whole`; of CHUNKS, the file's end. */
static inline size_t chunk_offset(unsigned number)
{
    size_t offset = HEAD_BYTES + layout_head(whole.bytes).about_bytes;
    for (unsigned i = 0; i < number; i++) {
        offset += CHUNK_HEAD_BYTES + layout_chunk(whole.bytes + offset).frame_bytes;
    }
    return offset;
}

static inline int write_whole(void **state)
{
    int file = memfd_create("x.hbt", MFD_CLOEXEC);
    if (make_folder(state) != 0 || file < 0) return -1;
    snprintf(broken_path, sizeof broken_path, "/proc/self/fd/%d", file);
    write_sample(test_path, CHUNKS, 30);
    load(test_path, &whole);
    return chunk_offset(CHUNKS) == whole.count ? 0 : -1;
}

static inline void put_head(struct file_bytes *file, struct file_head head)
{
    head.totals.file_bytes = file->count;
    layout_put_head(file->bytes, &head, file->bytes + HEAD_BYTES);
}

static inline void assert_broken_refused(const char *reason)
{
    store(broken_path, &broken);
    assert_refused(broken_path, reason);
}

#endif
