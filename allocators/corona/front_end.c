/* The front end: what nearly every call runs through. A small request takes the first object of the
 * free list of its bin's current block; a free puts the object back into the list of the block it
 * lies in, if that block is this thread's. Neither takes a lock or an atomic read-modify-write, and
 * neither reads a byte that stands beside a program's data but the link in the free object, which
 * is checked. Everything else goes to front_end_slow.c. */
#include "front_end.h"

/* To the compiler a new value: so that a sum which serves in several addresses stays part of them,
 * instead of taking an instruction and a register of its own. */
#define ANEW(value) __asm__("" : "+r"(value))

/* Whether nothing is left. The compilers take three instructions for it. */
static inline bool subtract_to_zero(uintptr_t *from, uintptr_t number)
{
#if defined(__x86_64__)
    bool is_zero;
    __asm__("subq %2, %1" : "=@ccz"(is_zero), "+m"(*from) : "r"(number));
    return is_zero;
#else
    return (*from -= number) == 0;
#endif
}

void *corona_malloc(size_t bytes)
{
    if (RARELY(bytes > DIRECT_BYTES)) return front_end_allocate(bytes);
    struct block *block = corona_thread->direct[(bytes + OBJECT_ALIGNMENT - 1) / OBJECT_ALIGNMENT];
    uintptr_t offset = block->free;
    if (RARELY(offset % OBJECT_ALIGNMENT != 0)) return front_end_allocate(bytes);
    uintptr_t *object = object_at(offset), next = *object;
    if (RARELY((next ^ offset) >> GRANULE_SHIFT)) return block_complain_of_list(offset);
    block->free = next;
    /* Should it stand in the list twice, its second turn finds no link. */
    *object = 0;
    block->live += offset;
    return object;
}

void corona_free(void *pointer)
{
    uintptr_t base = corona_arena.base, offset = (uintptr_t)pointer - base;
    ANEW(offset);
    size_t granule = offset >> GRANULE_SHIFT;
    if (RARELY(granule >= arena_granules())) return front_end_free(offset);
    /* relaxed: as block_owner, by an address that needs no addition. */
    uintptr_t owner = atomic_load_explicit((_Atomic uintptr_t *)(base - OWNERS_BEFORE) + granule,
                                           memory_order_relaxed);
    if (RARELY(owner != system_thread())) return front_end_free(offset);
    size_t line = granule * sizeof(struct block);
#define BLOCK ((struct block *)(base + line))
    ANEW(line);
    *(uintptr_t *)(base + offset) = BLOCK->free;
    ANEW(line);
    BLOCK->free = offset;
    ANEW(line);
    if (RARELY(subtract_to_zero(&BLOCK->live, offset))) front_end_emptied(offset);
#undef BLOCK
}
