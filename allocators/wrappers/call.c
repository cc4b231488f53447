/* Names of calls, and what is alive after them.
 *
 * Invariant: live bytes are what the caller holds, adopted bytes included, since a block that was
 * never seen is still resized and freed with its exact size.
 */
#include "call.h"

const char *const call_kind_names[CALL_KINDS] = {"new", "grow", "shrink", "free", "query"};

void live_adopt(struct live *live, size_t bytes)
{
    live->bytes += bytes;
    live->has_adopted |= bytes != 0;
}

void live_statistics(const struct live *live, const void *heap, struct heap_statistics *out)
{
    wrapped_statistics(heap, out);
    out->live_bytes = live->bytes;
    out->live_blocks = live->has_adopted ? UNKNOWN : live->blocks;
}
