/* Names of calls, and what is alive after them.
 *
 * Invariant: live bytes are what the caller holds, adopted bytes included, since a block that was
 * never seen is still resized and freed with its exact size.
 */
#include "call.h"

const char *const call_kind_names[CALL_KINDS] = {"new", "grow", "shrink", "free", "query"};

struct live_wrapper {
    struct wrapped wrapped;
    struct live live;
};

void live_adopt(void *heap, size_t bytes)
{
    struct live *live = &((struct live_wrapper *)heap)->live;
    live->bytes += bytes;
    live->has_adopted |= bytes != 0;
}

const struct wrapper_methods live_methods = {.adopt = live_adopt};

void live_statistics(const void *heap, struct heap_statistics *out)
{
    const struct live *live = &((const struct live_wrapper *)heap)->live;
    wrapped_statistics(heap, out);
    out->live_bytes = live->bytes;
    out->live_blocks = live->has_adopted ? UNKNOWN : live->blocks;
}
