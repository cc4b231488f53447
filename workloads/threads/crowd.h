/* The threads of a program, and what they share. */
#ifndef THREADS_CROWD_H
#define THREADS_CROWD_H

#include <pthread.h>
#include <stdatomic.h>

#include "hand.h"
#include "queue.h"

enum { CROWD_THREADS = 64 };

struct crowd_settings {
    size_t threads;
    size_t replacements; /* of blocks, by each thread; each is a birth and a death */
    size_t blocks;       /* alive at a time, for each thread */
    size_t low, high;    /* bytes of a block */
    size_t lives;        /* of threads that follow each other, for each of `threads` */
};

/* A place holds a block or NULL. Those of thread i begin at i * settings.blocks. */
struct crowd {
    struct crowd_settings settings;
    bool is_alone; /* one thread does what all do, one after the other */
    struct hand hands[CROWD_THREADS];
    struct hand last; /* frees what is left when the threads have ended */
    _Atomic(void *) *places;
    size_t place_count;
    struct queue *queues; /* of each pair of threads */
    size_t life;          /* how many lives have ended */
    /* While threads are made */
    pthread_mutex_t making;
    bool is_given_up;
};

typedef void crowd_work_fn(struct crowd *crowd, size_t number);

/* False, with the reason, when the system refuses memory. No thread is made yet. */
bool crowd_open(struct crowd *crowd, const struct crowd_settings *settings, struct error *error);
void crowd_close(struct crowd *crowd);

/* Before each run: hands without a past. */
void crowd_begin(struct crowd *crowd, const struct heap *heap, uint64_t seed);

/* Makes the threads, has each work, and waits for the end of all: none or all. False: they could
 * not be made. */
bool crowd_work(struct crowd *crowd, crowd_work_fn *work);

/* Frees what is in places. */
void crowd_clear(struct crowd *crowd);

#endif
