/* Footprints that stay where they are, however long a program runs: objects passed from thread to
 * thread for ever, and a server in small, whose sessions differ in length and in the sizes they
 * ask, as the hours pass, and whose threads are replaced now and then.
 *
 *     CORONA_SECONDS=1800 tests/test_corona_drift           make corona-drift
 *     CORONA_OPERATIONS=10000000 tests/test_corona_drift    passes so many objects
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "corona_child_test.h"
#include "corona_blocks_test.h"

static size_t from_environment(const char *name, size_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoul(text, NULL, 10) : otherwise;
}

/* ---- passing */

enum { WINDOW = 50000, LOOK_EVERY = 4096 };

static _Atomic held_block window[WINDOW]; /* the oldest are freed first */
static _Atomic size_t freed_bytes, passed;

static size_t all_objects(void)
{
    return from_environment("CORONA_OPERATIONS", 1000000);
}

static void *free_oldest(void *unused)
{
    for (size_t i = 0; i < all_objects(); i++) {
        while (passed < i + WINDOW / 2 && passed < all_objects()) sched_yield();
        held_block held = atomic_exchange(&window[i % WINDOW], 0);
        freed_bytes += held_size(held);
        drop(held);
    }
    return unused;
}

/* The most that lived at once, and the most that was held for it. */
struct peaks {
    size_t live, used;
};

static void look(struct peaks *peaks, size_t live)
{
    size_t used = used_bytes();
    if (live > peaks->live) peaks->live = live;
    if (used > peaks->used) peaks->used = used;
}

static struct peaks pass_objects(void)
{
    struct peaks peaks = {0};
    struct random random;
    size_t made_bytes = 0;
    random_seed(&random, 1);
    for (; passed < all_objects(); passed++) {
        while (window[passed % WINDOW] != 0) sched_yield();
        size_t size = 16 + random_below(&random, 500);
        window[passed % WINDOW] = hold(corona_malloc(size), size, (uint32_t)passed);
        made_bytes += size;
        if (passed % LOOK_EVERY == 0) look(&peaks, made_bytes - freed_bytes);
    }
    return peaks;
}

static void objects_passed_for_ever_need_little_more_than_live(void **state)
{
    (void)state;
    pthread_t thread;
    expect(pthread_create(&thread, NULL, free_oldest, NULL) == 0);
    struct peaks peaks = pass_objects();
    pthread_join(thread, NULL);
    print_message("%zu objects: %zu KiB live at most, %zu KiB held\n", all_objects(),
                  peaks.live >> 10, peaks.used >> 10);
    assert_true(peaks.used <= peaks.live + peaks.live * 3 / 10);
}

/* ---- a server in small */

enum {
    TENTHS = 10,
    WORKERS = 4,
    SESSIONS = 200,    /* of each worker */
    BLOCKS_MOST = 60,  /* of a session */
    TERM = 3000,       /* steps of a worker, until another takes its place */
    TERMS = 40,        /* where no time is given */
    RESTS_EVERY = 20,  /* steps */
    PERIOD = 7 * TERM, /* of steps, in which the mix of sizes goes round */
};

struct session {
    held_block blocks[BLOCKS_MOST];
    size_t count, steps_left;
};

static struct session sessions[WORKERS][SESSIONS];
static _Atomic size_t steps[WORKERS];
static bool is_timed;

/* Small answers by night, large ones by day; and buffers among them. */
static size_t draw_answer(struct random *random, size_t step)
{
    double hour = sin((double)step * 2 * 3.14159265 / PERIOD);
    size_t mean = (size_t)(400 * exp(1.5 * hour));
    if (random_below(random, 200) == 0) return 20000 + random_below(random, 200000);
    return 8 + random_below(random, 2 * mean);
}

static void end_session(struct session *session)
{
    for (size_t i = 0; i < session->count; i++) drop(session->blocks[i]);
    session->count = 0;
}

/* Most are short; some outlast the worker that began them. */
static void begin_session(struct session *session, struct random *random)
{
    size_t most = random_below(random, 50) == 0 ? 100 : 8;
    session->steps_left = 1 + random_below(random, most);
}

