/* Writes a pattern before and behind each block, and looks whether it still stands when the block
 * is resized, freed or audited.
 *
 * All live blocks are in an array, and the index of a block stands before it. Invariant: an address
 * is a live block exactly when the entry that its index names is of this very address; until that
 * is known, nothing is read of it but the index, and that only in pages where live blocks begin:
 * memory that was freed may be gone.
 * So neither a wild address nor a damaged block is ever trusted, and all can be audited.
 * Cost: 56 bytes a block and 16 in the array; about 60 instructions a call and a cache line of the
 * array. A refused address costs a pass over the array.
 */
#include "guards.h"

enum { FILL = 0xCD };

#define RESERVE_BYTES ((size_t)4 << 30) /* of addresses: 256 million live blocks */

enum { ENTRY_BYTES_ADDED = 4096 };

#define IS_RARE(condition) __builtin_expect((condition), 0)

/* Returns what is not 0 when a guard has changed. */
static inline uint64_t compare_guard(const char *guard)
{
    uint64_t words[3];
    memcpy(words, guard, sizeof words);
    return (words[0] ^ GUARD_WORD) | (words[1] ^ GUARD_WORD) | (words[2] ^ GUARD_WORD);
}

static inline void place_guard(char *guard)
{
    static const uint64_t words[3] = {GUARD_WORD, GUARD_WORD, GUARD_WORD};
    memcpy(guard, words, sizeof words);
}

/* What stands before an address, which may be that of a freed block: address sanitizer is not to
 * object. */
static inline __attribute__((no_sanitize("address"))) uint64_t peek_index(const char *block)
{
    return *(const uint64_t *)(block - GUARD_FRONT_BYTES);
}

static inline struct guarded *find(struct guards *guards, char *block)
{
    const unsigned char *page = guards_page(guards, block);
    if (IS_RARE(!page || !*page || (uintptr_t)block % 8)) return guards_seek(guards, block);
    uint64_t index = peek_index(block);
    if (IS_RARE(index >= guards->entry_count)) return guards_seek(guards, block);
    struct guarded *entry = &guards->entries[index];
    return IS_RARE(entry->block != block) ? guards_seek(guards, block) : entry;
}

static inline bool is_whole(const struct guarded *entry, size_t old_size)
{
    uint64_t changed = compare_guard(entry->block - GUARD_BYTES) |
                       compare_guard(entry->block + entry->size) | (entry->size ^ old_size);
    return changed == 0;
}

static __attribute__((noinline)) bool add_holes(struct guards *guards)
{
    struct guarded *added = arena_take(&guards->entry_arena, ENTRY_BYTES_ADDED);
    if (!added) return false;
    for (size_t i = ENTRY_BYTES_ADDED / sizeof *added; i-- > 0;) {
        added[i].next_hole = guards->first_hole;
        guards->first_hole = &added[i];
    }
    guards->entry_count += ENTRY_BYTES_ADDED / sizeof *added;
    return true;
}

static inline void enter_page(struct guards *guards, const char *block)
{
    unsigned char *page = guards_page(guards, block);
    if (IS_RARE(!page)) page = guards_add_page(guards, block);
    if (page) ++*page;
}

/* A block that entered without a map may leave with one: a count is never too high. */
static inline void leave_page(struct guards *guards, const char *block)
{
    unsigned char *page = guards_page(guards, block);
    if (page && *page) --*page;
}

/* The entry and the rear guard of a block that the inner heap has made, moved or changed. */
static void *settle(struct guarded *entry, char *raw, size_t size)
{
    char *block = raw + GUARD_FRONT_BYTES;
    entry->block = block;
    entry->size = size;
    place_guard(block + size);
    return block;
}

static void *make(struct guards *guards, size_t size)
{
    if (IS_RARE(size > PTRDIFF_MAX - GUARD_OVERHEAD_BYTES)) return NULL;
    if (IS_RARE(!guards->first_hole) && !add_holes(guards)) return NULL;
    char *raw = wrapped_resize(&guards->wrapped, NULL, 0, size + GUARD_OVERHEAD_BYTES);
    if (IS_RARE(!raw)) return NULL;
    struct guarded *entry = guards->first_hole;
    uint64_t index = guarded_index(guards, entry);
    guards->first_hole = entry->next_hole;
    guards->live_bytes += size;
    guards->live_blocks++;
    memcpy(raw, &index, sizeof index);
    place_guard(raw + sizeof index);
    if (IS_RARE(guards->fills)) memset(raw + GUARD_FRONT_BYTES, FILL, size);
    enter_page(guards, raw + GUARD_FRONT_BYTES);
    return settle(entry, raw, size);
}

static void *drop(struct guards *guards, struct guarded *entry)
{
    static const uint64_t freed[2] = {GUARD_FREED_WORD, GUARD_FREED_WORD};
    char *block = entry->block;
    size_t size = entry->size;
    entry->block = NULL;
    entry->next_hole = guards->first_hole;
    guards->first_hole = entry;
    guards->live_bytes -= size;
    guards->live_blocks--;
    memcpy(block - sizeof freed, freed, sizeof freed);
    leave_page(guards, block);
    return wrapped_resize(&guards->wrapped, block - GUARD_FRONT_BYTES, size + GUARD_OVERHEAD_BYTES,
                          0);
}

