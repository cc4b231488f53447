/* Holds a heap to the contract of allocator.h, with a shadow model beside it.
 *
 * Every call goes through `ask`, which checks all that one call can show: the block's contents
 * before and after, NULL where it must be and must not be, alignment, and the heap's own totals
 * against the model's. On it stand the phases: a ladder of sizes, a random sequence, requests that
 * no memory can satisfy, filling a bounded heap, and leaving blocks alive. The first broken rule
 * ends the run with its name, the operation's number and the sizes. Blocks of a heap whose blocks
 * overlap by declaration are not read. Cost: two passes over a block a call.
 */
#include <stdint.h>
#include <stdio.h>

#include "../allocators/pages.h"
#include "random.h"
#include "shadow.h"
#include "workload.h"

enum { SLOTS = 4096, OPERATIONS = 100000, PHASE_OPERATIONS = 12500 };

/* Up to here a heap without bounds has no excuse for refusing. */
#define SMALL_BYTES ((size_t)128 << 10)
#define BEYOND_ALL_MEMORY (SIZE_MAX / 2)

struct contract {
    const struct heap *heap;
    struct error *error;
    struct shadow shadow;
    struct random random;
    size_t operation_count;
    size_t alignment;
    bool blocks_overlap; /* by declaration */
    bool is_bounded;
    bool is_kept;
};

/* The call under examination. */
struct request {
    uint32_t slot;
    void *block;
    size_t old_size, new_size;
};

static bool broken(const struct contract *contract, const struct request *request, const char *rule)
{
    return error_set(contract->error, "contract broken at operation %zu, %zu -> %zu bytes: %s",
                     contract->operation_count, request->old_size, request->new_size, rule);
}

static bool check_contents(const struct contract *contract, const struct request *request,
                           const void *block, size_t bytes, const char *rule)
{
    const struct shadow *shadow = &contract->shadow;
    if (contract->blocks_overlap) return true;
    if (shadow_matches(shadow, request->slot, block, bytes)) return true;
    uint32_t other = shadow_overlap(shadow, request->slot);
    if (other == shadow->slot_count) return broken(contract, request, rule);
    char overlap[96];
    snprintf(overlap, sizeof overlap, "two live blocks overlap, of %zu and %zu bytes",
             shadow->blocks[request->slot].size, shadow->blocks[other].size);
    return broken(contract, request, overlap);
}

static bool check_alignment(const struct contract *contract, const struct request *request,
                            const void *block)
{
    size_t alignment = request->new_size >= contract->alignment ? contract->alignment : 8;
    char rule[96];
    if ((uintptr_t)block % alignment == 0) return true;
    snprintf(rule, sizeof rule, "the block at %p is not aligned to %zu bytes", block, alignment);
    return broken(contract, request, rule);
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

static bool check_totals(const struct contract *contract, const struct request *request)
{
    struct heap_statistics totals;
    const struct shadow *shadow = &contract->shadow;
    heap_statistics(contract->heap, &totals);
    size_t backed = totals.backing_live_bytes == UNKNOWN ? 0 : totals.backing_live_bytes;
    if (differs(totals.live_bytes, shadow->live_bytes)) {
        return broken(contract, request, "live bytes are not what the caller holds");
    }
    if (differs(totals.live_blocks, shadow->live_blocks)) {
        return broken(contract, request, "live blocks are not what the caller holds");
    }
    if (is_less(totals.usable_bytes, shadow->live_bytes)) {
        return broken(contract, request, "usable bytes are fewer than live bytes");
    }
    if (backed > shadow->live_bytes) {
        return broken(contract, request, "the backing's live bytes are more than all");
    }
    if (is_less(totals.footprint_bytes, shadow->live_bytes - backed)) {
        return broken(contract, request, "the footprint is smaller than the live bytes in it");
    }
    return true;
}

/* The heap said NULL to a size that is not 0. */
static bool accept_refusal(const struct contract *contract, const struct request *request)
{
    if (request->new_size <= request->old_size) {
        return broken(contract, request, "a shrink failed");
    }
    if (request->new_size <= SMALL_BYTES && !contract->is_bounded) {
        return broken(contract, request, "a small request was refused");
    }
    return check_contents(contract, request, request->block, request->old_size,
                          "a growth that failed changed the old block");
}

static bool accept_block(struct contract *contract, const struct request *request, void *block)
{
    size_t kept = request->old_size < request->new_size ? request->old_size : request->new_size;
    if (request->new_size >= BEYOND_ALL_MEMORY) {
        return broken(contract, request, "a request beyond all memory was granted");
    }
    if (!check_alignment(contract, request, block)) return false;
    if (!check_contents(contract, request, block, kept, "contents were not kept")) return false;
    shadow_note(&contract->shadow, request->slot, block, request->new_size,
                !contract->blocks_overlap);
    return true;
}

static bool accept_free(struct contract *contract, const struct request *request, void *result)
{
    if (result && request->block) return broken(contract, request, "a free did not return NULL");
    if (result) return broken(contract, request, "a query did not return NULL");
    if (request->block) shadow_note(&contract->shadow, request->slot, NULL, 0, false);
    return true;
}

/* One call on the block of a slot; true when the contract was kept, whether granted or not. */
static bool ask(struct contract *contract, uint32_t slot, size_t new_size)
{
    const struct shadow_block *block = &contract->shadow.blocks[slot];
    struct request request = {slot, block->address, block->size, new_size};
    contract->operation_count++;
    if (!check_contents(contract, &request, block->address, block->size,
                        "another call changed this block's contents")) {
        return false;
    }
    void *result =
        contract->heap->resize(contract->heap->state, block->address, block->size, new_size);
    bool is_accepted = new_size == 0 ? accept_free(contract, &request, result)
                       : result      ? accept_block(contract, &request, result)
                                     : accept_refusal(contract, &request);
    return is_accepted && (contract->blocks_overlap || check_totals(contract, &request));
}

static bool free_all(struct contract *contract)
{
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        if (contract->shadow.blocks[slot].address && !ask(contract, slot, 0)) return false;
    }
    return true;
}

