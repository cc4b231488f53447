/* A bit for each 16 bytes of the arena, set where a live object begins, in a range of addresses of
 * its own, which is made usable piece by piece. The bits of one word may belong to blocks of two
 * threads, so they are set and cleared by atomic operations. */
#include "debug.h"

#include <string.h>

#include "complaint.h"
#include "settings.h"
#include "system.h"

enum { FILL = 0xDF, PIECE_SHIFT = 21, PIECES_MOST = 1 << 16, LINK_BYTES = sizeof(uintptr_t) };

/* Without a lock, so that a fork needs not wait for it: what two threads do at once is done once,
 * or does no harm twice. */
static struct {
    _Atomic(_Atomic uint8_t *) bits;
    _Atomic bool is_usable[PIECES_MOST];
} marks;

static void reserve_bits(void)
{
    size_t most = (size_t)PIECES_MOST << PIECE_SHIFT;
    size_t needed = corona_settings.arena_bytes / OBJECT_ALIGNMENT / 8;
    size_t bytes = needed < most ? needed : most;
    _Atomic uint8_t *bits = system_reserve(bytes), *none = NULL;
    if (bits == NULL) complain_of_call("malloc", NULL, "CORONA_DEBUG: no addresses for its marks");
    if (!atomic_compare_exchange_strong(&marks.bits, &none, bits))
        system_release((void *)bits, bytes);
}

static void make_usable(size_t piece)
{
    if (atomic_load(&marks.bits) == NULL) reserve_bits();
    char *start = (char *)atomic_load(&marks.bits) + (piece << PIECE_SHIFT);
    if (!system_commit(start, (size_t)1 << PIECE_SHIFT))
        complain_of_call("malloc", NULL, "CORONA_DEBUG: no memory for its marks");
    atomic_store_explicit(&marks.is_usable[piece], true, memory_order_release);
}

static _Atomic uint8_t *find_byte(uintptr_t offset)
{
    size_t byte = offset / OBJECT_ALIGNMENT / 8;
    if (!atomic_load_explicit(&marks.is_usable[byte >> PIECE_SHIFT], memory_order_acquire))
        make_usable(byte >> PIECE_SHIFT);
    return atomic_load_explicit(&marks.bits, memory_order_relaxed) + byte;
}

static uint8_t bit_of(uintptr_t offset)
{
    return (uint8_t)(1 << offset / OBJECT_ALIGNMENT % 8);
}

static bool is_live(uintptr_t offset)
{
    return atomic_load(find_byte(offset)) & bit_of(offset);
}

/* Afterwards the object may be told to be free: a valid link stands in it, whatever follows. */
static void fill(const struct block *block, uintptr_t offset)
{
    *object_at(offset) = block_end(block);
    memset((char *)object_at(offset) + LINK_BYTES, FILL, block->object_bytes - LINK_BYTES);
}

static bool is_list_link(const struct block *block, uintptr_t link)
{
    if (link == block_end(block)) return true;
    return block_links_to(block, link) && block_has_object_at(block, link) && !is_live(link);
}

/* While the object is in the mail it is the complement of any offset, and 0 while it is handed
 * out: a fork may have caught another thread just there. */
static bool is_link(const struct block *block, uintptr_t link)
{
    return link == 0 || is_list_link(block, link) || ~link >> GRANULE_SHIFT < arena_granules();
}

static bool is_intact(const struct block *block, uintptr_t offset)
{
    const unsigned char *object = (const unsigned char *)object_at(offset);
    if (!is_link(block, *object_at(offset))) return false;
    for (uint32_t i = LINK_BYTES; i < block->object_bytes; i++)
        if (object[i] != FILL) return false;
    return true;
}

void debug_carved(const struct block *block, uintptr_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uintptr_t offset = first + (uintptr_t)i * block->object_bytes;
        uintptr_t link = *object_at(offset);
        fill(block, offset);
        *object_at(offset) = link;
        atomic_fetch_and(find_byte(offset), (uint8_t)~bit_of(offset));
    }
}

void debug_allocated(const struct block *block, const void *object)
{
    uintptr_t offset = (uintptr_t)object - corona_arena.base;
    if (!is_list_link(block, block->free))
        complain_of_call("malloc", object, "its link was written to after it was freed");
    *object_at(offset) = block_end(block); /* a link again, for the check */
    if (!is_intact(block, offset))
        complain_of_call("malloc", object, "was written to after it was freed");
    if (atomic_fetch_or(find_byte(offset), bit_of(offset)) & bit_of(offset))
        complain_of_call("malloc", object, "is in use already: some block was freed twice");
    *object_at(offset) = 0;
}

static bool is_own(const struct block *block)
{
    return (block_owner(block) & ~(uintptr_t)BLOCK_FLAGS) == system_thread();
}

/* Its neighbour behind may belong to the same thread alone, so that nobody changes it meanwhile. */
static void check_neighbour(const struct block *block, uintptr_t offset)
{
    uintptr_t next = offset + block->object_bytes;
    if (!block_has_object_at(block, next) || is_live(next) || is_intact(block, next)) return;
    if (is_live(next)) return;
    complain_of_call("free", object_at(offset),
                     "the free block behind it was written to: an overflow?");
}

void debug_used(const char *call, const struct block *block, uintptr_t offset)
{
    if (!block_has_object_at(block, offset))
        complain_of_call(call, object_at(offset),
                         "it lies inside a block, or was never handed out");
    if (!is_live(offset)) complain_of_call(call, object_at(offset), "it is free already");
}

void debug_emptied(const struct block *block)
{
    for (uint32_t i = 0; i < block->carved; i++) {
        uintptr_t offset = block_offset(block) + (uintptr_t)i * block->object_bytes;
        if (!is_intact(block, offset))
            complain_of_call("free", object_at(offset), "was written to after it was freed");
    }
}

void debug_freed(const struct block *block, uintptr_t offset)
{
    debug_used("free", block, offset);
    if (is_own(block)) check_neighbour(block, offset);
    fill(block, offset);
    /* Two threads may have found it live. */
    if (!(atomic_fetch_and(find_byte(offset), (uint8_t)~bit_of(offset)) & bit_of(offset)))
        complain_of_call("free", object_at(offset), "it is free already");
}
