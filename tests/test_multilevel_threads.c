/* multilevel under real threads: blocks that one thread makes and another frees, caches that come
 * back when threads end, and heaps that are closed while threads live on. The file is meant to be
 * built with -fsanitize=thread too. */
#include "heap_test.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "multilevel_test.h"

enum { BLOCKS = 1000000, BATCH = 250, BATCHES = BLOCKS / BATCH, QUEUE = 16 };

struct batch {
    unsigned char *blocks[BATCH];
    size_t first; /* number of the first block */
};

/* A ring of full batches between makers and takers. */
static struct {
    const struct heap *heap;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct batch ring[QUEUE];
    size_t made, put, taken; /* batches */
    size_t wrong_blocks;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* Mostly small, some of the middle, few large and a mapping now and then. */
static size_t size_of(size_t number)
{
    if (number % 50021 == 0) return 600000;
    if (number % 997 == 0) return 5000 + number % 20000;
    return 8 + number * 7 % (number % 16 == 0 ? 1500 : 120);
}

/* Written at both ends: all of a block would make the test one of memset. */
static void fill(unsigned char *block, size_t number)
{
    size_t size = size_of(number);
    memcpy(block, &number, sizeof number);
    block[size - 1] = (unsigned char)(size > sizeof number ? number ^ 0x5a : block[size - 1]);
}

static bool is_filled(const unsigned char *block, size_t number)
{
    size_t size = size_of(number), found;
    memcpy(&found, block, sizeof found);
    if (found != number) return false;
    return size <= sizeof number || block[size - 1] == (unsigned char)(number ^ 0x5a);
}

static void put(const struct batch *batch)
{
    pthread_mutex_lock(&queue.lock);
    while (queue.put - queue.taken == QUEUE) pthread_cond_wait(&queue.changed, &queue.lock);
    queue.ring[queue.put++ % QUEUE] = *batch;
    pthread_cond_broadcast(&queue.changed);
    pthread_mutex_unlock(&queue.lock);
}

/* False when all were taken. */
static bool take(struct batch *batch)
{
    pthread_mutex_lock(&queue.lock);
    while (queue.put == queue.taken && queue.taken < BATCHES) {
        pthread_cond_wait(&queue.changed, &queue.lock);
    }
    bool is_taken = queue.taken < queue.put;
    if (is_taken) *batch = queue.ring[queue.taken++ % QUEUE];
    pthread_cond_broadcast(&queue.changed);
    pthread_mutex_unlock(&queue.lock);
    return is_taken;
}

/* False when all batches are made, or being made by others. */
static bool begin_batch(struct batch *batch)
{
    pthread_mutex_lock(&queue.lock);
    bool is_begun = queue.made < BATCHES;
    if (is_begun) batch->first = queue.made++ * BATCH;
    pthread_mutex_unlock(&queue.lock);
    return is_begun;
}

static void *make_blocks(void *unused)
{
    struct batch batch;
    while (begin_batch(&batch)) {
        for (size_t i = 0; i < BATCH; i++) {
            batch.blocks[i] = make(queue.heap, size_of(batch.first + i));
            fill(batch.blocks[i], batch.first + i);
        }
        put(&batch);
    }
    return unused;
}

static void *take_blocks(void *unused)
{
    struct batch batch;
    size_t wrong = 0;
    while (take(&batch)) {
        for (size_t i = 0; i < BATCH; i++) {
            size_t size = size_of(batch.first + i);
            wrong += !is_filled(batch.blocks[i], batch.first + i);
            wrong += resize(queue.heap, batch.blocks[i], size, 0) != NULL;
        }
    }
    pthread_mutex_lock(&queue.lock);
    queue.wrong_blocks += wrong;
    pthread_mutex_unlock(&queue.lock);
    return unused;
}

static void holds_nothing(const struct heap *heap)
{
    struct tier_statistics tier;
    assert_int_equal(totals_of(heap).live_bytes, 0);
    assert_int_equal(totals_of(heap).live_blocks, 0);
    for (size_t i = 0; heap->allocator->tier(heap->state, i, &tier); i++) {
        assert_int_equal(tier.total_blocks, 0);
    }
}

/* Reads figures while the heap is in use: they need not agree, but none may be absurd. */
static void look_on(const struct heap *heap)
{
    for (size_t i = 0; i < 200; i++) {
        struct heap_statistics totals = totals_of(heap);
        assert_true(totals.footprint_bytes < (size_t)1 << 30);
        assert_true(totals.live_blocks <= BLOCKS);
        assert_true(figure_of(heap, "calls that a cache answered") <= 2.0 * BLOCKS);
    }
}

static void passes_blocks(const char *spec, size_t pairs)
{
    pthread_t threads[4];
    struct heap *heap = open_spec(spec);
    queue.heap = heap;
    queue.made = queue.put = queue.taken = queue.wrong_blocks = 0;
    for (size_t i = 0; i < pairs * 2; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, i % 2 == 0 ? make_blocks : take_blocks, NULL), 0);
    }
    look_on(heap);
    for (size_t i = 0; i < pairs * 2; i++) pthread_join(threads[i], NULL);
    assert_int_equal(queue.taken, BATCHES);
    assert_int_equal(queue.wrong_blocks, 0);
    holds_nothing(heap);
    heap_close(heap);
}

