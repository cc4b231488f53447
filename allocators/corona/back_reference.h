/* Back references: what an address is part of, told from the address alone.
 *
 * All memory that is handed out lies in one arena, a range of addresses reserved at the start and
 * made usable from its beginning. It is cut into granules of 16 KiB, and a table of descriptors,
 * one a granule, stands at its very beginning: far from all that a program can write next to its
 * own data. A second table, of owners alone, lies a fixed distance before it: a thread that frees
 * another's object must not draw the line away which that one works on.
 *
 *   base - OWNERS_BEFORE          base                          first granule
 *   | owners, 8 bytes each | ...  | descriptors, 64 bytes each  | granule | granule | granule ...
 *
 * Granules that belong together are a *run*; the descriptor of its first granule describes it. */
#ifndef CORONA_BACK_REFERENCE_H
#define CORONA_BACK_REFERENCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GRANULE_SHIFT = 14, GRANULE_BYTES = 1 << GRANULE_SHIFT };

/* Fits into an instruction's displacement, so that finding an owner costs no addition. */
enum { OWNERS_BEFORE = 1 << 30, ARENA_GRANULES = OWNERS_BEFORE / 8 };

/* An *offset* is an address less the arena's base. No pointer of a program looks like one. */
struct arena {
    uintptr_t base;          /* 0 before the first allocation */
    _Atomic size_t granules; /* that may be looked up; only grows */
};
extern struct arena corona_arena __attribute__((visibility("hidden")));

/* A plain load, which the compiler can make part of a comparison, unlike an atomic one: the number
 * only grows, and whoever got a pointer from another thread sees what that thread saw. */
static inline size_t arena_granules(void)
{
#if defined(__SANITIZE_THREAD__)
    return atomic_load_explicit(&corona_arena.granules, memory_order_relaxed);
#else
    return *(const size_t *)&corona_arena.granules;
#endif
}

/* What the back end keeps of a run; under its lock. */
enum run_state {
    RUN_INSIDE, /* not the first granule of a run, nor the last of a free one */
    RUN_TAKEN,  /* first granule of a run that is in use */
    RUN_FREE,   /* first granule of a free run */
    RUN_END,    /* last granule of a free run of two granules or more */
};

/* What a taken run holds: written by who took it before any pointer into it is handed out. */
enum run_use {
    USE_NONE,
    USE_BLOCK,       /* objects of one bin, from this granule on */
    USE_BLOCK_INNER, /* a further granule of such a block; head says which */
    USE_LARGE,       /* one large object */
    USE_METADATA,
};

struct thread_data;

/* A descriptor. Its first two words are all that the fast paths touch. */
struct block {
    _Alignas(64) uintptr_t free; /* offset of the first free object; block_end: none */
    uintptr_t live; /* sum of the offsets of all live objects, and flags; 0 when none lives */
    struct thread_data *_Atomic thread; /* of the owner; NULL for orphans */
    uint32_t next, previous; /* granules: neighbours in the list that the run is in; 0: none */
    uint32_t granules;       /* of the run; at RUN_END too */
    union {
        uint32_t object_bytes;
        uint32_t newer; /* of a dirty free run: the next in the order of freed_ms; 0: none */
    };
    uint16_t carved, capacity; /* objects that were in the free list; that have room */
    uint8_t bin;
    _Atomic uint8_t use; /* enum run_use */
    uint8_t state;       /* enum run_state */
    uint8_t is_zero;     /* of a free run: its memory was never written, or was given back */
    union {
        uint64_t asked_bytes; /* of a large object */
        struct {
            uint32_t freed_ms, older; /* of a dirty free run: when; the one freed before it */
        };
        uint32_t head; /* of USE_BLOCK_INNER */
    };
};
_Static_assert(sizeof(struct block) == 64, "a descriptor is a cache line");

/* The thread pointer of the thread that may use a block's free list, if objects can be put there
 * without further ado; with flags of block.h else; COMMONS_OWNER, with flags or without, for common
 * bins; BLOCK_ORPHAN for orphans; 0 for a block's further granules and for all that is no block. */
static inline _Atomic uintptr_t *owner_of_granule(size_t granule)
{
    return (_Atomic uintptr_t *)(corona_arena.base - OWNERS_BEFORE) + granule;
}

static inline struct block *block_of_granule(size_t granule)
{
    return (struct block *)(corona_arena.base + granule * sizeof(struct block));
}

/* From this granule on the first whose address is a multiple of so many granules (a power of 2). */
static inline size_t granule_aligned(size_t granule, size_t alignment)
{
    size_t base = corona_arena.base >> GRANULE_SHIFT;
    return ((base + granule + alignment - 1) & ~(alignment - 1)) - base;
}

static inline size_t granule_of_block(const struct block *block)
{
    return ((uintptr_t)block - corona_arena.base) / sizeof(struct block);
}

static inline uintptr_t block_offset(const struct block *block)
{
    return (uintptr_t)granule_of_block(block) << GRANULE_SHIFT;
}

static inline void *block_start(const struct block *block)
{
    return (void *)(corona_arena.base + block_offset(block));
}

#endif
