/* Bump allocation: the next block starts where the last one ended, and nothing is ever used again.
 *
 *     buffer  | link | block | block | block |  next ->        | end
 *
 * The last block grows in place; any other growth copies. With `grow` buffers are linked as they
 * fill, and a block too large for the next buffer gets one of its own. Without it, and where the
 * caller lends the buffer, there is that one and no system call after opening. Two of this kind:
 *   bump   buffers double up to 64 MiB: memory that is never to be given back, or a fixed piece
 *   frame  frames of one size, each to hold a Lua state whole: closing the heap drops the state in
 *          a system call a frame, in the place of lua_close, which visits every block
 * Invariant: next and end are multiples of the alignment from a start that is one, too. Cost:
 * about 15 instructions, never a search.
 */
#include "allocator.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "pages.h"

enum { FIRST_BYTES, GROW };

#define BUFFER_MAXIMUM ((size_t)64 << 20)

extern const struct allocator allocator_bump, allocator_frame;

/* At the head of every mapping, to give it back; its size keeps blocks 16-byte aligned. */
struct buffer {
    struct buffer *older;
    size_t mapped_bytes;
};

struct bump {
    char *next, *end;      /* of the buffer that blocks are cut from */
    size_t alignment_mask; /* alignment - 1 */
    size_t live_bytes, live_blocks;
    size_t next_buffer_bytes; /* what the next buffer will hold; 0 when there is to be none */
    size_t buffer_maximum;    /* next_buffer_bytes doubles below it */
    struct buffer *newest;
    char *start; /* of the buffer that blocks are cut from */
    size_t footprint_bytes, buffer_count;
    size_t used_elsewhere;             /* cut from all other buffers */
    size_t abandoned_bytes;            /* cut for blocks that are no more */
    size_t end_bytes;                  /* left in full buffers */
    size_t peak_bytes;                 /* of live bytes, up to the last that went */
    const struct allocator *allocator; /* bump or frame */
};

