/* Runs of corona's back end in tests: each page of a run that is held says whose it is, and the
 * table of descriptors can be audited. To be included after cmocka.h. */
#ifndef CORONA_RUNS_TEST_H
#define CORONA_RUNS_TEST_H

#include "../allocators/corona/back_end.h"
#include "../allocators/corona/runs.h"

enum { PAGE_BYTES = 4096, PAGES_A_GRANULE = GRANULE_BYTES / PAGE_BYTES };

struct held_run {
    size_t first, granules; /* 0 granules: none is held */
};

/* The first word of a page is the only one that tests write. */
static inline uintptr_t *page_word(size_t granule, size_t page)
{
    char *start = block_start(block_of_granule(granule));
    return (uintptr_t *)(start + page * PAGE_BYTES);
}

static inline void granules_are_zero(size_t first, size_t end)
{
    for (size_t page = 0; page < (end - first) * PAGES_A_GRANULE; page++) {
        assert_int_equal(*page_word(first, page), 0);
    }
}

static inline void stamp_run(const struct held_run *run)
{
    for (size_t page = 0; page < run->granules * PAGES_A_GRANULE; page++) {
        *page_word(run->first, page) = run->first + page;
    }
}

static inline void run_is_untouched(const struct held_run *run)
{
    for (size_t page = 0; page < run->granules * PAGES_A_GRANULE; page++) {
        assert_int_equal(*page_word(run->first, page), run->first + page);
    }
}

static inline struct held_run hold_run(size_t granules, size_t alignment)
{
    bool is_zero;
    struct held_run run = {back_end_take(granules, alignment, &is_zero), granules};
    assert_int_not_equal(run.first, 0);
    const struct block *block = block_of_granule(run.first);
    assert_int_equal(block->granules, granules);
    assert_int_equal(block->use, USE_NONE);
    if (is_zero) granules_are_zero(run.first, run.first + granules);
    stamp_run(&run);
    return run;
}

static inline void drop_run(struct held_run *run)
{
    run_is_untouched(run);
    back_end_give(run->first);
    run->granules = 0;
}

/* The arena's first granule that is not of its table: the first byte that can be handed out. */
static inline size_t first_run(void)
{
    struct back_end_statistics now;
    back_end_statistics(&now);
    size_t table = now.reserved_bytes / GRANULE_BYTES * sizeof(struct block);
    return (table + GRANULE_BYTES - 1) / GRANULE_BYTES;
}

static inline void free_run_is_sound(size_t first, size_t end)
{
    const struct block *block = block_of_granule(first);
    for (size_t inner = first + 1; inner + 1 < end; inner++) {
        assert_int_equal(block_of_granule(inner)->state, RUN_INSIDE);
    }
    if (end - first > 1) assert_int_equal(block_of_granule(end - 1)->state, RUN_END);
    assert_int_equal(block_of_granule(end - 1)->granules, block->granules);
    if (block->is_zero) granules_are_zero(first, end);
}

/* Runs follow each other from the first granule to the top, free neighbours are of two kinds, and
 * what is counted is what is there. For a moment when nothing is being given back. */
static inline void runs_are_sound(size_t used)
{
    enum { DIRTY, CLEAN, TAKEN };
    size_t counted[3] = {0};
    int kind_before = TAKEN;
    for (size_t first = first_run(); first < corona_runs.top;) {
        const struct block *block = block_of_granule(first);
        assert_true(block->state == RUN_TAKEN || block->state == RUN_FREE);
        int kind = block->state == RUN_TAKEN ? TAKEN : block->is_zero ? CLEAN : DIRTY;
        assert_true(kind == TAKEN || kind != kind_before);
        if (kind != TAKEN) free_run_is_sound(first, first + block->granules);
        counted[kind] += block->granules;
        first += block->granules;
        kind_before = kind;
        assert_true(first < corona_runs.top || kind != CLEAN);
    }
    assert_int_equal(counted[TAKEN], used);
    assert_int_equal(counted[TAKEN], corona_runs.used);
    assert_int_equal(counted[DIRTY], corona_runs.sets[false].granules);
    assert_int_equal(counted[CLEAN], corona_runs.sets[true].granules);
}

#endif