static void serve(struct session *session, struct random *random, size_t step)
{
    if (session->steps_left == 0) {
        end_session(session);
        begin_session(session, random);
    }
    session->steps_left--;
    for (int i = 0; i < 5; i++) {
        size_t place = random_below(random, BLOCKS_MOST), size = draw_answer(random, step);
        held_block held = hold(corona_malloc(size), size, (uint32_t)step);
        if (place >= session->count) {
            session->blocks[session->count++] = held;
        } else {
            drop(session->blocks[place]);
            session->blocks[place] = held;
        }
    }
}

static void *work(void *argument)
{
    uintptr_t number = (uintptr_t)argument;
    struct random random;
    random_seed(&random, steps[number] * WORKERS + number);
    for (int i = 0; i < TERM; i++) {
        serve(&sessions[number][random_below(&random, SESSIONS)], &random, steps[number]++);
        if (is_timed && i % RESTS_EVERY == 0) usleep(2000);
    }
    return NULL;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* How much of the run is over, from 0 to 1. */
static double progress(double began, size_t terms)
{
    size_t seconds = from_environment("CORONA_SECONDS", 0);
    return is_timed ? (seconds_now() - began) / (double)seconds : (double)terms / TERMS;
}

/* The workers' terms end at different times. Means of what is resident in each tenth of the run. */
static void run_server(double *means)
{
    pthread_t workers[WORKERS];
    size_t counts[TENTHS] = {0};
    double began = seconds_now();
    for (uintptr_t i = 0; i < WORKERS; i++) pthread_create(&workers[i], NULL, work, (void *)i);
    for (size_t terms = 0; progress(began, terms) < 1; terms++) {
        uintptr_t number = terms % WORKERS;
        pthread_join(workers[number], NULL);
        size_t tenth = (size_t)(progress(began, terms) * TENTHS);
        if (tenth >= TENTHS) tenth = TENTHS - 1;
        means[tenth] += ((double)resident_bytes() - means[tenth]) / (double)++counts[tenth];
        pthread_create(&workers[number], NULL, work, (void *)number);
    }
    for (int i = 0; i < WORKERS; i++) pthread_join(workers[i], NULL);
}

/* The long run's bound is 1.1; a short one has its hours at other times in each tenth. */
static void a_server_does_not_grow(void **state)
{
    (void)state;
    size_t seconds = from_environment("CORONA_SECONDS", 0);
    double means[TENTHS] = {0}, most = seconds > 0 ? 1.1 : 1.4;
    is_timed = seconds > 0;
    run_server(means);
    for (int i = 0; i < TENTHS; i++) print_message("tenth %d: %.0f KiB\n", i + 1, means[i] / 1024);
    for (int i = 0; i < WORKERS; i++)
        for (int k = 0; k < SESSIONS; k++) end_session(&sessions[i][k]);
    assert_true(SANITIZED || means[TENTHS - 1] <= most * means[1]);
}

/* ---- mappings */

static size_t count_mappings(void)
{
    size_t lines = 0;
    FILE *file = fopen("/proc/self/maps", "r");
    expect(file != NULL);
    for (int letter; (letter = getc(file)) != EOF;) lines += letter == '\n';
    fclose(file);
    return lines;
}

/* The blocks are in each other's way. */
static void growing_for_ever_leaves_few_mappings(void **state)
{
    (void)state;
    enum { GROWING = 1000, STEPS = 3000, LEAST = 300000 };
    static void *blocks[GROWING];
    struct random random;
    random_seed(&random, 1);
    for (size_t i = 0; i < STEPS; i++) {
        void **block = &blocks[random_below(&random, GROWING)];
        size_t bytes = corona_usable_size(*block);
        if (bytes > 3 * LEAST) corona_free(*block), *block = NULL, bytes = 0;
        expect((*block = corona_realloc(*block, bytes + bytes / 4 + LEAST)) != NULL);
        memset((char *)*block + bytes, 1, 1); /* a page of its own */
    }
    size_t mappings = count_mappings();
    for (size_t i = 0; i < GROWING; i++) corona_free(blocks[i]);
    print_message("%zu mappings\n", mappings);
    assert_true(mappings < 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_passed_for_ever_need_little_more_than_live),
        cmocka_unit_test(a_server_does_not_grow),
        cmocka_unit_test(growing_for_ever_leaves_few_mappings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
