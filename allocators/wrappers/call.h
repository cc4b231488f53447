/* What wrappers that watch say of a call: its kind, whether it was granted, and what is alive after
 * it. */
#ifndef CALL_H
#define CALL_H

#include "wrapped.h"

enum call_kind {
    CALL_NEW,
    CALL_GROW,
    CALL_SHRINK, /* to the same size, or less */
    CALL_FREE,
    CALL_QUERY, /* (NULL, 0, 0) */
    CALL_KINDS
};

extern const char *const call_kind_names[CALL_KINDS];

static inline enum call_kind call_kind_of(const void *block, size_t old_size, size_t new_size)
{
    if (new_size == 0) return block == NULL ? CALL_QUERY : CALL_FREE;
    if (block == NULL) return CALL_NEW;
    return new_size > old_size ? CALL_GROW : CALL_SHRINK;
}

static inline bool call_is_granted(const void *result, size_t new_size)
{
    return result != NULL || new_size == 0;
}

/* What the caller holds. Starts as zeros. */
struct live {
    size_t bytes, blocks;
    bool has_adopted; /* blocks were never counted, so their number is unknown for good */
};

/* After a call that was granted. */
static inline void live_note(struct live *live, const void *block, size_t old_size, size_t new_size)
{
    live->bytes += new_size - old_size;
    live->blocks += (size_t)(new_size != 0) - (size_t)(block != NULL);
}

/* Methods of wrappers whose state begins with a struct wrapped and a struct live. */
void live_adopt(void *heap, size_t bytes);

/* The inner heap's, with what is alive as counted here. */
void live_statistics(const void *heap, struct heap_statistics *out);

extern const struct wrapper_methods live_methods; /* adopt alone */

#endif
