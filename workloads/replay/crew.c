/* The threads wait at a gate for each pass, and for each other at counters: a block's, or in the
 * recorded order each thread's own, which has the number of the run that is its turn. What one
 * wrote to the slot's entry, and the heap to the block, is there for the thread that sees the
 * counter reached.
 *
 * The wait is a short spin and then a sleep, as there may be fewer processors than threads. No wait
 * can last for ever: the recorded order satisfies all, and a refusal ends them.
 */
#include "crew.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../../allocators/pages.h"
#include "split.h"
#include "touch.h"

enum { SPINS = 1000, YIELDS = 20, STACK_BYTES = 512 << 10 };

struct worker {
    _Alignas(64) struct crew *crew;
    pthread_t thread;
    const struct split_event *next, *end;
    uint64_t checksum;
    const struct split_event *refused; /* NULL: none */
};

struct crew {
    struct split split;
    enum thread_order order;
    enum touch touch;
    bool is_alone;
    const struct heap *heap;   /* of this pass; NULL: the threads are to end */
    pthread_barrier_t gate;    /* of all threads and of who called crew_pass */
    uint32_t running;          /* threads that have been made */
    pthread_mutex_t making;    /* held while they are */
    bool is_given_up;          /* not all could be made */
    _Atomic bool is_stopped;   /* by a refusal */
    _Atomic uint32_t sleeping; /* threads, or about to */
    _Atomic uint32_t *counters;
    size_t counters_bytes;
    uint64_t checksum; /* of what crew_free has freed */
    struct worker workers[CREW_THREADS];
};

static uint32_t number_of(const struct split_event *event)
{
    return event->order & SPLIT_NUMBER;
}

static _Atomic uint32_t *counter_of(const struct crew *crew, const struct split_event *event,
                                    uint32_t thread)
{
    return &crew->counters[crew->order == ORDER_FREE ? event->slot : thread];
}

/* Until the counter is no longer this, or for a while: then there may have been a refusal. Whoever
 * waits for a block sleeps that time out: to be woken for each block would cost the other more than
 * the heap does, and by then there are many to go on with. */
static void sleep_on(struct crew *crew, _Atomic uint32_t *counter, uint32_t seen)
{
    const struct timespec a_while = {.tv_nsec = crew->order == ORDER_FREE ? 50000 : 5000000};
    atomic_fetch_add(&crew->sleeping, 1);
    syscall(SYS_futex, counter, FUTEX_WAIT_PRIVATE, seen, &a_while, NULL, 0);
    atomic_fetch_sub(&crew->sleeping, 1);
}

/* False when there is nothing to wait for any more. */
static bool await(const struct worker *worker, const struct split_event *event)
{
    struct crew *crew = worker->crew;
    uint32_t thread = (uint32_t)(worker - crew->workers);
    _Atomic uint32_t *counter = counter_of(crew, event, thread);
    for (unsigned spins = 0;; spins++) {
        uint32_t seen = atomic_load_explicit(counter, memory_order_acquire);
        if (seen >= number_of(event)) return true;
        if (atomic_load_explicit(&crew->is_stopped, memory_order_relaxed)) return false;
        if (spins >= SPINS + YIELDS) sleep_on(crew, counter, seen);
        else if (spins >= SPINS) sched_yield();
    }
}

