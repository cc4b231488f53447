/* Boundary tags in the table of descriptors: the first granule of a run says how long it is, and
 * so does the last of a free one: neighbours are found from both sides. Invariants: no two free
 * runs of one kind are neighbours; no clean run ends at the top, which moves down instead; what a
 * free run's inner descriptors say is RUN_INSIDE. Cost: constant, whatever the length. */
#include "runs.h"

#include "arena.h"
#include "complaint.h"

struct runs corona_runs;

static void mark_free(size_t first, size_t granules, bool is_zero)
{
    struct block *start = block_of_granule(first), *last = start + (granules - 1);
    last->state = RUN_END;
    last->granules = (uint32_t)granules;
    start->state = RUN_FREE; /* of a single granule this is the last word */
    start->granules = (uint32_t)granules;
    start->is_zero = is_zero;
}

static size_t mark_taken(size_t first, size_t granules)
{
    struct block *start = block_of_granule(first);
    start->state = RUN_TAKEN;
    start->granules = (uint32_t)granules;
    corona_runs.used += granules;
    return first;
}

/* Takes a free run out of its set: it is no run any more. */
static struct run_age take_out(size_t first)
{
    struct block *start = block_of_granule(first);
    struct run_age age = free_runs_remove(&corona_runs.sets[start->is_zero], first);
    start[start->granules - 1].state = RUN_INSIDE;
    start->state = RUN_INSIDE;
    return age;
}

/* What is left over of a free run that was cut; its neighbours are taken. */
static void leave(size_t first, size_t end, bool is_zero, struct run_age age)
{
    if (first == end) return;
    mark_free(first, end - first, is_zero);
    free_runs_add(&corona_runs.sets[is_zero], first, age);
}

static bool is_free(size_t first)
{
    return first < corona_runs.top && block_of_granule(first)->state == RUN_FREE;
}

/* The free run of this kind that ends where another begins; 0: none. */
static size_t free_before(size_t end, bool is_zero)
{
    const struct block *last = block_of_granule(end - 1);
    if (last->state != RUN_END && last->state != RUN_FREE) return 0;
    size_t first = end - last->granules;
    return block_of_granule(first)->is_zero == is_zero ? first : 0;
}

void runs_put(size_t first, size_t granules, bool is_zero)
{
    size_t before = free_before(first, is_zero), end = first + granules;
    if (before) {
        take_out(before);
        first = before;
    }
    if (is_free(end) && block_of_granule(end)->is_zero == is_zero) {
        size_t length = block_of_granule(end)->granules;
        take_out(end);
        end += length;
    }
    if (is_zero && end == corona_runs.top) {
        corona_runs.top = first;
        return;
    }
    struct run_age age = {corona_runs.sets[is_zero].newest, corona_runs.now_ms};
    leave(first, end, is_zero, age);
}

static size_t take_from(bool is_zero, size_t granules, size_t alignment)
{
    size_t run = free_runs_find(&corona_runs.sets[is_zero], granules, alignment);
    if (!run) return 0;
    size_t start = granule_aligned(run, alignment);
    size_t end = run + block_of_granule(run)->granules;
    struct run_age age = take_out(run);
    leave(run, start, is_zero, age);
    leave(start + granules, end, is_zero, age);
    return mark_taken(start, granules);
}

enum {
    LENGTHENED_LEAST = 16, /* granules: shorter runs are found anyway */
    CANDIDATES = 16,       /* dirty runs that are looked at */
};

/* The free range around a dirty run, which is all of it but for clean neighbours. */
struct range {
    size_t first, end;
};

static struct range range_around(size_t run)
{
    size_t before = free_before(run, true), end = run + block_of_granule(run)->granules;
    bool is_followed = is_free(end) && block_of_granule(end)->is_zero;
    return (struct range){before ? before : run,
                          is_followed ? end + block_of_granule(end)->granules : end};
}

static size_t take_around(size_t run, struct range range, size_t granules)
{
    size_t dirty_end = run + block_of_granule(run)->granules;
    size_t start = range.end - run >= granules ? run : range.end - granules;
    struct run_age never = {0, 0};
    take_out(run);
    if (range.first < run) take_out(range.first);
    if (range.end > dirty_end) take_out(dirty_end);
    leave(range.first, start, true, never);
    leave(start + granules, range.end, true, never);
    return mark_taken(start, granules);
}

