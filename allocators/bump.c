/* Bump allocation: the next block starts where the last one ended, and nothing is ever used again.
 *
 *     buffer  | link | block | block | block |  next ->        | end
 *
 * The last block grows in place; any other growth copies. With `grow` buffers double up to 64 MiB
 * and are linked as they fill, and a block too large for the next buffer gets one of its own.
 * Without it there is one buffer, mapped at opening, and no system call after that.
 * Invariant: next and end are 8-byte aligned. Cost: about 15 instructions, never a search.
 */
#include "allocator.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "pages.h"

enum { FIRST_BYTES, GROW };

#define BUFFER_MAXIMUM ((size_t)64 << 20)

/* At the head of every mapping, to give it back. */
struct buffer {
    struct buffer *older;
    size_t mapped_bytes;
};

struct bump {
    char *next, *end; /* of the buffer that blocks are cut from */
    size_t live_bytes, live_blocks;
    size_t next_buffer_bytes; /* what the next buffer will hold; 0 when there is to be none */
    struct buffer *newest;
    size_t footprint_bytes, buffer_count;
};

static size_t round_up(size_t bytes)
{
    return (bytes + 7) & ~(size_t)7;
}

/* Room for so many bytes behind the link, or NULL. */
static char *add_buffer(struct bump *bump, size_t bytes)
{
    size_t mapped = sizeof(struct buffer) + bytes;
    struct buffer *buffer = mapped > bytes ? pages_map(mapped) : NULL;
    if (buffer == NULL) return NULL;
    *buffer = (struct buffer){bump->newest, mapped};
    bump->newest = buffer;
    bump->footprint_bytes += mapped;
    bump->buffer_count++;
    return (char *)(buffer + 1);
}

/* The current buffer is too short for the block. */
static void *cut_elsewhere(struct bump *bump, size_t new_size)
{
    size_t bytes = bump->next_buffer_bytes;
    if (bytes == 0) return NULL;
    if (new_size > bytes) return add_buffer(bump, new_size);
    char *start = add_buffer(bump, bytes);
    if (start == NULL) return NULL;
    bump->next = start + round_up(new_size);
    bump->end = start + bytes;
    if (bytes < BUFFER_MAXIMUM) bump->next_buffer_bytes = bytes * 2;
    return start;
}

static void *cut_block(struct bump *bump, size_t new_size)
{
    /* The room is a multiple of 8: what fits also fits rounded up. */
    if (new_size > (size_t)(bump->end - bump->next)) return cut_elsewhere(bump, new_size);
    char *block = bump->next;
    bump->next += round_up(new_size);
    return block;
}

static void *new_block(struct bump *bump, size_t new_size)
{
    if (new_size == 0) return NULL;
    void *block = cut_block(bump, new_size);
    if (block == NULL) return NULL;
    bump->live_bytes += new_size;
    bump->live_blocks++;
    return block;
}

static void *grow_block(struct bump *bump, char *block, size_t old_size, size_t new_size)
{
    char *result = block, *block_end = block + round_up(old_size);
    if (block_end == bump->next && new_size <= (size_t)(bump->end - block)) {
        bump->next = block + round_up(new_size);
    } else if (new_size > round_up(old_size)) {
        result = cut_block(bump, new_size);
        if (result == NULL) return NULL;
        memcpy(result, block, old_size);
    }
    bump->live_bytes += new_size - old_size;
    return result;
}

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct bump *bump = heap;
    if (block == NULL) return new_block(bump, new_size);
    if (new_size > old_size) return grow_block(bump, block, old_size, new_size);
    bump->live_bytes -= old_size - new_size;
    if (new_size != 0) return block;
    bump->live_blocks--;
    return NULL;
}

static void close_heap(void *heap)
{
    struct bump *bump = heap;
    struct buffer *older;
    for (struct buffer *buffer = bump->newest; buffer != NULL; buffer = older) {
        older = buffer->older;
        pages_unmap(buffer, buffer->mapped_bytes);
    }
    pages_unmap(bump, sizeof *bump);
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    (void)self, (void)inner;
    size_t bytes = settings->values[FIRST_BYTES].number & ~(size_t)7;
    assert(bytes >= 8);
    struct bump *bump = pages_map(sizeof *bump);
    char *start = bump != NULL ? add_buffer(bump, bytes) : NULL;
    if (start == NULL) {
        error_set(error, "bump: the system refuses %zu bytes; give a smaller size", bytes);
        if (bump != NULL) close_heap(bump);
        return NULL;
    }
    bump->next = start;
    bump->end = start + bytes;
    bump->footprint_bytes += sizeof *bump;
    if (settings->values[GROW].number)
        bump->next_buffer_bytes = bytes * 2 < BUFFER_MAXIMUM ? bytes * 2 : BUFFER_MAXIMUM;
    return bump;
}

static void read_statistics(const void *heap, struct heap_statistics *out)
{
    const struct bump *bump = heap;
    out->live_bytes = bump->live_bytes;
    out->live_blocks = bump->live_blocks;
    out->footprint_bytes = bump->footprint_bytes;
    out->metadata_bytes = sizeof *bump + bump->buffer_count * sizeof(struct buffer);
    out->free_bytes = out->largest_free_bytes = (size_t)(bump->end - bump->next);
    if (bump->next_buffer_bytes == 0) out->capacity_bytes = bump->footprint_bytes;
}

static const struct option_row options[] = {
    [FIRST_BYTES] = {"size", OPTION_BYTES, "512K", 64, (size_t)1 << 40, NULL, "first buffer"},
    [GROW] = {"grow", OPTION_BOOLEAN, "yes", 0, 1, NULL,
              "further buffers when it is full; no: refuse, and make no system call after opening"},
    {0},
};

const struct allocator allocator_bump = {
    .name = "bump",
    .summary = "cuts blocks off a buffer and never uses one again",
    .traits = TRAIT_RETAINS,
    .alignment = 8,
    .options = options,
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
    .statistics = read_statistics,
};
