/* Threads are made anew for each piece of work and are joined at its end, as some allocators clean
 * up then. None begins before all are there: one that waits for another which could not be made
 * would wait for ever. Their order has no meaning: what they compute are sums.
 */
#include "crowd.h"

#include "../../allocators/pages.h"

enum { STACK_BYTES = 512 << 10 };

struct worker {
    pthread_t thread;
    struct crowd *crowd;
    crowd_work_fn *work;
    size_t number;
};

static void *live(void *living)
{
    const struct worker *worker = living;
    pthread_mutex_lock(&worker->crowd->making);
    bool is_given_up = worker->crowd->is_given_up;
    pthread_mutex_unlock(&worker->crowd->making);
    if (!is_given_up) worker->work(worker->crowd, worker->number);
    return NULL;
}

static size_t make_threads(struct crowd *crowd, struct worker *workers, crowd_work_fn *work)
{
    pthread_attr_t attributes;
    size_t made = 0;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_mutex_lock(&crowd->making);
    for (; made < crowd->settings.threads; made++) {
        struct worker *worker = &workers[made];
        *worker = (struct worker){.crowd = crowd, .work = work, .number = made};
        if (pthread_create(&worker->thread, &attributes, live, worker)) break;
    }
    crowd->is_given_up = made < crowd->settings.threads;
    pthread_mutex_unlock(&crowd->making);
    pthread_attr_destroy(&attributes);
    return made;
}

bool crowd_work(struct crowd *crowd, crowd_work_fn *work)
{
    struct worker workers[CROWD_THREADS];
    if (crowd->is_alone) {
        for (size_t i = 0; i < crowd->settings.threads; i++) work(crowd, i);
        return true;
    }
    size_t made = make_threads(crowd, workers, work);
    for (size_t i = 0; i < made; i++) pthread_join(workers[i].thread, NULL);
    return !crowd->is_given_up;
}

void crowd_clear(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->place_count; i++) {
        hand_free(&crowd->last, atomic_exchange(&crowd->places[i], NULL));
    }
}

/* ---- */

static size_t pair_count(const struct crowd *crowd)
{
    return (crowd->settings.threads + 1) / 2;
}

void crowd_begin(struct crowd *crowd, const struct heap *heap, uint64_t seed)
{
    const struct crowd_settings *settings = &crowd->settings;
    for (size_t i = 0; i < settings->threads; i++) {
        hand_open(&crowd->hands[i], heap, settings->low, settings->high, seed + i);
    }
    hand_open(&crowd->last, heap, settings->low, settings->high, seed);
    for (size_t i = 0; i < crowd->place_count; i++) atomic_store(&crowd->places[i], NULL);
    crowd->life = 0;
}

bool crowd_open(struct crowd *crowd, const struct crowd_settings *settings, struct error *error)
{
    *crowd =
        (struct crowd){.settings = *settings, .place_count = settings->threads * settings->blocks};
    crowd->places = pages_map(crowd->place_count * sizeof *crowd->places);
    crowd->queues = pages_map(pair_count(crowd) * sizeof *crowd->queues);
    pthread_mutex_init(&crowd->making, NULL);
    if (crowd->places && crowd->queues) return true;
    crowd_close(crowd);
    return error_set(error, "the system refuses memory for the addresses of %zu blocks",
                     crowd->place_count);
}

void crowd_close(struct crowd *crowd)
{
    if (crowd->places) {
        pages_unmap((void *)crowd->places, crowd->place_count * sizeof *crowd->places);
    }
    if (crowd->queues) pages_unmap(crowd->queues, pair_count(crowd) * sizeof *crowd->queues);
    pthread_mutex_destroy(&crowd->making);
}
