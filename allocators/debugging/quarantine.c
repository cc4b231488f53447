/* Keeps freed blocks for a while, filled with a pattern, before the inner heap may hand them out
 * again: a write to one of them is seen when it leaves, and a second free while it is kept.
 *
 * Kept blocks stand in a table by address, linked in the order of their frees; the oldest leave as
 * newer ones need the room, and whenever the inner heap refuses a request. A growth always moves,
 * so that the old address is kept, too; a shrink is the inner heap's. Invariant: every byte of a
 * kept block is the poison, unless the program has written to it.
 * Cost: two passes over each block, a look-up a call, and 24 bytes a kept block. What a block's
 * size is, the caller is trusted to know: guards or records over this find out.
 */
#include "quarantine.h"

#include <stdint.h>
#include <string.h>

#include "../pages.h"
#include "block_table.h"
#include "complaint.h"

struct kept {
    struct block_entry entry; /* its mark is the number of the next newer one; 0 for none */
    size_t size;
};

struct quarantine {
    struct wrapped wrapped;
    struct block_table table;
    uint32_t oldest, newest; /* numbers in the table; 0 for none */
    size_t most_bytes, most_blocks;
    size_t kept_bytes, kept_blocks;
    size_t live_bytes, live_blocks;
    size_t faults, evictions;
    bool are_blocks_unknown; /* some were alive before this heap was */
};

static bool is_poison(const unsigned char *block, size_t size)
{
    return *block == QUARANTINE_POISON && !memcmp(block, block + 1, size - 1);
}

/* Complains of a changed block and fills it again. Bytes are told by their distance from where the
 * program's own block began. */
static bool inspect(struct quarantine *quarantine, const struct kept *kept)
{
    const struct heap *inner = quarantine->wrapped.inner;
    unsigned char *block = (unsigned char *)kept->entry.block;
    if (is_poison(block, kept->size)) return true;
    struct seen_block seen = complaint_seen(inner, block, kept->size);
    size_t first = 0, changed = 0;
    for (size_t at = kept->size; at-- > 0;) {
        if (block[at] == QUARANTINE_POISON) continue;
        first = at;
        changed++;
    }
    quarantine->faults++;
    complain(inner, FAULT_USE_AFTER_FREE, block, kept->size,
             "byte %td was written after it was freed: it is 0x%02x and should be 0x%02x; changed "
             "bytes: %zu",
             (char *)block + first - seen.address, block[first], QUARANTINE_POISON, changed);
    memset(block, QUARANTINE_POISON, kept->size);
    return false;
}

static void release_oldest(struct quarantine *quarantine)
{
    struct kept *kept = block_table_at(&quarantine->table, quarantine->oldest);
    void *block = (void *)kept->entry.block;
    size_t size = kept->size;
    inspect(quarantine, kept);
    quarantine->oldest = kept->entry.mark;
    if (!quarantine->oldest) quarantine->newest = 0;
    quarantine->kept_bytes -= size;
    quarantine->kept_blocks--;
    block_table_remove(&quarantine->table, kept);
    wrapped_resize(&quarantine->wrapped, block, size, 0);
}

static void release(struct quarantine *quarantine, size_t count)
{
    for (; count && quarantine->oldest; count--) release_oldest(quarantine);
}

static void make_room(struct quarantine *quarantine, size_t size)
{
    while (quarantine->oldest && (quarantine->kept_bytes + size > quarantine->most_bytes ||
                                  quarantine->kept_blocks >= quarantine->most_blocks)) {
        quarantine->evictions++;
        release_oldest(quarantine);
    }
}

static void append(struct quarantine *quarantine, struct kept *kept)
{
    uint32_t number = block_table_number(&quarantine->table, kept);
    if (quarantine->newest) {
        struct kept *before = block_table_at(&quarantine->table, quarantine->newest);
        before->entry.mark = number;
    } else quarantine->oldest = number;
    quarantine->newest = number;
    quarantine->kept_bytes += kept->size;
    quarantine->kept_blocks++;
}

/* Room was made before, since complaining of others may read this block. */
static void keep(struct quarantine *quarantine, void *block, size_t size)
{
    bool is_small = size <= quarantine->most_bytes;
    struct kept *kept = is_small ? block_table_insert(&quarantine->table, block) : NULL;
    if (!kept) {
        wrapped_resize(&quarantine->wrapped, block, size, 0);
        return;
    }
    kept->size = size;
    memset(block, QUARANTINE_POISON, size);
    append(quarantine, kept);
}

/* Twice as many leave each time, so that a request that no heap could serve ends soon. */
static void *ask_inner(struct quarantine *quarantine, void *block, size_t old_size, size_t new_size)
{
    void *result = wrapped_resize(&quarantine->wrapped, block, old_size, new_size);
    for (size_t count = 1; !result && quarantine->oldest; count *= 2) {
        quarantine->evictions += count < quarantine->kept_blocks ? count : quarantine->kept_blocks;
        release(quarantine, count);
        result = wrapped_resize(&quarantine->wrapped, block, old_size, new_size);
    }
    return result;
}