static void hand_on(struct crew *crew, const struct split_event *event)
{
    uint32_t next = number_of(event) + 1;
    if (crew->order == ORDER_FREE) {
        atomic_store_explicit(counter_of(crew, event, 0), next, memory_order_release);
        return;
    }
    _Atomic uint32_t *counter = counter_of(crew, event, crew->split.runs[next].thread);
    atomic_store(counter, next);
    /* Who sleeps from now on has seen the counter, or the kernel sees it first. */
    if (atomic_load(&crew->sleeping) == 0) return;
    syscall(SYS_futex, counter, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static void refuse(struct worker *worker, const struct split_event *event)
{
    worker->refused = event;
    atomic_store_explicit(&worker->crew->is_stopped, true, memory_order_relaxed);
}

static inline __attribute__((always_inline)) void work(struct worker *worker, size_t count,
                                                       enum touch touch)
{
    struct crew *crew = worker->crew;
    const struct heap *heap = crew->heap;
    const struct split_event *event = worker->next, *end = event + count;
    uint64_t checksum = worker->checksum;
    for (; event != end; event++) {
        if ((event->order & SPLIT_WAITS) && !await(worker, event)) break;
        void **block = &crew->split.held.blocks[event->slot];
        if (touch != TOUCH_NONE && (event->order & SPLIT_VISIT)) {
            checksum = touch_read(checksum, *block);
        } else {
            checksum = touch_last(checksum, *block, event->old_size, touch);
            *block = heap->resize(heap->state, *block, event->old_size, event->new_size);
            if (__builtin_expect((*block == NULL) & (event->new_size != 0), 0)) {
                refuse(worker, event);
                break;
            }
            touch_new(*block, event->slot, event->old_size, event->new_size, touch);
        }
        if (event->order & SPLIT_HANDS_ON) hand_on(crew, event);
    }
    worker->next = event;
    worker->checksum = checksum;
}

static void work_touching(struct worker *worker, size_t count)
{
    switch (worker->crew->touch) {
    case TOUCH_NONE: work(worker, count, TOUCH_NONE); break;
    case TOUCH_ENDS: work(worker, count, TOUCH_ENDS); break;
    case TOUCH_ALL: work(worker, count, TOUCH_ALL); break;
    default: work(worker, count, TOUCH_LINES); break;
    }
}

static void *live(void *working)
{
    struct worker *worker = working;
    pthread_mutex_lock(&worker->crew->making);
    bool is_given_up = worker->crew->is_given_up;
    pthread_mutex_unlock(&worker->crew->making);
    while (!is_given_up) {
        pthread_barrier_wait(&worker->crew->gate);
        if (worker->crew->heap == NULL) return NULL;
        work_touching(worker, (size_t)(worker->end - worker->next));
        pthread_barrier_wait(&worker->crew->gate);
    }
    return NULL;
}

/* ---- the threads */

static void end_threads(struct crew *crew)
{
    for (uint32_t i = 0; i < crew->running; i++) pthread_join(crew->workers[i].thread, NULL);
    pthread_barrier_destroy(&crew->gate);
    crew->running = 0;
}

/* All or none: none passes the gate before the last is there. */
static bool make_threads(struct crew *crew)
{
    pthread_attr_t attributes;
    uint32_t count = crew->split.thread_count;
    if (pthread_barrier_init(&crew->gate, NULL, count + 1)) return false;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_mutex_lock(&crew->making);
    while (crew->running < count) {
        struct worker *worker = &crew->workers[crew->running];
        if (pthread_create(&worker->thread, &attributes, live, worker)) break;
        crew->running++;
    }
    crew->is_given_up = crew->running < count;
    pthread_mutex_unlock(&crew->making);
    pthread_attr_destroy(&attributes);
    if (crew->is_given_up) end_threads(crew);
    return !crew->is_given_up;
}

void crew_dismiss(struct crew *crew)
{
    if (crew->running == 0) return;
    crew->heap = NULL;
    pthread_barrier_wait(&crew->gate);
    end_threads(crew);
}

/* ---- a pass */

static void begin_pass(struct crew *crew, const struct heap *heap)
{
    crew->heap = heap;
    atomic_store(&crew->is_stopped, false);
    memset((void *)crew->counters, 0, crew->counters_bytes);
    for (uint32_t i = 0; i < crew->split.thread_count; i++) {
        crew->workers[i].next = crew->split.events + crew->split.starts[i];
        crew->workers[i].end = crew->split.events + crew->split.starts[i + 1];
        crew->workers[i].refused = NULL;
    }
}

static void work_alone(struct crew *crew)
{
    for (size_t i = 0; i < crew->split.run_count && !crew->is_stopped; i++) {
        const struct split_run *run = &crew->split.runs[i];
        work_touching(&crew->workers[run->thread], run->count);
    }
}

static bool find_refusal(const struct crew *crew, struct error *error)
{
    for (uint32_t i = 0; i < crew->split.thread_count; i++) {
        const struct split_event *refused = crew->workers[i].refused;
        if (!refused) continue;
        return error_set(error, "call %td of thread %u, from %u to %u bytes, was refused",
                         refused - crew->split.events - (ptrdiff_t)crew->split.starts[i] + 1, i,
                         refused->old_size, refused->new_size);
    }
    return true;
}

bool crew_pass(struct crew *crew, const struct heap *heap, struct error *error)
{
    if (!crew->is_alone && crew->running == 0 && !make_threads(crew)) {
        return error_set(error, "no thread could be made");
    }
    begin_pass(crew, heap);
    if (crew->is_alone) {
        work_alone(crew);
    } else {
        pthread_barrier_wait(&crew->gate);
        pthread_barrier_wait(&crew->gate);
    }
    return find_refusal(crew, error);
}

size_t crew_free(struct crew *crew, const struct heap *heap)
{
    struct held *held = &crew->split.held;
    if (held->live_count) held_free(held, heap, crew->touch, &crew->checksum);
    return held->live_count;
}

void crew_forget(struct crew *crew)
{
    held_forget(&crew->split.held);
}

/* A sum, so that no order of threads counts. */
uint64_t crew_checksum(struct crew *crew)
{
    uint64_t checksum = crew->checksum;
    crew->checksum = 0;
    for (uint32_t i = 0; i < crew->split.thread_count; i++) {
        checksum += crew->workers[i].checksum * (2 * (uint64_t)i + 3);
        crew->workers[i].checksum = 0;
    }
    return checksum;
}

/* ---- */

static bool fill(struct crew *crew, const struct trace *trace, struct error *error)
{
    bool has_visits = crew->touch != TOUCH_NONE;
    if (!split_open(&crew->split, trace, crew->order, has_visits, CREW_THREADS, error)) {
        return false;
    }
    size_t counter_count = crew->order == ORDER_FREE ? crew->split.slot_count + 1 : CREW_THREADS;
    crew->counters_bytes = counter_count * sizeof *crew->counters;
    crew->counters = pages_map(crew->counters_bytes);
    if (!crew->counters) return error_set(error, "not enough memory for the threads' counters");
    for (uint32_t i = 0; i < CREW_THREADS; i++) crew->workers[i].crew = crew;
    return crew->is_alone || make_threads(crew) || error_set(error, "no thread could be made");
}

struct crew *crew_open(const struct trace *trace, enum thread_order order, enum touch touch,
                       bool is_alone, struct error *error)
{
    struct crew *crew = pages_map(sizeof *crew);
    if (!crew) {
        error_set(error, "the system refuses pages for its threads");
        return NULL;
    }
    crew->order = order;
    crew->touch = touch;
    crew->is_alone = is_alone;
    pthread_mutex_init(&crew->making, NULL);
    if (fill(crew, trace, error)) return crew;
    crew_close(crew);
    return NULL;
}

void crew_close(struct crew *crew)
{
    crew_dismiss(crew);
    if (crew->counters) pages_unmap((void *)crew->counters, crew->counters_bytes);
    split_close(&crew->split);
    pages_unmap(crew, sizeof *crew);
}
