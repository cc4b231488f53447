/* Checks all that one call can show: the block's contents before and after, NULL where it must be
 * and must not be, alignment, and the heap's own totals against the model's.
 *
 * The first operations are checked in full, which costs two passes over a block. A long run could
 * not pay for that: after them the first and the last word of a block are, and one operation in
 * SAMPLE in full, totals included.
 */
#include "examiner.h"

#include <stdio.h>

enum { FULL_OPERATIONS = 200000, SAMPLE = 16 };

/* The call under examination. */
struct request {
    uint32_t slot;
    void *block;
    size_t old_size, new_size;
};

static bool broken(const struct examiner *examiner, const struct request *request, const char *rule)
{
    return error_set(examiner->error, "contract broken at operation %llu, %zu -> %zu bytes: %s",
                     (unsigned long long)examiner->operation_count, request->old_size,
                     request->new_size, rule);
}

static bool is_full_check(const struct examiner *examiner)
{
    return examiner->operation_count <= FULL_OPERATIONS || examiner->operation_count % SAMPLE == 0;
}

static bool check_contents(const struct examiner *examiner, const struct request *request,
                           const void *block, size_t bytes, const char *rule)
{
    const struct shadow *shadow = &examiner->shadow;
    if (examiner->blocks_overlap) return true;
    bool is_kept = is_full_check(examiner) ? shadow_matches(shadow, request->slot, block, bytes)
                                           : shadow_ends_match(shadow, request->slot, block, bytes);
    if (is_kept) return true;
    uint32_t other = shadow_overlap(shadow, request->slot);
    if (other == shadow->slot_count) return broken(examiner, request, rule);
    char overlap[96];
    snprintf(overlap, sizeof overlap, "two live blocks overlap, of %zu and %zu bytes",
             shadow->blocks[request->slot].size, shadow->blocks[other].size);
    return broken(examiner, request, overlap);
}

static bool check_alignment(const struct examiner *examiner, const struct request *request,
                            const void *block)
{
    size_t alignment = request->new_size >= examiner->alignment ? examiner->alignment : 8;
    char rule[96];
    if ((uintptr_t)block % alignment == 0) return true;
    snprintf(rule, sizeof rule, "the block at %p is not aligned to %zu bytes", block, alignment);
    return broken(examiner, request, rule);
}

/* A figure that is UNKNOWN contradicts nothing. */
static bool is_less(size_t figure, size_t than)
{
    return figure != UNKNOWN && than != UNKNOWN && figure < than;
}

static bool differs(size_t figure, size_t expected)
{
    return figure != UNKNOWN && figure != expected;
}

static bool check_totals(const struct examiner *examiner, const struct request *request)
{
    struct heap_statistics totals;
    const struct shadow *shadow = &examiner->shadow;
    heap_statistics(examiner->heap, &totals);
    size_t backed = totals.backing_live_bytes == UNKNOWN ? 0 : totals.backing_live_bytes;
    if (differs(totals.live_bytes, shadow->live_bytes)) {
        return broken(examiner, request, "live bytes are not what the caller holds");
    }
    if (differs(totals.live_blocks, shadow->live_blocks)) {
        return broken(examiner, request, "live blocks are not what the caller holds");
    }
    if (is_less(totals.usable_bytes, shadow->live_bytes)) {
        return broken(examiner, request, "usable bytes are fewer than live bytes");
    }
    if (backed > shadow->live_bytes) {
        return broken(examiner, request, "the backing's live bytes are more than all");
    }
    if (is_less(totals.footprint_bytes, shadow->live_bytes - backed)) {
        return broken(examiner, request, "the footprint is smaller than the live bytes in it");
    }
    return true;
}

/* The heap said NULL to a size that is not 0. */
static bool accept_refusal(const struct examiner *examiner, const struct request *request)
{
    if (request->new_size <= request->old_size) {
        return broken(examiner, request, "a shrink failed");
    }
    if (request->new_size <= EXAMINER_SMALL_BYTES && !examiner->may_refuse) {
        return broken(examiner, request, "a small request was refused");
    }
    return check_contents(examiner, request, request->block, request->old_size,
                          "a growth that failed changed the old block");
}