/* A query, then one block made, doubled, shrunk, shrunk to 1 and freed. */
static bool live_once(struct contract *contract, size_t size)
{
    return ask(contract, 0, 0) && ask(contract, 0, size) && ask(contract, 0, size * 2) &&
           ask(contract, 0, size + 1) && ask(contract, 0, 1) && ask(contract, 0, 0);
}

/* Every size to 300, then the three about each power of two. */
static bool climb_ladder(struct contract *contract)
{
    for (size_t size = 1; size <= 300; size++) {
        if (!live_once(contract, size)) return false;
    }
    for (size_t power = 512; power * 2 < SMALL_BYTES; power *= 2) {
        for (size_t size = power - 1; size <= power + 1; size++) {
            if (!live_once(contract, size)) return false;
        }
    }
    return true;
}

/* Parts of 1000 requests, as Lua programs make them. */
static size_t draw_size(struct random *random)
{
    static const struct {
        uint64_t share, least, most;
    } sizes[] = {
        {300, 64, 64}, {220, 40, 40}, {90, 16, 16},    {60, 160, 160},   {130, 17, 63},
        {60, 1, 15},   {80, 65, 320}, {40, 321, 1024}, {15, 1025, 8217}, {4, 8218, 100000},
    };
    uint64_t left = random_below(random, 1000);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (left < sizes[i].share) {
            return sizes[i].least + random_below(random, sizes[i].most - sizes[i].least + 1);
        }
        left -= sizes[i].share;
    }
    return SMALL_BYTES + random_below(random, random_below(random, 16) ? 1 << 16 : 4 << 20);
}

/* Of a live block: freed, doubled, changed anyhow, shrunk or left as large. */
static size_t draw_next_size(struct contract *contract, size_t size, unsigned free_percent)
{
    uint64_t kind = random_below(&contract->random, 100);
    if (kind < free_percent) return 0;
    if (kind % 4 == 0 && size <= SMALL_BYTES) return size * 2;
    if (kind % 4 == 1) return draw_size(&contract->random);
    return 1 + random_below(&contract->random, size);
}

