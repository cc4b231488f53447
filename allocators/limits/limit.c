/* What all limits do, told apart by a struct limit_kind.
 *
 * Use is added after the inner heap has granted a growth and taken off before a free is passed on,
 * so that no answer of the inner heap has to be undone. A call costs about 12 instructions while
 * use stays in the window (limit.h); leaving it costs some 50, and the clock where a kind looks.
 *
 * Invariant: used is the sum of what was granted and not freed since, and never below 0, even if
 * blocks are freed that were never seen. A shared budget is charged exactly used: its window is
 * empty, so that every call leaves it.
 */
#include "limit.h"

#include <assert.h>

#include "../pages.h"
#include "budget.h"

/* Use has to fall so far below a bound before crossing it counts again: one warning, not one for
 * each block, when a program hovers there. */
enum { MARGIN_SHARE = 32 };

/* A sweep frees many blocks in a row; a table that grows frees one. */
enum { FREES_OF_A_SWEEP = 32 };

/* The least use is followed in steps of this share of the room. */
enum { STEPS_OF_ROOM = 32 };

static size_t least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t greatest_of(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t subtract(size_t a, size_t b)
{
    return a > b ? a - b : 0;
}

/* What growth is refused beyond, the budget left aside. */
static size_t most_of(const struct limit *limit)
{
    return limit->is_lifted ? PTRDIFF_MAX : limit_with_leniency(limit, limit->hard);
}

/* ---- collections
 *
 * They are asked for when half of the room above the least use since the last request is used up:
 * seldom where much is garbage, and about twenty times in all where everything is alive. Where the
 * largest growth so far, doubled as a hash table would, no longer fits into the other half, they
 * are asked for earlier, but not before a quarter is used. */

/* Bytes that a collection is to keep use below. */
static size_t goal_of(const struct limit *limit, size_t used)
{
    size_t goal = used <= limit->hard ? limit->hard : most_of(limit);
    return limit->budget ? least_of(goal, used + budget_room(limit->budget)) : goal;
}

static size_t trigger_of(const struct limit *limit, size_t used)
{
    size_t room = subtract(goal_of(limit, used), limit->least);
    size_t share = least_of(room / 2, subtract(room, 2 * limit->largest));
    size_t trigger = limit->least + greatest_of(share, room / 4);
    return limit->soft == SIZE_MAX ? trigger : greatest_of(trigger, limit->soft);
}

static size_t step_of(const struct limit *limit)
{
    return 1 + subtract(goal_of(limit, limit->used), limit->least) / STEPS_OF_ROOM;
}

static void notice(struct limit *limit, enum limit_event event, size_t bytes)
{
    if (limit->kind->notice) limit->kind->notice(limit, event, bytes);
}

static void ask_collection(struct limit *limit, size_t used)
{
    const struct host *host = limit->wrapped.inner->host;
    if (!limit->collects || limit->is_lifted || !host->collect) return;
    limit->least = limit->asked_at = used;
    limit->asked_frees = limit->free_calls;
    limit->is_collection_wanted = true;
    limit->collections++;
    host->collect(host->program, true);
    notice(limit, LIMIT_COLLECTION_ASKED, used);
}

/* The collection is under way: no step of it can be made small any more. */
static void end_request(struct limit *limit)
{
    const struct host *host = limit->wrapped.inner->host;
    if (limit->free_calls - limit->asked_frees < FREES_OF_A_SWEEP) return;
    limit->is_collection_wanted = false;
    if (host->collect) host->collect(host->program, false);
}

/* ---- the window */

static void follow_bound(size_t bound, bool is_above, size_t *floor, size_t *ceiling)
{
    if (is_above) *floor = greatest_of(*floor, bound - bound / MARGIN_SHARE);
    else *ceiling = least_of(*ceiling, bound);
}

static void set_window(struct limit *limit)
{
    size_t used = limit->used, floor = 0, ceiling = most_of(limit);
    if (!limit->is_lifted) {
        follow_bound(limit->soft, limit->is_above_soft, &floor, &ceiling);
        follow_bound(limit->hard, limit->is_above_hard, &floor, &ceiling);
    }
    if (limit->stride) {
        floor = greatest_of(floor, subtract(used, limit->stride));
        ceiling = least_of(ceiling, used + limit->stride);
    }
    if (limit->collects) {
        floor = greatest_of(floor, subtract(limit->least, step_of(limit)));
        ceiling = least_of(ceiling, trigger_of(limit, used));
        ceiling = least_of(ceiling, used + step_of(limit)); /* so that large growths are noticed */
    }
    limit->floor = limit->budget ? PTRDIFF_MAX : floor;
    limit->ceiling = limit->budget ? 0 : ceiling;
}

void limit_refresh(struct limit *limit)
{
    if (limit->used <= limit->soft) limit->is_above_soft = false;
    if (limit->used <= limit->hard) limit->is_above_hard = false;
    set_window(limit);
}

static bool refuse(struct limit *limit, size_t growth)
{
    limit->refused++;
    notice(limit, LIMIT_REFUSED, growth);
    ask_collection(limit, limit->used);
    set_window(limit);
    return false;
}

static void cross_upwards(struct limit *limit, size_t after)
{
    if (after > limit->soft && !limit->is_above_soft) {
        limit->is_above_soft = true;
        limit->soft_violations++;
        notice(limit, LIMIT_ABOVE_SOFT, after);
    }
    if (after > limit->hard && !limit->is_above_hard) {
        limit->is_above_hard = true;
        limit->hard_violations++;
        notice(limit, LIMIT_EXCEEDED, after);
    }
}

static bool charge(struct limit *limit, size_t bytes)
{
    if (!limit->budget) return true;
    if (!limit->is_lifted) return budget_charge(limit->budget, bytes);
    budget_force(limit->budget, bytes);
    return true;
}

/* Whether a growth that leaves the window may be. */
static bool admit(struct limit *limit, size_t growth)
{
    size_t after;
    if (limit->kind->look) limit->kind->look(limit);
    if (__builtin_add_overflow(limit->used, growth, &after) || after > most_of(limit)) {
        if (!limit->is_lifted) limit->hard_violations++;
        return refuse(limit, growth);
    }
    if (!charge(limit, growth)) return refuse(limit, growth);
    if (!limit->is_lifted) cross_upwards(limit, after);
    if (growth > limit->largest) limit->largest = growth;
    if (limit->collects && after > trigger_of(limit, limit->used)) ask_collection(limit, after);
    return true;
}

static void sink_below(struct limit *limit)
{
    const struct limit_kind *kind = limit->kind;
    if (kind->look) kind->look(limit);
    if (limit->is_above_soft && limit->used < limit->soft - limit->soft / MARGIN_SHARE) {
        limit->is_above_soft = false;
        notice(limit, LIMIT_BELOW_SOFT, limit->used);
    }
    if (limit->used < limit->hard - limit->hard / MARGIN_SHARE) limit->is_above_hard = false;
    if (limit->used < limit->least) limit->least = limit->used;
    if (limit->is_collection_wanted && limit->used < limit->asked_at) end_request(limit);
    set_window(limit);
}

/* ---- calls */

static void count_growth(struct limit *limit, const void *block, size_t after)
{
    limit->used = after;
    if (after > limit->peak) limit->peak = after;
    if (block == NULL) limit->new_calls++;
    else limit->other_calls++;
}

static __attribute__((noinline, cold)) void *fail(struct limit *limit, size_t growth)
{
    limit->failed++;
    notice(limit, LIMIT_FAILED, growth);
    ask_collection(limit, limit->used);
    set_window(limit);
    return NULL;
}

static __attribute__((noinline)) void *grow_beyond(struct limit *limit, void *block,
                                                   size_t old_size, size_t new_size)
{
    size_t growth = new_size - old_size;
    if (!admit(limit, growth)) return NULL;
    void *result = limit->inner_resize(limit->inner_state, block, old_size, new_size);
    if (result == NULL) {
        if (limit->budget) budget_give_back(limit->budget, growth);
        return fail(limit, growth);
    }
    count_growth(limit, block, limit->used + growth);
    if (limit->budget) budget_keep(limit->budget);
    set_window(limit);
    return result;
}

/* Each path is a function of its own, so that none saves registers for another's sake. */
static __attribute__((noinline)) void *make_block(struct limit *limit, size_t size)
{
    size_t after;
    if (__builtin_add_overflow(limit->used, size, &after) || after > limit->ceiling) {
        return grow_beyond(limit, NULL, 0, size);
    }
    void *result = limit->inner_resize(limit->inner_state, NULL, 0, size);
    if (__builtin_expect(result == NULL, 0)) return fail(limit, after - limit->used);
    count_growth(limit, NULL, after);
    return result;
}

static __attribute__((noinline)) void *grow_block(struct limit *limit, void *block, size_t old_size,
                                                  size_t new_size)
{
    size_t after;
    if (__builtin_add_overflow(limit->used, new_size - old_size, &after) ||
        after > limit->ceiling) {
        return grow_beyond(limit, block, old_size, new_size);
    }
    void *result = limit->inner_resize(limit->inner_state, block, old_size, new_size);
    if (__builtin_expect(result == NULL, 0)) return fail(limit, after - limit->used);
    count_growth(limit, block, after);
    return result;
}

static __attribute__((noinline)) void *lessen_beyond(struct limit *limit, void *block,
                                                     size_t old_size, size_t new_size)
{
    size_t given = least_of(old_size - new_size, limit->used);
    limit->used -= given;
    if (limit->budget) budget_give_back(limit->budget, given);
    sink_below(limit);
    return limit->inner_resize(limit->inner_state, block, old_size, new_size);
}

void *limit_resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct limit *limit = heap;
    if (block == NULL) return new_size ? make_block(limit, new_size) : NULL;
    if (new_size > old_size) return grow_block(limit, block, old_size, new_size);
    if (new_size == 0) limit->free_calls++;
    else limit->other_calls++;
    size_t after = limit->used - (old_size - new_size);
    /* As signed numbers: what has wrapped round 0 is below any floor. */
    if ((ptrdiff_t)after < (ptrdiff_t)limit->floor) {
        return lessen_beyond(limit, block, old_size, new_size);
    }
    limit->used = after;
    return limit->inner_resize(limit->inner_state, block, old_size, new_size);
}

