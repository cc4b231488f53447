/* The functions that the program finds in the place of malloc's. Each calls the next one and writes
 * an event, in an order by which addresses can be followed:
 *
 *     free      written before the block is given back: whoever gets the address next comes after
 *     new       written when the block is there: whoever had the address has been written
 *     realloc   done and written while the order stands still: inside it an old address becomes free
 *               and a new one is taken, and another thread's events on either may not come between
 *
 * Cost: a lock, a store of 32 bytes; the program's own memory is touched by nothing.
 */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload_state.h"

#define PUBLIC __attribute__((visibility("default")))

enum { START_ALIGNMENT = 16 };

static void *note_new(void *block, size_t bytes, size_t alignment)
{
    if (block) recording_note(RAW_NEW, NULL, block, bytes, alignment);
    recording_leave();
    return block;
}

PUBLIC void *malloc(size_t bytes)
{
    if (!next_find()) return start_take(bytes, START_ALIGNMENT);
    if (!recording_enter()) return next_functions.malloc(bytes);
    return note_new(next_functions.malloc(bytes), bytes, 0);
}

PUBLIC void *calloc(size_t count, size_t bytes)
{
    size_t total;
    bool is_too_large = __builtin_mul_overflow(count, bytes, &total);
    if (!next_find()) return is_too_large ? NULL : start_take(total, START_ALIGNMENT);
    if (!recording_enter()) return next_functions.calloc(count, bytes);
    return note_new(next_functions.calloc(count, bytes), total, 0);
}

PUBLIC void free(void *block)
{
    if (!block || start_owns(block) || !next_find()) return;
    if (!recording_enter()) {
        next_functions.free(block);
        return;
    }
    recording_note(RAW_FREE, block, NULL, 0, 0);
    next_functions.free(block);
    recording_leave();
}

static void *move_from_start(void *block, size_t bytes)
{
    void *moved = malloc(bytes);
    size_t room = start_bytes_from(block);
    return moved ? memcpy(moved, block, bytes < room ? bytes : room) : NULL;
}

/* A new size of 0 may free the block, and may give another: the result tells. */
static void *resize_held(void *block, size_t bytes)
{
    void *moved = next_functions.realloc(block, bytes);
    if (moved) recording_write(RAW_RESIZE, block, moved, bytes, 0);
    else if (bytes == 0) recording_write(RAW_FREE, block, NULL, 0, 0);
    recording_release();
    return moved;
}

PUBLIC void *realloc(void *block, size_t bytes)
{
    if (!block) return malloc(bytes);
    if (start_owns(block)) return move_from_start(block, bytes);
    if (!next_find()) return NULL;
    if (!recording_enter()) return next_functions.realloc(block, bytes);
    void *moved =
        recording_hold() ? resize_held(block, bytes) : next_functions.realloc(block, bytes);
    recording_leave();
    return moved;
}

PUBLIC void *reallocarray(void *block, size_t count, size_t bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(block, total);
}

PUBLIC void *aligned_alloc(size_t alignment, size_t bytes)
{
    if (!next_find()) return start_take(bytes, alignment);
    if (!recording_enter()) return next_functions.aligned_alloc(alignment, bytes);
    return note_new(next_functions.aligned_alloc(alignment, bytes), bytes, alignment);
}

PUBLIC void *memalign(size_t alignment, size_t bytes)
{
    if (!next_find()) return start_take(bytes, alignment);
    if (!recording_enter()) return next_functions.memalign(alignment, bytes);
    return note_new(next_functions.memalign(alignment, bytes), bytes, alignment);
}

PUBLIC int posix_memalign(void **block, size_t alignment, size_t bytes)
{
    if (!next_find()) return (*block = start_take(bytes, alignment)) ? 0 : ENOMEM;
    if (!recording_enter()) return next_functions.posix_memalign(block, alignment, bytes);
    int failure = next_functions.posix_memalign(block, alignment, bytes);
    note_new(failure ? NULL : *block, bytes, alignment);
    return failure;
}

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

PUBLIC void *valloc(size_t bytes)
{
    if (!next_find()) return start_take(bytes, page_bytes());
    if (!recording_enter()) return next_functions.valloc(bytes);
    return note_new(next_functions.valloc(bytes), bytes, page_bytes());
}

/* Asks for whole pages; those are what the program may use. */
PUBLIC void *pvalloc(size_t bytes)
{
    size_t page = page_bytes(), total = (bytes + page - 1) & ~(page - 1);
    if (!next_find()) return start_take(total, page);
    if (!recording_enter()) return next_functions.pvalloc(bytes);
    return note_new(next_functions.pvalloc(bytes), total, page);
}

__attribute__((constructor(101))) static void start(void)
{
    next_find();
    recording_start();
}