/* Memory fills and empties in turn; a free slot is asked for nothing once in five. */
static bool play_random(struct contract *contract)
{
    for (size_t i = 0; i < OPERATIONS; i++) {
        unsigned free_percent = i / PHASE_OPERATIONS % 2 == 0 ? 20 : 80;
        uint32_t slot = (uint32_t)random_below(&contract->random, SLOTS);
        size_t size = contract->shadow.blocks[slot].size;
        size_t next = size ? draw_next_size(contract, size, free_percent)
                      : random_below(&contract->random, 5) ? draw_size(&contract->random)
                                                           : 0;
        if (!ask(contract, slot, next)) return false;
    }
    return true;
}

/* What no machine has must be refused, with the old block intact and the heap still of use. */
static bool ask_the_impossible(struct contract *contract)
{
    static const size_t sizes[] = {24, 300, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (!ask(contract, 0, BEYOND_ALL_MEMORY) || !ask(contract, 0, sizes[i])) return false;
        if (contract->shadow.blocks[0].address == NULL) continue; /* a bounded heap was full */
        if (!ask(contract, 0, BEYOND_ALL_MEMORY) || !ask(contract, 0, sizes[i] / 2 + 1) ||
            !ask(contract, 0, 0)) {
            return false;
        }
    }
    return true;
}

/* A bounded heap, filled until it refuses, still frees and shrinks. */
static bool fill_up(struct contract *contract)
{
    for (size_t size = 4096; size >= 64; size /= 8) {
        for (uint32_t slot = 0; slot < SLOTS; slot++) {
            if (contract->shadow.blocks[slot].address) continue;
            if (!ask(contract, slot, size)) return false;
            if (!contract->shadow.blocks[slot].address) break;
        }
    }
    for (uint32_t slot = 0; slot < SLOTS; slot += 2) {
        size_t size = contract->shadow.blocks[slot].size;
        if (size && !ask(contract, slot, size / 2)) return false;
    }
    return free_all(contract);
}

/* Closing must cope with living blocks. What a backing holds is freed, as the backing may be the
 * process's own malloc, which keeps living blocks for ever. */
static bool leave_some(struct contract *contract)
{
    struct heap_statistics totals;
    for (uint32_t slot = 0; slot < 200; slot++) {
        if (!ask(contract, slot, 8 + slot % 48)) return false;
        heap_statistics(contract->heap, &totals);
        bool is_own = totals.footprint_bytes != UNKNOWN &&
                      (totals.backing_live_bytes == UNKNOWN || totals.backing_live_bytes == 0);
        if (!is_own && !ask(contract, slot, 0)) return false;
    }
    return true;
}

static bool keep_contract(struct contract *contract)
{
    if (!climb_ladder(contract) || !play_random(contract)) return false;
    if (!free_all(contract) || !ask_the_impossible(contract)) return false;
    if (contract->is_bounded && !fill_up(contract)) return false;
    return leave_some(contract);
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

static void *prepare(const struct workload *workload, uint64_t seed, struct error *error)
{
    (void)workload;
    struct contract *contract = pages_map(sizeof *contract);
    if (!contract || !shadow_open(&contract->shadow, SLOTS)) {
        if (contract) pages_unmap(contract, sizeof *contract);
        error_set(error, "the system refuses memory for the shadow model");
        return NULL;
    }
    random_seed(&contract->random, seed);
    return contract;
}

static enum outcome run(void *job, const struct heap *heap, struct error *error)
{
    struct contract *contract = job;
    contract->heap = heap;
    contract->error = error;
    contract->alignment = least_alignment(heap);
    contract->blocks_overlap = has_overlapping_blocks(heap);
    contract->is_bounded = has_bounds(heap);
    contract->is_kept = keep_contract(contract);
    return contract->is_kept ? OUTCOME_OK : OUTCOME_WRONG_ANSWER;
}

/* The same under every allocator: bounded heaps are asked more, which is not counted. */
static void verify(void *job, char answer[ANSWER_LENGTH])
{
    const struct contract *contract = job;
    const char *verdict = contract->is_kept ? "kept" : "broken";
    snprintf(answer, ANSWER_LENGTH, "contract %s, %d operations", verdict, OPERATIONS);
}

static void finish(void *job)
{
    struct contract *contract = job;
    shadow_close(&contract->shadow);
    pages_unmap(contract, sizeof *contract);
}

const struct workload_kind workload_kind_contract = {
    .name = "contract",
    .prepare = prepare,
    .run = run,
    .verify = verify,
    .finish = finish,
};