/* ---- opening and closing */

void *limit_open(const struct allocator *self, const struct settings *settings,
                 const struct heap *inner, size_t state_bytes, const struct limit_kind *kind,
                 struct error *error)
{
    struct limit *limit = wrapped_open(self, inner, state_bytes, error);
    if (!limit) return NULL;
    limit->inner_resize = inner->resize;
    limit->inner_state = inner->state;
    limit->kind = kind;
    limit->state_bytes = state_bytes;
    limit->nominal = settings->values[LIMIT_BYTES].number;
    limit->collects = settings->values[LIMIT_COLLECT].number;
    limit->soft = SIZE_MAX;
    limit->is_strict = true;
    return limit;
}

void limit_begin(struct limit *limit)
{
    limit->kind->set_bounds(limit);
    set_window(limit);
    limit->ceiling = 0; /* the first growth starts the clock */
}

void limit_close(void *heap)
{
    struct limit *limit = heap;
    if (limit->budget) budget_give_back(limit->budget, limit->used);
    if (limit->kind->close) limit->kind->close(limit);
    pages_unmap(limit, limit->state_bytes);
}

void limit_adopt(void *heap, size_t live_bytes)
{
    struct limit *limit = heap;
    assert(!limit->budget);
    limit->used += live_bytes;
    limit->is_adopted |= live_bytes > 0;
    limit->peak = greatest_of(limit->peak, limit->used);
    set_window(limit);
}

const struct wrapper_methods limit_methods = {.adopt = limit_adopt};
