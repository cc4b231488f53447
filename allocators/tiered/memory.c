/* Costs: O(1) a call, and one system call a page or block that goes back; a trim, which passes over
 * the size classes, happens when the heap has shrunk to an eighth. */
#include "memory.h"

#include "large.h"
#include "tier.h"

static bool return_some(struct memory *memory)
{
    if (large_return(memory->large)) return true;
    for (size_t i = 0; i < MEMORY_TIERS; i++) {
        if (tier_return(memory->tiers[i])) return true;
    }
    return false;
}

static size_t smaller(size_t one, size_t other)
{
    return one < other ? one : other;
}

/* What is taken again after it went back should have been kept. */
static void regret(struct memory *memory, size_t bytes)
{
    size_t missed = smaller(bytes, memory->returned_bytes - memory->regretted_bytes);
    memory->regretted_bytes += missed;
    memory->spare_bytes =
        smaller(memory->spare_bytes + missed / 2, memory->most_used_bytes + PEAK_SPARE);
}

void memory_grow(struct memory *memory, size_t bytes)
{
    if (memory->live_bytes > memory->peak_bytes) memory->peak_bytes = memory->live_bytes;
    memory->held_bytes += bytes;
    regret(memory, bytes);
    size_t used = memory->held_bytes - memory->kept_bytes;
    if (used > memory->most_used_bytes) memory->most_used_bytes = used;
    size_t most = memory->most_used_bytes + smaller(memory->spare_bytes, PEAK_SPARE);
    while (memory->held_bytes > most && return_some(memory)) continue;
}

static void trim(struct memory *memory)
{
    memory->peak_bytes = memory->live_bytes;
    memory->trims++;
    memory->has_current = false;
    for (size_t i = 0; i < MEMORY_TIERS; i++) tier_trim(memory->tiers[i]);
}

void memory_settle(struct memory *memory)
{
    if (memory->live_bytes < memory->peak_bytes / 8 && memory->has_current) trim(memory);
    if (memory->live_bytes < memory->most_used_bytes / 32) {
        memory->spare_bytes = smaller(memory->spare_bytes, EMPTIED_SPARE);
    }
    memory->spare_bytes -= memory->spare_bytes >> 15; /* a swing that is over is forgotten */
    size_t most = memory->live_bytes + memory->live_bytes / 2 + KEPT_FLOOR + memory->spare_bytes;
    if (memory->kept_bytes <= most) return;
    /* An eighth more than must be, so that the next call comes later and finds longer rows. */
    while (memory->kept_bytes > most - most / 8 && return_some(memory)) continue;
}

char *memory_populate(const struct memory *memory, char *start, char *limit)
{
    if (memory->is_huge || memory->held_bytes < BATCH_FROM_BYTES) return start;
    if (limit - start <= BATCH_BYTES) return start;
    return pages_populate(start, BATCH_BYTES) ? start + BATCH_BYTES : start;
}
