/* Holds a heap to the contract of allocator.h by playing on it through the examiner.
 *
 * Phases: a ladder of sizes, a random sequence, requests that no memory can satisfy, filling a
 * bounded heap, and leaving blocks alive. The random sequence goes round a table of seasons, so
 * that the heap grows, drains and is swept as a collector does, with other sizes each time. The
 * first broken rule ends the run.
 */
#include <stdio.h>

#include "../allocators/pages.h"
#include "examiner.h"
#include "random.h"
#include "workload.h"

enum { OPERATIONS_STANDARD = 100000, OPERATIONS_LONG = 1000000 };

/* A long sequence now and then has more blocks, in one operation of eight or so: that finds what
 * few blocks do not, and the policies that search a list by definition can still be checked. */
enum { SLOTS = 4096, SLOTS_LONG = 65536, CYCLES_BETWEEN = 100, FIRST_LONG_CYCLE = 10 };

struct contract {
    struct examiner examiner;
    struct random random;
    uint64_t operations;               /* of the random sequence */
    volatile uint64_t *progress;       /* where the caller wants to see how far it is, or NULL */
    uint32_t slot_count, season_slots; /* in all, and those that this season plays with */
    bool is_kept;
};

static bool ask(struct contract *contract, uint32_t slot, size_t new_size)
{
    return examiner_ask(&contract->examiner, slot, new_size);
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
    for (size_t power = 512; power * 2 < EXAMINER_SMALL_BYTES; power *= 2) {
        for (size_t size = power - 1; size <= power + 1; size++) {
            if (!live_once(contract, size)) return false;
        }
    }
    return true;
}

/* Parts of 1000 requests; what is left of them is beyond the small sizes. */
struct size_share {
    uint64_t share, least, most;
};

static const struct size_share lua_sizes[] = {
    {300, 64, 64}, {220, 40, 40},   {90, 16, 16},     {60, 160, 160},    {130, 17, 63}, {60, 1, 15},
    {80, 65, 320}, {40, 321, 1024}, {15, 1025, 8217}, {4, 8218, 100000}, {0},
};
static const struct size_share medium_sizes[] = {
    {400, 256, 1024}, {300, 1025, 4096}, {200, 1, 255}, {100, 4097, 16384}, {0},
};
static const struct size_share large_sizes[] = {
    {500, 8192, 65536},
    {300, 65537, 131072},
    {190, 1, 8191},
    {0},
};

struct season {
    const struct size_share *sizes;
    unsigned free_percent; /* of the calls on living blocks */
    bool is_swept;         /* half of the blocks are freed in a row each time all are alive */
    unsigned slots_part;   /* one in so many slots is played with: large blocks need few */
};

static const struct season seasons[] = {
    {lua_sizes, 20, false, 1},    {lua_sizes, 80, false, 1}, {medium_sizes, 20, false, 4},
    {large_sizes, 45, false, 32}, {lua_sizes, 0, true, 1},   {lua_sizes, 95, false, 1},
    {medium_sizes, 80, false, 1}, {lua_sizes, 45, false, 1},
};

enum { SEASON_COUNT = sizeof seasons / sizeof *seasons };

static size_t draw_size(struct random *random, const struct size_share *sizes)
{
    uint64_t left = random_below(random, 1000);
    for (; sizes->share; sizes++) {
        if (left < sizes->share) {
            return sizes->least + random_below(random, sizes->most - sizes->least + 1);
        }
        left -= sizes->share;
    }
    return EXAMINER_SMALL_BYTES +
           random_below(random, random_below(random, 16) ? 1 << 16 : 4 << 20);
}

/* Of a live block: freed, doubled, changed anyhow, shrunk or left as large. */
static size_t draw_next_size(struct contract *contract, const struct season *season, size_t size)
{
    uint64_t kind = random_below(&contract->random, 100);
    if (kind < season->free_percent) return 0;
    if (kind % 4 == 0 && size <= EXAMINER_SMALL_BYTES) return size * 2;
    if (kind % 4 == 1) return draw_size(&contract->random, season->sizes);
    return 1 + random_below(&contract->random, size);
}

/* A free slot is asked for nothing once in five. */
static bool play_once(struct contract *contract, const struct season *season)
{
    uint32_t slot = (uint32_t)random_below(&contract->random, contract->season_slots);
    size_t size = examiner_size(&contract->examiner, slot);
    size_t next = size                                 ? draw_next_size(contract, season, size)
                  : random_below(&contract->random, 5) ? draw_size(&contract->random, season->sizes)
                                                       : 0;
    return ask(contract, slot, next);
}

/* Frees half of the slots in their order, as a collector's sweep does, and counts them. */
static bool sweep(struct contract *contract, uint64_t *played)
{
    for (uint32_t slot = 0; slot < contract->season_slots; slot++) {
        if (random_below(&contract->random, 2)) continue;
        if (!ask(contract, slot, 0)) return false;
        ++*played;
    }
    return true;
}

/* As many operations as make most slots alive, or free, several times over. */
static bool play_season(struct contract *contract, const struct season *season, uint64_t *played)
{
    contract->season_slots = contract->slot_count / season->slots_part;
    uint64_t end = *played + contract->season_slots * 3;
    uint64_t next_sweep = *played + contract->season_slots;
    for (; *played < end && *played < contract->operations; ++*played) {
        if (contract->progress) *contract->progress = *played;
        if (!play_once(contract, season)) return false;
        if (!season->is_swept || *played < next_sweep) continue;
        if (!sweep(contract, played)) return false;
        next_sweep = *played + contract->season_slots;
    }
    return true;
}