static void a_maker_and_a_taker_pass_a_million_blocks(void **state)
{
    (void)state;
    passes_blocks("multilevel", 1);
}

static void two_makers_and_two_takers_pass_a_million_blocks(void **state)
{
    (void)state;
    passes_blocks("multilevel", 2);
}

static void without_caches_they_pass_them_too(void **state)
{
    (void)state;
    passes_blocks("multilevel:cache=0", 2);
}

static void *make_and_free_50(void *state)
{
    const struct heap *heap = state;
    void *blocks[50];
    for (size_t i = 0; i < 50; i++) blocks[i] = make(heap, 32);
    for (size_t i = 0; i < 50; i++) drop(heap, blocks[i], 32);
    return NULL;
}

static void run_thread(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run, argument), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void a_threads_cache_comes_back_when_it_ends(void **state)
{
    (void)state;
    struct heap *heap = open_spec("multilevel");
    run_thread(make_and_free_50, heap);
    assert_int_equal(figure_of(heap, "thread caches in use"), 0);
    assert_int_equal(figure_of(heap, "thread caches left by ended threads"), 1);
    holds_nothing(heap); /* no block is left in it */
    make_and_free_50(heap);
    assert_int_equal(figure_of(heap, "thread caches in use"), 1); /* taken over */
    assert_int_equal(figure_of(heap, "thread caches left by ended threads"), 0);
    for (size_t i = 0; i < 100; i++) run_thread(make_and_free_50, heap);
    assert_int_equal(figure_of(heap, "thread caches in use"), 1);
    assert_int_equal(figure_of(heap, "thread caches left by ended threads"), 1);
    heap_close(heap);
}

static void *free_of_another(void *state)
{
    void **heap_and_block = state;
    drop(heap_and_block[0], heap_and_block[1], 100);
    return NULL;
}

static void live_bytes_are_the_sum_over_threads(void **state)
{
    (void)state;
    struct heap *heap = open_spec("multilevel");
    void *first = make(heap, 100), *second = make(heap, 100);
    run_thread(free_of_another, (void *[]){heap, first});
    assert_int_equal(totals_of(heap).live_bytes, 100);
    assert_int_equal(totals_of(heap).live_blocks, 1);
    run_thread(free_of_another, (void *[]){heap, second});
    assert_int_equal(totals_of(heap).live_bytes, 0);
    heap_close(heap);
}

/* Two threads that take turns: main lets the other go on, and waits for it. */
struct turns {
    struct heap *heap, *later_heap;
    pthread_barrier_t barrier;
};

static void *outlive_a_heap(void *state)
{
    struct turns *turns = state;
    for (size_t i = 0; i < 100; i++) make(turns->heap, 40);
    pthread_barrier_wait(&turns->barrier); /* main closes the heap and opens another */
    pthread_barrier_wait(&turns->barrier);
    if (turns->later_heap != NULL) drop(turns->later_heap, make(turns->later_heap, 40), 40);
    return NULL;
}

/* The later heap may have the closed one's address and key; the thread's memory of the closed one
 * must not count there, neither in a call nor when the thread ends. */
static void outlives(bool uses_later_heap)
{
    struct turns turns = {.heap = open_spec("multilevel")};
    pthread_t thread;
    pthread_barrier_init(&turns.barrier, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, outlive_a_heap, &turns), 0);
    pthread_barrier_wait(&turns.barrier);
    assert_int_equal(totals_of(turns.heap).live_blocks, 100);
    heap_close(turns.heap);
    struct heap *later = open_spec("multilevel");
    make(later, 40);
    if (uses_later_heap) turns.later_heap = later;
    pthread_barrier_wait(&turns.barrier);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(totals_of(later).live_blocks, 1);
    assert_int_equal(figure_of(later, "thread caches left by ended threads"), uses_later_heap);
    heap_close(later);
    pthread_barrier_destroy(&turns.barrier);
}

static void a_thread_may_end_after_its_heap_was_closed(void **state)
{
    (void)state;
    for (size_t i = 0; i < 20; i++) outlives(false);
}

static void a_thread_may_go_on_with_another_heap(void **state)
{
    (void)state;
    for (size_t i = 0; i < 20; i++) outlives(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_maker_and_a_taker_pass_a_million_blocks),
        cmocka_unit_test(two_makers_and_two_takers_pass_a_million_blocks),
        cmocka_unit_test(without_caches_they_pass_them_too),
        cmocka_unit_test(a_threads_cache_comes_back_when_it_ends),
        cmocka_unit_test(live_bytes_are_the_sum_over_threads),
        cmocka_unit_test(a_thread_may_end_after_its_heap_was_closed),
        cmocka_unit_test(a_thread_may_go_on_with_another_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
