/* All thread data is in one list that only grows; what an ended thread leaves is used again. A
 * thread may allocate after its end was announced, from the destructors of others: it then gets
 * data again, and the announcement is repeated. Should the system not repeat it any more, the data
 * is found by the next thread that has the same thread pointer, blocks and all. */
#include "thread_data.h"

#include <string.h>

#include "back_end.h"
#include "commons.h"
#include "large.h"
#include "mail.h"
#include "orphans.h"
#include "start.h"
#include "synchronisation.h"
#include "thread_bins.h"

struct block block_none = {.free = 1, .object_bytes = OBJECT_ALIGNMENT};
struct thread_data thread_unborn = {THREAD_WITHOUT_BLOCKS, .mail = MAIL_CLOSED};
struct thread_data thread_ended = {THREAD_WITHOUT_BLOCKS, .mail = MAIL_CLOSED};
__thread struct thread_data *corona_thread
    __attribute__((tls_model("initial-exec"), visibility("hidden"))) = &thread_unborn;

static struct {
    struct lock lock;
    struct thread_data *newest;
} registry;

static struct thread_data *make(void)
{
    struct thread_data *thread = back_end_metadata(sizeof *thread);
    if (thread == NULL) return NULL;
    for (unsigned i = 0; i < DIRECT_COUNT; i++) thread->direct[i] = &block_none;
    for (unsigned i = 0; i < BIN_COUNT; i++) thread->bins[i].current = &block_none;
    thread->older = registry.newest;
    registry.newest = thread;
    return thread;
}

/* What a thread with this pointer has left without a word, else what any has left. */
static struct thread_data *find_unused(uintptr_t pointer)
{
    struct thread_data *unused = NULL;
    for (struct thread_data *thread = registry.newest; thread != NULL; thread = thread->older) {
        if (thread->is_alive && thread->pointer == pointer) return thread;
        if (!thread->is_alive) unused = thread;
    }
    return unused;
}

static struct thread_data *enlist(uintptr_t pointer)
{
    lock_take(&registry.lock);
    struct thread_data *thread = find_unused(pointer);
    if (thread == NULL) thread = make();
    if (thread != NULL && !thread->is_alive) {
        thread->is_alive = true;
        thread->pointer = pointer;
        atomic_store_explicit(&thread->mail, 0, memory_order_relaxed);
    }
    lock_drop(&registry.lock);
    return thread;
}

struct thread_data *thread_start(void)
{
    start_corona();
    struct thread_data *thread = enlist(system_thread());
    if (thread == NULL) return NULL;
    /* Before anything that may allocate in its turn. */
    corona_thread = thread;
    system_watch_thread(thread);
    return thread;
}

void thread_end(void *value)
{
    struct thread_data *thread = value;
    corona_thread = &thread_ended;
    mail_post_all(thread);
    orphans_lock();
    uintptr_t chain = mail_close(thread);
    bins_leave(thread, orphans_leave);
    orphans_unlock();
    mail_free_chain(&thread_ended, chain);
    thread_trim(thread);
    lock_take(&registry.lock);
    thread->is_alive = false;
    lock_drop(&registry.lock);
}

void thread_trim(struct thread_data *thread)
{
    bins_trim(thread);
    large_object_trim(thread);
}

/* ---- forks */

/* Of the fork under way; written by a thread that is alone, or holds the lock. A thread that is
 * alone needs no locks, and may even hold some: when it is a signal handler that forks in the midst
 * of an allocation, which both processes then finish. */
static bool forks_alone;

void threads_lock(void)
{
    if (system_has_one_thread()) {
        forks_alone = true;
        return;
    }
    lock_take(&registry.lock);
    forks_alone = false;
    orphans_lock();
    commons_lock();
    back_end_lock();
}

void threads_unlock(void)
{
    if (forks_alone) return;
    back_end_unlock();
    commons_unlock();
    orphans_unlock();
    lock_drop(&registry.lock);
}

static bool bury_others(const struct thread_data *survivor)
{
    bool had_others = false;
    for (struct thread_data *thread = registry.newest; thread != NULL; thread = thread->older) {
        if (!thread->is_alive || thread == survivor) continue;
        had_others = true;
        struct thread_data empty = {THREAD_WITHOUT_BLOCKS, .mail = MAIL_CLOSED};
        empty.older = thread->older;
        empty.counts = thread->counts;
        *thread = empty;
    }
    return had_others;
}

void threads_unlock_in_child(void)
{
    if (forks_alone) return;
    struct thread_data *survivor = corona_thread;
    back_end_unlock_in_child();
    commons_unlock_in_child();
    if (bury_others(survivor)) {
        /* So that all that is kept ready by anybody was kept by the others. */
        if (thread_is_alive(survivor)) thread_trim(survivor);
        orphans_take_over(survivor);
    }
    orphans_unlock_in_child();
    lock_reset(&registry.lock);
}

/* ---- statistics */

static void add_counts(struct call_counts *sums, const struct call_counts *counts)
{
    enum { COUNT = sizeof *sums / sizeof sums->frees };
    _Atomic uint64_t *sum = (_Atomic uint64_t *)sums;
    const _Atomic uint64_t *count = (const _Atomic uint64_t *)counts;
    for (unsigned i = 0; i < COUNT; i++) sum[i] += count[i];
}

void thread_sum_counts(struct call_counts *out, size_t *alive)
{
    memset(out, 0, sizeof *out);
    *alive = 0;
    add_counts(out, &thread_unborn.counts);
    add_counts(out, &thread_ended.counts);
    add_counts(out, &commons.counts);
    lock_take(&registry.lock);
    for (const struct thread_data *thread = registry.newest; thread != NULL;
         thread = thread->older) {
        add_counts(out, &thread->counts);
        *alive += thread->is_alive;
    }
    lock_drop(&registry.lock);
}

void threads_watch(void)
{
    if (thread_is_alive(corona_thread)) bins_watch(corona_thread);
}