static bool accept_block(struct examiner *examiner, const struct request *request, void *block)
{
    size_t kept = request->old_size < request->new_size ? request->old_size : request->new_size;
    if (request->new_size >= EXAMINER_BEYOND_ALL_MEMORY) {
        return broken(examiner, request, "a request beyond all memory was granted");
    }
    if (!check_alignment(examiner, request, block)) return false;
    if (!check_contents(examiner, request, block, kept, "contents were not kept")) return false;
    shadow_note(&examiner->shadow, request->slot, block, request->new_size,
                !examiner->blocks_overlap);
    return true;
}

static bool accept_free(struct examiner *examiner, const struct request *request, void *result)
{
    if (result && request->block) return broken(examiner, request, "a free did not return NULL");
    if (result) return broken(examiner, request, "a query did not return NULL");
    if (request->block) shadow_note(&examiner->shadow, request->slot, NULL, 0, false);
    return true;
}

bool examiner_ask(struct examiner *examiner, uint32_t slot, size_t new_size)
{
    const struct shadow_block *block = &examiner->shadow.blocks[slot];
    struct request request = {slot, block->address, block->size, new_size};
    examiner->operation_count++;
    if (!check_contents(examiner, &request, block->address, block->size,
                        "another call changed this block's contents")) {
        return false;
    }
    void *result =
        examiner->heap->resize(examiner->heap->state, block->address, block->size, new_size);
    bool is_accepted = new_size == 0 ? accept_free(examiner, &request, result)
                       : result      ? accept_block(examiner, &request, result)
                                     : accept_refusal(examiner, &request);
    if (!is_accepted || examiner->blocks_overlap || !is_full_check(examiner)) return is_accepted;
    return check_totals(examiner, &request);
}

bool examiner_free_all(struct examiner *examiner)
{
    for (uint32_t slot = 0; slot < examiner->shadow.slot_count; slot++) {
        if (examiner_size(examiner, slot) && !examiner_ask(examiner, slot, 0)) return false;
    }
    return true;
}

bool examiner_accuses_nobody(const struct examiner *examiner)
{
    const struct heap *heap = examiner->heap;
    heap_audit(heap);
    if (!heap->host || heap->host->fault_count == 0) return true;
    return error_set(examiner->error,
                     "contract broken: %zu faults were reported where there was none",
                     heap->host->fault_count);
}

/* Whether any heap of the stack refuses by its traits, or by what it says of its capacity. */
static bool has_bounds(const struct heap *heap)
{
    struct heap_statistics totals;
    for (; heap; heap = heap->inner) {
        heap_statistics(heap, &totals);
        if (totals.capacity_bytes != UNKNOWN) return true;
        if (heap->allocator->traits & TRAIT_BOUNDED) return true;
    }
    return false;
}

/* The least that a layer declares: a backing's blocks come out of the heap over it. */
static size_t least_alignment(const struct heap *heap)
{
    size_t least = heap->allocator->alignment;
    while ((heap = heap->inner)) {
        if (heap->allocator->alignment < least) least = heap->allocator->alignment;
    }
    return least;
}

static bool has_overlapping_blocks(const struct heap *heap)
{
    while (heap->allocator->traits & TRAIT_WRAPPER) heap = heap->inner;
    return heap->allocator->traits & TRAIT_REPLAY_ONLY;
}

bool examiner_open(struct examiner *examiner, uint32_t slot_count)
{
    *examiner = (struct examiner){0};
    return shadow_open(&examiner->shadow, slot_count);
}

void examiner_attach(struct examiner *examiner, const struct heap *heap, struct error *error)
{
    examiner->heap = heap;
    examiner->error = error;
    examiner->alignment = least_alignment(heap);
    examiner->blocks_overlap = has_overlapping_blocks(heap);
    examiner->may_refuse = has_bounds(heap);
}

void examiner_close(struct examiner *examiner)
{
    shadow_close(&examiner->shadow);
}