/* Once round the seasons. */
static bool play_cycle(struct contract *contract, uint64_t *played)
{
    for (unsigned i = 0; i < SEASON_COUNT && *played < contract->operations; i++) {
        if (!play_season(contract, &seasons[i], played)) return false;
    }
    return true;
}

static bool play_random(struct contract *contract)
{
    uint64_t played = 0;
    for (unsigned cycle = 0; played < contract->operations; cycle++) {
        bool is_long = cycle % CYCLES_BETWEEN == FIRST_LONG_CYCLE;
        contract->slot_count = is_long ? contract->examiner.shadow.slot_count : SLOTS;
        if (!play_cycle(contract, &played)) return false;
        if (is_long && !examiner_free_all(&contract->examiner)) return false;
    }
    contract->slot_count = SLOTS;
    return true;
}

/* What no machine has must be refused, with the old block intact and the heap still of use. */
static bool ask_the_impossible(struct contract *contract)
{
    static const size_t sizes[] = {24, 300, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (!ask(contract, 0, EXAMINER_BEYOND_ALL_MEMORY) || !ask(contract, 0, sizes[i])) {
            return false;
        }
        if (!examiner_size(&contract->examiner, 0)) continue; /* a bounded heap was full */
        if (!ask(contract, 0, EXAMINER_BEYOND_ALL_MEMORY) || !ask(contract, 0, sizes[i] / 2 + 1) ||
            !ask(contract, 0, 0)) {
            return false;
        }
    }
    return true;
}

/* A bounded heap, filled until it refuses, still frees and shrinks. */
static bool fill_up(struct contract *contract)
{
    const struct examiner *examiner = &contract->examiner;
    for (size_t size = 4096; size >= 64; size /= 8) {
        for (uint32_t slot = 0; slot < contract->slot_count; slot++) {
            if (examiner_size(examiner, slot)) continue;
            if (!ask(contract, slot, size)) return false;
            if (!examiner_size(examiner, slot)) break;
        }
    }
    for (uint32_t slot = 0; slot < contract->slot_count; slot += 2) {
        size_t size = examiner_size(examiner, slot);
        if (size && !ask(contract, slot, size / 2)) return false;
    }
    return examiner_free_all(&contract->examiner);
}

/* Closing must cope with living blocks. What a backing holds is freed, as the backing may be the
 * process's own malloc, which keeps living blocks for ever. */
static bool leave_some(struct contract *contract)
{
    struct heap_statistics totals;
    for (uint32_t slot = 0; slot < 200; slot++) {
        if (!ask(contract, slot, 8 + slot % 48)) return false;
        heap_statistics(contract->examiner.heap, &totals);
        bool is_own = totals.footprint_bytes != UNKNOWN &&
                      (totals.backing_live_bytes == UNKNOWN || totals.backing_live_bytes == 0);
        if (!is_own && !ask(contract, slot, 0)) return false;
    }
    return true;
}

static bool keep_contract(struct contract *contract)
{
    if (!climb_ladder(contract) || !play_random(contract)) return false;
    if (!examiner_free_all(&contract->examiner) || !ask_the_impossible(contract)) return false;
    if (contract->examiner.may_refuse && !fill_up(contract)) return false;
    return leave_some(contract);
}

static void *prepare(const struct workload *workload, uint64_t seed, struct error *error)
{
    struct contract *contract = pages_map(sizeof *contract);
    uint64_t operations = workload->operations ? workload->operations : OPERATIONS_STANDARD;
    uint32_t slot_count = operations < OPERATIONS_LONG ? SLOTS : SLOTS_LONG;
    if (!contract || !examiner_open(&contract->examiner, slot_count)) {
        if (contract) pages_unmap(contract, sizeof *contract);
        error_set(error, "the system refuses memory for the shadow model");
        return NULL;
    }
    contract->operations = operations;
    contract->progress = workload->progress;
    random_seed(&contract->random, seed);
    return contract;
}

static enum outcome run(void *job, const struct heap *heap, struct error *error)
{
    struct contract *contract = job;
    examiner_attach(&contract->examiner, heap, error);
    contract->is_kept = keep_contract(contract) && examiner_accuses_nobody(&contract->examiner);
    return contract->is_kept ? OUTCOME_OK : OUTCOME_WRONG_ANSWER;
}

/* The same under every allocator: bounded heaps are asked more, which is not counted. */
static void verify(void *job, char answer[ANSWER_LENGTH])
{
    const struct contract *contract = job;
    snprintf(answer, ANSWER_LENGTH, "contract %s, %llu operations",
             contract->is_kept ? "kept" : "broken", (unsigned long long)contract->operations);
}

static void finish(void *job)
{
    struct contract *contract = job;
    examiner_close(&contract->examiner);
    pages_unmap(contract, sizeof *contract);
}

const struct workload_kind workload_kind_contract = {
    .name = "contract",
    .prepare = prepare,
    .run = run,
    .verify = verify,
    .finish = finish,
};
