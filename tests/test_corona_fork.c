/* Forks at any instant while other threads allocate and free: the child can use, resize and free
 * whatever it finds, and start threads of its own; what the others kept ready is not lost to it. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "../allocators/corona/settings.h"
#include "corona_child_test.h"
#include "corona_blocks_test.h"

enum { THREADS = 4, FORKERS = 3, FORKS = 8, PLACES = 400, KEPT_READY = 2000 };

static _Atomic held_block places[PLACES];
static _Atomic bool is_over;

static void use_places(uintptr_t seed, size_t count)
{
    struct random random;
    random_seed(&random, seed);
    for (size_t i = 0; i < count; i++) use_place(&places[random_below(&random, PLACES)], &random);
}

static void *use_until_over(void *seed)
{
    for (uintptr_t i = 0; !is_over; i++) use_places((uintptr_t)seed + i * 1000, 100);
    return NULL;
}

static void *use_for_a_while(void *seed)
{
    use_places((uintptr_t)seed, 100);
    return NULL;
}

static void start_threads(pthread_t *threads, void *(*run)(void *argument), uintptr_t count)
{
    for (uintptr_t i = 0; i < count; i++)
        expect(pthread_create(&threads[i], NULL, run, (void *)i) == 0);
}

static void join_threads(pthread_t *threads, uintptr_t count)
{
    for (uintptr_t i = 0; i < count; i++) pthread_join(threads[i], NULL);
}

static void live_as_child(uintptr_t seed)
{
    pthread_t threads[THREADS];
    alarm(CHILD_SECONDS_MOST);
    use_places(seed, 200);
    if (!SANITIZED) {
        start_threads(threads, use_for_a_while, THREADS);
        join_threads(threads, THREADS);
    }
    empty_places(places, PLACES);
    use_places(seed + 1, 200);
}

static void await_child(pid_t child)
{
    int status;
    expect(child > 0 && waitpid(child, &status, 0) == child && status == 0);
}

/* One child in four has one in its turn. */
static void *fork_often(void *number)
{
    for (uintptr_t i = 0; i < FORKS; i++) {
        use_places(i, (uintptr_t)number == 0 ? 0 : 50);
        pid_t child = fork();
        if (child == 0) {
            live_as_child(i);
            if (i % 4 != 0) _exit(0);
            pid_t grandchild = fork();
            if (grandchild != 0) await_child(grandchild);
            live_as_child(i);
            _exit(0);
        }
        await_child(child);
    }
    return NULL;
}

static void fork_while_others_allocate(void *unused)
{
    (void)unused;
    pthread_t users[THREADS], forkers[FORKERS];
    start_threads(users, use_until_over, THREADS);
    start_threads(forkers, fork_often, FORKERS);
    join_threads(forkers, FORKERS);
    is_over = true;
    join_threads(users, THREADS);
    empty_places(places, PLACES);
}

static void children_use_what_they_find(void **state)
{
    (void)state;
    child_succeeds(fork_while_others_allocate, NULL);
}

static void fork_while_debugging(void *unused)
{
    corona_settings.is_debugging = true;
    fork_while_others_allocate(unused);
}

static void and_so_while_debugging(void **state)
{
    (void)state;
    /* It looks at neighbours whose links other threads may just be writing. */
    if (THREADS_SANITIZED) skip();
    child_succeeds(fork_while_debugging, NULL);
}

static void *keep_ready(void *unused)
{
    static void *blocks[KEPT_READY];
    (void)unused;
    for (size_t i = 0; i < KEPT_READY; i++) blocks[i] = corona_malloc(i * 50);
    for (size_t i = 0; i < KEPT_READY; i++) corona_free(blocks[i]);
    is_over = true;
    for (;;) pause();
    return NULL;
}

static void fork_beside_thread_with_reserves(void *unused)
{
    (void)unused;
    pthread_t thread;
    expect(pthread_create(&thread, NULL, keep_ready, NULL) == 0);
    while (!is_over) sched_yield();
    struct corona_statistics before, after;
    corona_statistics(&before);
    pid_t child = fork();
    if (child != 0) {
        await_child(child);
        return;
    }
    corona_purge();
    corona_statistics(&after);
    expect(before.used_bytes > before.metadata_bytes + (2 << 20));
    expect(after.used_bytes < after.metadata_bytes + (2 << 20));
    expect(after.threads == 0);
    use_places(1, 1000);
    _exit(0);
}

static void what_other_threads_kept_ready_is_free_in_the_child(void **state)
{
    (void)state;
    child_succeeds(fork_beside_thread_with_reserves, NULL);
}

static pthread_key_t key;

static void fork_in_destructor(void *held)
{
    pid_t child = fork();
    if (child != 0) await_child(child);
    drop((held_block)held);
    use_places(1, 100);
    if (child == 0) _exit(0);
}

static void *end_by_forking(void *seed)
{
    use_places((uintptr_t)seed, 100);
    expect(pthread_setspecific(key, (void *)hold(corona_malloc(100), 100, 1)) == 0);
    return NULL;
}

static void fork_while_ending(void *unused)
{
    (void)unused;
    pthread_t users[THREADS], forkers[FORKERS];
    corona_free(corona_malloc(1)); /* its own destructor comes first */
    expect(pthread_key_create(&key, fork_in_destructor) == 0);
    start_threads(users, use_until_over, THREADS);
    for (int i = 0; i < FORKS; i++) {
        start_threads(forkers, end_by_forking, FORKERS);
        join_threads(forkers, FORKERS);
    }
    is_over = true;
    join_threads(users, THREADS);
}

static void a_thread_may_fork_after_its_end_was_announced(void **state)
{
    (void)state;
    child_succeeds(fork_while_ending, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(children_use_what_they_find),
        cmocka_unit_test(and_so_while_debugging),
        cmocka_unit_test(what_other_threads_kept_ready_is_free_in_the_child),
        cmocka_unit_test(a_thread_may_fork_after_its_end_was_announced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