/* A large run that is dirty in part: what is resident already need not be given back and faulted
 * in anew elsewhere. */
static size_t take_lengthened(size_t granules, size_t alignment)
{
    if (granules < LENGTHENED_LEAST || alignment > 1) return 0;
    size_t run = corona_runs.sets[false].newest;
    for (unsigned i = 0; run != 0 && i < CANDIDATES; i++, run = block_of_granule(run)->older) {
        struct range range = range_around(run);
        if (range.end - range.first >= granules) return take_around(run, range, granules);
    }
    return 0;
}

size_t runs_take_free(size_t granules, size_t alignment, bool *is_zero)
{
    *is_zero = false;
    size_t first = take_from(false, granules, alignment);
    if (!first) first = take_lengthened(granules, alignment);
    if (first) return first;
    *is_zero = true;
    return take_from(true, granules, alignment);
}

/* Where a run from the top begins: a dirty run there that is too short is made longer. */
static size_t fresh_start(size_t granules, size_t alignment)
{
    size_t top = corona_runs.top, before = free_before(top, false);
    bool is_aligned = before && granule_aligned(before, alignment) == before;
    return is_aligned && top - before < granules ? before : granule_aligned(top, alignment);
}

size_t runs_take_fresh(size_t granules, size_t alignment, bool *is_zero)
{
    if (corona_runs.top == 0) corona_runs.top = arena_open();
    size_t top = corona_runs.top;
    if (top == 0) return 0;
    size_t start = fresh_start(granules, alignment);
    if (!arena_extend(start + granules, corona_runs.used)) return 0;
    if (start < top) take_out(start);
    corona_runs.top = start + granules;
    mark_taken(start, granules);
    if (start > top) runs_put(top, start - top, true);
    *is_zero = start >= top;
    return start;
}

void runs_give(size_t first)
{
    struct block *block = block_of_granule(first);
    promise(first < corona_runs.top && block->state == RUN_TAKEN);
    promise(block->use == USE_NONE && atomic_load(owner_of_granule(granule_of_block(block))) == 0);
    corona_runs.used -= block->granules;
    block->state = RUN_INSIDE;
    runs_put(first, block->granules, false);
}

void runs_shrink(size_t first, size_t granules)
{
    struct block *block = block_of_granule(first);
    promise(block->state == RUN_TAKEN && granules > 0 && granules <= block->granules);
    size_t rest = block->granules - granules;
    if (rest == 0) return;
    block->granules = (uint32_t)granules;
    corona_runs.used -= rest;
    runs_put(first + granules, rest, false);
}

/* Whether what lies between is free or can be fetched. */
static bool can_have(size_t from, size_t end)
{
    while (from < end && is_free(from)) from += block_of_granule(from)->granules;
    return from >= end || (from == corona_runs.top && arena_extend(end, corona_runs.used));
}

bool runs_grow(size_t first, size_t granules, bool *is_zero)
{
    struct block *block = block_of_granule(first);
    promise(block->state == RUN_TAKEN && granules > block->granules);
    size_t reached = first + block->granules, end = first + granules;
    if (!can_have(reached, end)) return false;
    for (*is_zero = true; reached < end && reached < corona_runs.top;) {
        bool is_clean = block_of_granule(reached)->is_zero;
        size_t next = reached + block_of_granule(reached)->granules;
        struct run_age age = take_out(reached);
        if (next > end) leave(end, next, is_clean, age);
        *is_zero &= is_clean;
        reached = next;
    }
    if (end > corona_runs.top) corona_runs.top = end;
    corona_runs.used += granules - block->granules;
    block->granules = (uint32_t)granules;
    return true;
}

struct run_piece runs_pull_oldest(size_t most_granules)
{
    size_t first = corona_runs.sets[false].oldest, granules = block_of_granule(first)->granules;
    struct run_piece piece = {first, granules < most_granules ? granules : most_granules};
    leave(first + piece.granules, first + granules, false, take_out(first));
    return piece;
}
