/* One lock for all runs: threads keep blocks and large objects of their own, so they seldom come
 * here. Memory goes back to the system in two cases. What has been free for the purge delay goes
 * with whatever call comes along, some runs at a time. And before the arena is made longer although
 * much lies idle, as much of that goes first, so that the peak does not grow by what is free. The
 * system call is made without the lock: the runs belong to nobody meanwhile; a second lock lets one
 * thread at a time do so, and lets a fork wait for it. */
#include "back_end.h"

#include <string.h>

#include "arena.h"
#include "runs.h"
#include "settings.h"
#include "synchronisation.h"

enum {
    PIECES = 8,       /* given back at a time */
    PIECE_LEAST = 64, /* granules of a run, if it has them: fewer are not worth the call */
    IDLE_LEAST = 128, /* granules: so much may be free and dirty in any case */
    IDLE_SHARE = 8,   /* and a part of what is used */
    CALLS_A_LOOK = 8, /* at the clock */
    METADATA_RUN = 4, /* granules */
    METADATA_ALIGNMENT = 64,
};

static struct lock lock;    /* of all that follows, and of runs and arena */
static struct lock purging; /* taken before `lock`, or tried under it */
static size_t purged_bytes, metadata_granules;
static unsigned calls;
static struct {
    char *start, *end;
    bool is_zero;
} metadata; /* what is left of the last run for it */

static const struct free_runs *dirty(void)
{
    return &corona_runs.sets[false];
}

static bool has_old_run(void)
{
    size_t oldest = dirty()->oldest;
    if (!oldest) return false;
    uint32_t age_ms = corona_runs.now_ms - block_of_granule(oldest)->freed_ms;
    return age_ms >= corona_settings.purge_delay_ms;
}

static size_t put_purged(const struct run_piece *pieces, size_t count, unsigned failures)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_zero = !(failures >> i & 1);
        runs_put(pieces[i].first, pieces[i].granules, is_zero);
        if (is_zero) bytes += pieces[i].granules * GRANULE_BYTES;
    }
    purged_bytes += bytes;
    return bytes;
}

/* Gives some of the oldest dirty runs back, until they are so many granules or, where only old ones
 * are wanted, until the next is not old. Bytes. Under both locks; lets `lock` go meanwhile. */
static size_t purge_some(size_t wanted, bool only_old)
{
    struct run_piece pieces[PIECES];
    size_t count = 0, granules = 0;
    unsigned failures = 0;
    while (count < PIECES && granules < wanted && dirty()->oldest) {
        if (only_old && !has_old_run()) break;
        size_t most = wanted - granules;
        pieces[count] = runs_pull_oldest(most > PIECE_LEAST ? most : PIECE_LEAST);
        granules += pieces[count++].granules;
    }
    if (count == 0) return 0;
    lock_drop(&lock);
    for (size_t i = 0; i < count; i++) {
        void *start = block_start(block_of_granule(pieces[i].first));
        bool is_purged = system_purge(start, pieces[i].granules * GRANULE_BYTES);
        failures |= (unsigned)!is_purged << i;
    }
    lock_take(&lock);
    return put_purged(pieces, count, failures);
}

/* Under `lock`, which is let go meanwhile. */
static size_t purge_all(void)
{
    lock_drop(&lock);
    lock_take(&purging);
    lock_take(&lock);
    size_t bytes = 0, part = 1, most = dirty()->granules * GRANULE_BYTES;
    while (part > 0 && bytes < most) {
        part = purge_some(SIZE_MAX, false);
        bytes += part;
    }
    lock_drop(&purging);
    return bytes;
}

static void purge_some_if_alone(size_t wanted, bool only_old)
{
    if (!lock_try(&purging)) return;
    purge_some(wanted, only_old);
    lock_drop(&purging);
}

static void begin(void)
{
    lock_take(&lock);
    if (calls++ % CALLS_A_LOOK == 0) corona_runs.now_ms = (uint32_t)system_now_ms();
}

static void end(void)
{
    if (has_old_run()) purge_some_if_alone(SIZE_MAX, true);
    lock_drop(&lock);
}

static bool has_much_idle(void)
{
    size_t share = corona_runs.used / IDLE_SHARE;
    return dirty()->granules > (share > IDLE_LEAST ? share : IDLE_LEAST);
}

static size_t take(size_t granules, size_t alignment, bool *is_zero)
{
    size_t first = runs_take_free(granules, alignment, is_zero);
    return first ? first : runs_take_fresh(granules, alignment, is_zero);
}

size_t back_end_take(size_t granules, size_t alignment, bool *is_zero)
{
    begin();
    size_t first = runs_take_free(granules, alignment, is_zero);
    if (!first && has_much_idle()) purge_some_if_alone(granules, false);
    if (!first) first = take(granules, alignment, is_zero);
    /* Free runs of two kinds do not join: when all are clean, they may do. */
    if (!first && purge_all() > 0) first = take(granules, alignment, is_zero);
    end();
    return first;
}

void back_end_give(size_t first)
{
    begin();
    runs_give(first);
    end();
}

bool back_end_grow(size_t first, size_t granules, bool *is_zero)
{
    begin();
    bool is_grown = runs_grow(first, granules, is_zero);
    end();
    return is_grown;
}

void back_end_shrink(size_t first, size_t granules)
{
    begin();
    runs_shrink(first, granules);
    end();
}

static bool take_metadata_run(size_t bytes)
{
    size_t granules = (bytes + GRANULE_BYTES - 1) / GRANULE_BYTES;
    if (granules < METADATA_RUN) granules = METADATA_RUN;
    size_t first = take(granules, 1, &metadata.is_zero);
    if (!first) return false;
    /* relaxed: no pointer into it has been handed out. */
    atomic_store_explicit(&block_of_granule(first)->use, USE_METADATA, memory_order_relaxed);
    metadata.start = block_start(block_of_granule(first));
    metadata.end = metadata.start + granules * GRANULE_BYTES;
    metadata_granules += granules;
    return true;
}

void *back_end_metadata(size_t bytes)
{
    bytes = (bytes + METADATA_ALIGNMENT - 1) & ~(size_t)(METADATA_ALIGNMENT - 1);
    char *start = NULL;
    lock_take(&lock);
    if (bytes <= (size_t)(metadata.end - metadata.start) || take_metadata_run(bytes)) {
        start = metadata.start;
        metadata.start += bytes;
        if (!metadata.is_zero) memset(start, 0, bytes);
    }
    lock_drop(&lock);
    return start;
}

void back_end_tick(void)
{
    if (!lock_try(&lock)) return;
    corona_runs.now_ms = (uint32_t)system_now_ms();
    end();
}

size_t back_end_purge(void)
{
    lock_take(&lock);
    size_t bytes = purge_all();
    lock_drop(&lock);
    return bytes;
}

void back_end_statistics(struct back_end_statistics *out)
{
    lock_take(&lock);
    *out = (struct back_end_statistics){
        .reserved_bytes = arena_reserved_bytes(),
        .committed_bytes = arena_committed_bytes(),
        .used_bytes = corona_runs.used * GRANULE_BYTES,
        .dirty_bytes = dirty()->granules * GRANULE_BYTES,
        .metadata_bytes = metadata_granules * GRANULE_BYTES,
        .purged_bytes = purged_bytes,
    };
    lock_drop(&lock);
}

void back_end_lock(void)
{
    lock_take(&purging);
    lock_take(&lock);
}

void back_end_unlock(void)
{
    lock_drop(&lock);
    lock_drop(&purging);
}

void back_end_unlock_in_child(void)
{
    lock_reset(&lock);
    lock_reset(&purging);
}
