/* Free runs lie in bins: one a size up to 64 granules, then four a doubling. Best fit by bin: the
 * smallest bin that holds a run large enough, found by a scan of three words of bits. Only in the
 * bin of the very size asked for, and below the size that fits any alignment, runs must be tried
 * one by one, so tries are bounded. The links are in the descriptors: a run's memory is not
 * touched. Cost: constant. */
#include "free_runs.h"

enum { TRIES = 32 };

static size_t bin_of(size_t granules)
{
    if (granules <= EXACT_BINS) return granules - 1;
    unsigned doubling = 63 - (unsigned)__builtin_clzll(granules);
    size_t quarter = (granules >> (doubling - 2)) & 3;
    return EXACT_BINS + (doubling - 6) * 4 + quarter;
}

/* RUN_BINS where there is none. */
static size_t next_filled(const struct free_runs *set, size_t bin)
{
    if (bin >= RUN_BINS) return RUN_BINS;
    size_t word = bin / 64;
    uint64_t bits = set->filled[word] >> bin % 64 << bin % 64;
    while (!bits && ++word < BIN_WORDS) bits = set->filled[word];
    return bits ? word * 64 + (unsigned)__builtin_ctzll(bits) : RUN_BINS;
}

static bool fits(size_t first, size_t granules, size_t alignment)
{
    size_t start = granule_aligned(first, alignment);
    return start + granules <= first + block_of_granule(first)->granules;
}

size_t free_runs_find(const struct free_runs *set, size_t granules, size_t alignment)
{
    size_t surely = granules + alignment - 1;
    if (surely > set->granules && granules > set->granules) return 0;
    /* From this bin on every run fits. */
    size_t sure_bin = surely == 1 ? 0 : bin_of(surely - 1) + 1;
    int tries = TRIES;
    size_t bin = next_filled(set, bin_of(granules));
    for (; bin < sure_bin; bin = next_filled(set, bin + 1)) {
        for (size_t run = set->heads[bin]; run; run = block_of_granule(run)->next) {
            if (fits(run, granules, alignment)) return run;
            if (--tries == 0) return set->heads[next_filled(set, sure_bin)];
        }
    }
    return set->heads[bin];
}

static void put_in_order(struct free_runs *set, struct block *block, struct run_age age)
{
    uint32_t first = (uint32_t)granule_of_block(block);
    uint32_t *before = age.older ? &block_of_granule(age.older)->newer : &set->oldest;
    block->older = age.older;
    block->freed_ms = age.freed_ms;
    block->newer = *before;
    *before = first;
    if (block->newer) block_of_granule(block->newer)->older = first;
    else set->newest = first;
}

static void take_from_order(struct free_runs *set, const struct block *block)
{
    if (block->older) block_of_granule(block->older)->newer = block->newer;
    else set->oldest = block->newer;
    if (block->newer) block_of_granule(block->newer)->older = block->older;
    else set->newest = block->older;
}

void free_runs_add(struct free_runs *set, size_t first, struct run_age age)
{
    struct block *block = block_of_granule(first);
    size_t bin = bin_of(block->granules);
    block->previous = 0;
    block->next = set->heads[bin];
    if (block->next) block_of_granule(block->next)->previous = (uint32_t)first;
    set->heads[bin] = (uint32_t)first;
    set->filled[bin / 64] |= (uint64_t)1 << bin % 64;
    set->granules += block->granules;
    if (!block->is_zero) put_in_order(set, block, age);
}

struct run_age free_runs_remove(struct free_runs *set, size_t first)
{
    struct block *block = block_of_granule(first);
    size_t bin = bin_of(block->granules);
    if (block->next) block_of_granule(block->next)->previous = block->previous;
    if (block->previous) block_of_granule(block->previous)->next = block->next;
    else set->heads[bin] = block->next;
    if (!set->heads[bin]) set->filled[bin / 64] &= ~((uint64_t)1 << bin % 64);
    set->granules -= block->granules;
    struct run_age age = {0, 0};
    if (block->is_zero) return age;
    take_from_order(set, block);
    return (struct run_age){block->older, block->freed_ms};
}
