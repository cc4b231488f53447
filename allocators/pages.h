/* Pages from the system: the only system calls of the local allocators.
 *
 * An arena is a range of addresses reserved at once and made usable from its start as it grows, so
 * that growth moves nothing and one comparison tells whether a block belongs to it.
 */
#ifndef PAGES_H
#define PAGES_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed pages, or NULL. bytes is rounded up to whole pages; pages_unmap takes the same number. */
void *pages_map(size_t bytes);
void pages_unmap(void *pages, size_t bytes);

/* Gives the memory of whole pages back and keeps their addresses: they read as zero when touched
 * again. Both ends of the range lie on page boundaries. */
void pages_purge(void *pages, size_t bytes);

/* Takes memory for pages that are mapped and about to be used: one call for all costs half of a
 * fault for each. False when the system cannot; then they fault as they are touched. */
bool pages_populate(void *pages, size_t bytes);

/* Moves what whole pages hold to other mapped pages, without copying; the old ones read as zero
 * afterwards. False when the system cannot, and nothing has changed. */
bool pages_move(void *from, void *to, size_t bytes);

struct arena {
    char *start, *used_end, *usable_end, *reserved_end;
    size_t least_step; /* bytes; what growth makes usable at once */
};

/* Reserves address space alone: no memory is charged until it is taken. False when refused. */
bool arena_reserve(struct arena *arena, size_t reserved_bytes);

/* As much as is free of most_bytes, halved until as much again is left to others: so under
 * `ulimit -v`, and under valgrind. False when that would be less than least_bytes. */
bool arena_reserve_up_to(struct arena *arena, size_t most_bytes, size_t least_bytes);

/* The next bytes of the arena, 16-byte aligned if every take is a multiple of 16; NULL when the
 * reserve is used up or the system refuses memory. O(1), a system call once in `step` bytes. */
void *arena_take(struct arena *arena, size_t bytes);

/* Of an arena from which nothing was taken: asks for huge pages, and begins where one can. */
void arena_ask_huge(struct arena *arena);

/* An arena that is all zero, as after this, has nothing to give back. */
void arena_release(struct arena *arena);

static inline bool arena_owns(const struct arena *arena, const void *block)
{
    return (size_t)((const char *)block - arena->start) <
           (size_t)(arena->reserved_end - arena->start);
}

static inline size_t arena_footprint(const struct arena *arena)
{
    return (size_t)(arena->usable_end - arena->start);
}

#endif