/* Where there is no memory for both, the inner heap may still have some for the growth. */
static void *grow(struct quarantine *quarantine, void *block, size_t old_size, size_t new_size)
{
    if (old_size > quarantine->most_bytes) {
        return ask_inner(quarantine, block, old_size, new_size);
    }
    void *moved = ask_inner(quarantine, NULL, 0, new_size);
    if (!moved) return wrapped_resize(&quarantine->wrapped, block, old_size, new_size);
    make_room(quarantine, old_size);
    memcpy(moved, block, old_size);
    keep(quarantine, block, old_size);
    return moved;
}

static void *change(struct quarantine *quarantine, void *block, size_t old_size, size_t new_size)
{
    void *result = !block ? ask_inner(quarantine, NULL, 0, new_size)
                   : new_size > old_size
                       ? grow(quarantine, block, old_size, new_size)
                       : wrapped_resize(&quarantine->wrapped, block, old_size, new_size);
    if (!result) return NULL;
    quarantine->live_bytes += new_size - old_size;
    quarantine->live_blocks += !block;
    return result;
}

static void *drop(struct quarantine *quarantine, void *block, size_t size)
{
    if (size <= quarantine->most_bytes) make_room(quarantine, size);
    keep(quarantine, block, size);
    quarantine->live_bytes -= size;
    quarantine->live_blocks--;
    return NULL;
}

static void *refuse(struct quarantine *quarantine, const struct kept *kept, size_t old_size,
                    size_t new_size)
{
    void *block = (void *)kept->entry.block;
    quarantine->faults++;
    complain(quarantine->wrapped.inner, new_size ? FAULT_RESIZE_OF_FREED : FAULT_DOUBLE_FREE, block,
             kept->size, "it was to be %s and is free already", new_size ? "resized" : "freed");
    return new_size && new_size <= old_size ? block : NULL; /* a shrink never fails */
}

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct quarantine *quarantine = heap;
    if (!block && !new_size) return NULL;
    if (!block) return change(quarantine, NULL, 0, new_size);
    const struct kept *kept = block_table_find(&quarantine->table, block);
    if (__builtin_expect(kept != NULL, 0)) return refuse(quarantine, kept, old_size, new_size);
    return new_size ? change(quarantine, block, old_size, new_size)
                    : drop(quarantine, block, old_size);
}

static size_t audit(void *heap)
{
    struct quarantine *quarantine = heap;
    const struct kept *kept;
    size_t found = 0;
    for (uint32_t place = 0; (kept = block_table_next(&quarantine->table, &place));) {
        found += !inspect(quarantine, kept);
    }
    return found;
}

static void adopt(void *heap, size_t live_bytes)
{
    struct quarantine *quarantine = heap;
    quarantine->live_bytes = live_bytes;
    quarantine->are_blocks_unknown = true;
}

enum option_index { MOST_BYTES, MOST_BLOCKS };

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    struct quarantine *quarantine = wrapped_open(self, inner, sizeof *quarantine, error);
    if (!quarantine) return NULL;
    if (!block_table_open(&quarantine->table, sizeof(struct kept))) {
        error_set(error, "quarantine: the system refuses memory for the list of kept blocks");
        pages_unmap(quarantine, sizeof *quarantine);
        return NULL;
    }
    quarantine->most_bytes = settings->values[MOST_BYTES].number;
    quarantine->most_blocks = settings->values[MOST_BLOCKS].number;
    return quarantine;
}

static void close_heap(void *heap)
{
    struct quarantine *quarantine = heap;
    release(quarantine, SIZE_MAX);
    block_table_close(&quarantine->table);
    pages_unmap(quarantine, sizeof *quarantine);
}

/* What the kept blocks take of the inner heap's usable bytes is not known. */
static void read_statistics(const void *heap, struct heap_statistics *out)
{
    const struct quarantine *quarantine = heap;
    size_t own = sizeof *quarantine + block_table_footprint(&quarantine->table);
    wrapped_statistics(heap, out);
    out->live_bytes = quarantine->live_bytes;
    out->live_blocks = quarantine->are_blocks_unknown ? UNKNOWN : quarantine->live_blocks;
    out->usable_bytes = UNKNOWN;
    wrapped_clamp(&out->backing_live_bytes, quarantine->live_bytes);
    wrapped_add(&out->footprint_bytes, own);
    wrapped_add(&out->metadata_bytes, own);
}

static bool read_figure(const void *heap, size_t index, struct heap_figure *out)
{
    const struct quarantine *quarantine = heap;
    const struct heap_figure figures[] = {
        {"kept blocks", "count", (double)quarantine->kept_blocks},
        {"kept bytes", "bytes", (double)quarantine->kept_bytes},
        {"faults", "count", (double)quarantine->faults},
        {"evictions", "count", (double)quarantine->evictions},
    };
    return wrapped_figure(figures, sizeof figures / sizeof *figures, index, out);
}

static const struct option_row options[] = {
    {"bytes", OPTION_BYTES, "16M", 1, (size_t)1 << 40, NULL, "most that is kept of freed blocks"},
    {"blocks", OPTION_COUNT, "65536", 1, 1u << 30, NULL, "most freed blocks that are kept"},
    {0},
};

static const struct wrapper_methods methods = {.audit = audit, .adopt = adopt};

const struct allocator allocator_quarantine = {
    .name = "quarantine",
    .summary = "keeps freed blocks for a while: finds writes to them and second frees",
    .traits = TRAIT_WRAPPER,
    .alignment = 16,
    .options = options,
    .wrapper = &methods,
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
    .statistics = read_statistics,
    .figure = read_figure,
};