/* What is given up is filled before it is gone, and nothing is touched before the inner heap has
 * agreed to a growth. */
static void *change(struct guards *guards, struct guarded *entry, size_t size)
{
    size_t old_size = entry->size;
    char *old_block = entry->block;
    if (IS_RARE(size > PTRDIFF_MAX - GUARD_OVERHEAD_BYTES)) return NULL;
    if (guards->fills && size < old_size) memset(old_block + size, FILL, old_size - size);
    char *raw = wrapped_resize(&guards->wrapped, old_block - GUARD_FRONT_BYTES,
                               old_size + GUARD_OVERHEAD_BYTES, size + GUARD_OVERHEAD_BYTES);
    if (IS_RARE(!raw)) return NULL;
    if (guards->fills && size > old_size) {
        memset(raw + GUARD_FRONT_BYTES + old_size, FILL, size - old_size);
    }
    leave_page(guards, old_block);
    enter_page(guards, raw + GUARD_FRONT_BYTES);
    guards->live_bytes += size - old_size;
    return settle(entry, raw, size);
}

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct guards *guards = heap;
    if (!block) return new_size ? make(guards, new_size) : NULL;
    struct guarded *entry = find(guards, block);
    if (IS_RARE(!entry)) return guards_refuse(guards, block, old_size, new_size);
    if (IS_RARE(!is_whole(entry, old_size))) guards_judge(guards, entry, old_size);
    return new_size ? change(guards, entry, new_size) : drop(guards, entry);
}

static size_t audit(void *heap)
{
    struct guards *guards = heap;
    size_t found = 0;
    for (size_t i = 0; i < guards->entry_count; i++) {
        struct guarded *entry = &guards->entries[i];
        if (!entry->block) continue;
        if (peek_index(entry->block) == i && is_whole(entry, entry->size)) continue;
        found += guards_inspect(guards, entry);
    }
    guards->audits++;
    guards->blocks_checked += guards->live_blocks;
    return found;
}

static const void *show_outward(const void *heap, const void *block, size_t *size)
{
    (void)heap;
    *size -= GUARD_OVERHEAD_BYTES;
    return (const char *)block + GUARD_FRONT_BYTES;
}

enum option_index { FILL_OPTION };

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    struct guards *guards = wrapped_open(self, inner, sizeof *guards, error);
    if (!guards) return NULL;
    if (!arena_reserve_up_to(&guards->entry_arena, RESERVE_BYTES, ENTRY_BYTES_ADDED)) {
        error_set(error, "guards: the system refuses addresses for the list of blocks");
        pages_unmap(guards, sizeof *guards);
        return NULL;
    }
    guards->entries = (struct guarded *)guards->entry_arena.start;
    guards->fills = settings->values[FILL_OPTION].number;
    return guards;
}

static void close_heap(void *heap)
{
    struct guards *guards = heap;
    arena_release(&guards->entry_arena);
    guards_forget_pages(guards);
    pages_unmap(guards, sizeof *guards);
}

static void read_statistics(const void *heap, struct heap_statistics *out)
{
    const struct guards *guards = heap;
    size_t added = guards->live_blocks * GUARD_OVERHEAD_BYTES;
    size_t own = sizeof *guards + arena_footprint(&guards->entry_arena) +
                 guards->map_count * sizeof(struct page_map);
    wrapped_statistics(heap, out);
    out->live_bytes = guards->live_bytes;
    out->live_blocks = guards->live_blocks;
    wrapped_clamp(&out->backing_live_bytes, guards->live_bytes);
    wrapped_add(&out->usable_bytes, -added);
    wrapped_add(&out->footprint_bytes, own);
    wrapped_add(&out->metadata_bytes, own + added);
}

static bool read_figure(const void *heap, size_t index, struct heap_figure *out)
{
    const struct guards *guards = heap;
    const struct heap_figure figures[] = {
        {"overflows", "count", (double)guards->overflows},
        {"underflows", "count", (double)guards->underflows},
        {"wrong sizes stated", "count", (double)guards->wrong_sizes},
        {"calls refused, of no live block", "count", (double)guards->refusals},
        {"audits", "count", (double)guards->audits},
        {"blocks checked in audits", "count", (double)guards->blocks_checked},
    };
    return wrapped_figure(figures, sizeof figures / sizeof *figures, index, out);
}

static const struct option_row options[] = {
    {"fill", OPTION_BOOLEAN, "no", 0, 0, NULL, "fill new memory, and what a shrink gives up"},
    {0},
};

static const struct wrapper_methods methods = {.audit = audit, .outward = show_outward};

const struct allocator allocator_guards = {
    .name = "guards",
    .summary = "finds writes beyond a block's ends, and calls with wrong blocks or sizes",
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