static size_t round_up(const struct bump *bump, size_t bytes)
{
    return (bytes + bump->alignment_mask) & ~bump->alignment_mask;
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

static void *cut_own_buffer(struct bump *bump, size_t new_size)
{
    void *block = add_buffer(bump, new_size);
    if (block != NULL) bump->used_elsewhere += round_up(bump, new_size);
    return block;
}

/* The current buffer is too short for the block. */
static void *cut_elsewhere(struct bump *bump, size_t new_size)
{
    size_t bytes = bump->next_buffer_bytes;
    if (bytes == 0) return NULL;
    if (new_size > bytes) return cut_own_buffer(bump, new_size);
    char *start = add_buffer(bump, bytes);
    if (start == NULL) return NULL;
    bump->used_elsewhere += (size_t)(bump->next - bump->start);
    bump->end_bytes += (size_t)(bump->end - bump->next);
    bump->start = start;
    bump->next = start + round_up(bump, new_size);
    bump->end = start + bytes;
    if (bytes < bump->buffer_maximum) bump->next_buffer_bytes = bytes * 2;
    return start;
}

static void *cut_block(struct bump *bump, size_t new_size)
{
    /* The room is a multiple of the alignment: what fits also fits rounded up. */
    if (new_size > (size_t)(bump->end - bump->next)) return cut_elsewhere(bump, new_size);
    char *block = bump->next;
    bump->next += round_up(bump, new_size);
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
    size_t room = round_up(bump, old_size);
    char *result = block;
    if (block + room == bump->next && new_size <= (size_t)(bump->end - block)) {
        bump->next = block + round_up(bump, new_size);
    } else if (new_size > room) {
        result = cut_block(bump, new_size);
        if (result == NULL) return NULL;
        memcpy(result, block, old_size);
        bump->abandoned_bytes += room;
    }
    bump->live_bytes += new_size - old_size;
    return result;
}

/* Frees and shrinks. */
static void abandon(struct bump *bump, size_t old_size, size_t new_size)
{
    /* Only here does the count of live bytes go down, so a peak cannot pass unseen. */
    if (bump->live_bytes > bump->peak_bytes) bump->peak_bytes = bump->live_bytes;
    bump->live_bytes -= old_size - new_size;
    bump->abandoned_bytes += round_up(bump, old_size) - round_up(bump, new_size);
}

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct bump *bump = heap;
    if (block == NULL) return new_block(bump, new_size);
    if (new_size > old_size) return grow_block(bump, block, old_size, new_size);
    abandon(bump, old_size, new_size);
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

/* A buffer that grows is followed by one of twice its size; a frame by one of its own size. */
static void set_growth(struct bump *bump, size_t bytes)
{
    bool doubles = bump->allocator == &allocator_bump;
    bump->buffer_maximum = doubles ? BUFFER_MAXIMUM : bytes;
    bump->next_buffer_bytes = doubles ? bytes * 2 : bytes;
    if (bump->next_buffer_bytes > bump->buffer_maximum) {
        bump->next_buffer_bytes = bump->buffer_maximum;
    }
}

static bool map_first_buffer(struct bump *bump, const struct settings *settings)
{
    size_t bytes = settings->values[FIRST_BYTES].number & ~bump->alignment_mask;
    assert(bytes > bump->alignment_mask);
    bump->start = add_buffer(bump, bytes);
    if (bump->start == NULL) return false;
    bump->end = bump->start + bytes;
    if (settings->values[GROW].number) set_growth(bump, bytes);
    return true;
}

/* The size and the growth of a spec are those of memory from the system. */
static bool take_lent_buffer(struct bump *bump, const struct settings *settings)
{
    size_t gap = -(uintptr_t)settings->buffer & bump->alignment_mask;
    if (settings->buffer_bytes <= gap + bump->alignment_mask) return false;
    size_t bytes = (settings->buffer_bytes - gap) & ~bump->alignment_mask;
    bump->start = (char *)settings->buffer + gap;
    bump->end = bump->start + bytes;
    bump->footprint_bytes += bytes;
    bump->buffer_count++;
    return true;
}

static bool take_first_buffer(struct bump *bump, const struct settings *settings,
                              struct error *error)
{
    const char *name = bump->allocator->name;
    if (settings->buffer == NULL) {
        return map_first_buffer(bump, settings) ||
               error_set(error, "%s: the system refuses %zu bytes; give a smaller size", name,
                         settings->values[FIRST_BYTES].number);
    }
    return take_lent_buffer(bump, settings) ||
           error_set(error, "%s: a buffer of %zu bytes holds no block; give a larger one", name,
                     settings->buffer_bytes);
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    (void)inner;
    struct bump *bump = pages_map(sizeof *bump);
    if (bump == NULL) {
        error_set(error, "%s: the system refuses a page", self->name);
        return NULL;
    }
    bump->allocator = self;
    bump->alignment_mask = self->alignment - 1;
    bump->footprint_bytes = sizeof *bump;
    if (take_first_buffer(bump, settings, error)) {
        bump->next = bump->start;
        return bump;
    }
    close_heap(bump);
    return NULL;
}

static size_t used_bytes(const struct bump *bump)
{
    return bump->used_elsewhere + (size_t)(bump->next - bump->start);
}

static void read_statistics(const void *heap, struct heap_statistics *out)
{
    const struct bump *bump = heap;
    out->live_bytes = bump->live_bytes;
    out->live_blocks = bump->live_blocks;
    out->usable_bytes = used_bytes(bump) - bump->abandoned_bytes;
    out->footprint_bytes = bump->footprint_bytes;
    out->metadata_bytes = sizeof *bump;
    if (bump->newest != NULL) out->metadata_bytes += bump->buffer_count * sizeof(struct buffer);
    out->free_bytes = out->largest_free_bytes = (size_t)(bump->end - bump->next);
    if (bump->next_buffer_bytes == 0) out->capacity_bytes = bump->footprint_bytes;
}

static bool read_figure(const void *heap, size_t index, struct heap_figure *out)
{
    const struct bump *bump = heap;
    size_t peak = bump->live_bytes > bump->peak_bytes ? bump->live_bytes : bump->peak_bytes;
    bool is_frame = bump->allocator == &allocator_frame;
    const struct heap_figure figures[] = {
        {is_frame ? "frames" : "buffers", "count", (double)bump->buffer_count},
        {"used", "bytes", (double)used_bytes(bump)},
        {"peak of live bytes", "bytes", (double)peak},
        {"abandoned", "bytes", (double)bump->abandoned_bytes},
        {is_frame ? "left in full frames" : "left in full buffers", "bytes",
         (double)bump->end_bytes},
    };
    if (index >= sizeof figures / sizeof *figures) return false;
    *out = figures[index];
    return true;
}

static const struct option_row bump_options[] = {
    [FIRST_BYTES] = {"size", OPTION_BYTES, "512K", 64, (size_t)1 << 40, NULL, "first buffer"},
    [GROW] = {"grow", OPTION_BOOLEAN, "yes", 0, 1, NULL,
              "further buffers when it is full; no: refuse, and make no system call after opening"},
    {0},
};

static const struct option_row frame_options[] = {
    [FIRST_BYTES] = {"size", OPTION_BYTES, "10M", 4 << 10, (size_t)1 << 40, NULL,
                     "of a frame; a larger block gets one of its own"},
    [GROW] = {"grow", OPTION_BOOLEAN, "yes", 0, 1, NULL,
              "further frames when it is full; no: refuse, and make no system call after opening"},
    {0},
};

const struct allocator allocator_bump = {
    .name = "bump",
    .summary = "cuts blocks off a buffer and never uses one again",
    .traits = TRAIT_RETAINS | TRAIT_BY_NAME | TRAIT_TAKES_BUFFER,
    .alignment = 8,
    .options = bump_options,
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
    .statistics = read_statistics,
    .figure = read_figure,
};

const struct allocator allocator_frame = {
    .name = "frame",
    .summary = "a whole Lua state in frames, dropped at once instead of closed: lua --drop",
    .traits = TRAIT_RETAINS | TRAIT_BY_NAME | TRAIT_TAKES_BUFFER,
    .alignment = 16,
    .options = frame_options,
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
    .statistics = read_statistics,
    .figure = read_figure,
};
