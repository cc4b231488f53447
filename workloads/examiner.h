/* Calls on a heap, each held against the contract of allocator.h with a shadow model beside it. */
#ifndef EXAMINER_H
#define EXAMINER_H

#include "../allocators/spec.h"
#include "shadow.h"

/* Up to here a heap without bounds has no excuse for refusing. */
#define EXAMINER_SMALL_BYTES ((size_t)128 << 10)

/* Nobody may grant so much. */
#define EXAMINER_BEYOND_ALL_MEMORY (SIZE_MAX / 2)

struct examiner {
    const struct heap *heap;
    struct error *error; /* the first broken rule: its name, the operation's number, the sizes */
    struct shadow shadow;
    uint64_t operation_count;
    size_t alignment;
    bool blocks_overlap; /* by declaration: such blocks are not read */
    bool may_refuse;     /* bounded, or short of memory: a small request may fail */
};

/* False when the system refuses memory for the shadow model. */
bool examiner_open(struct examiner *examiner, uint32_t slot_count);
void examiner_close(struct examiner *examiner);

/* The heap to be examined from now on, in which no block is alive yet. */
void examiner_attach(struct examiner *examiner, const struct heap *heap, struct error *error);

/* One call on the block of a slot; true when the contract was kept, whether granted or not. */
bool examiner_ask(struct examiner *examiner, uint32_t slot, size_t new_size);

/* The size of a slot's living block, else 0. */
static inline size_t examiner_size(const struct examiner *examiner, uint32_t slot)
{
    return examiner->shadow.blocks[slot].size;
}

bool examiner_free_all(struct examiner *examiner);

/* All calls were correct: a wrapper that looks for a program's faults must have found none. */
bool examiner_accuses_nobody(const struct examiner *examiner);

#endif
