/* What system.h promises of memory, threads, waiting and the clock, on the system at hand. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../allocators/corona/synchronisation.h"

enum { HUGE = SYSTEM_HUGE_BYTES, ROUNDS = 20000, THREADS = 4, GIB = 1 << 30 };

static void reserved_memory_is_usable_once_committed(void **state)
{
    (void)state;
    size_t bytes = (size_t)1 << 35;
    char *start = system_reserve(bytes);
    assert_non_null(start);
    assert_int_equal((uintptr_t)start % HUGE, 0);
    assert_true(system_commit(start + HUGE, HUGE));
    for (size_t i = 0; i < HUGE; i += SYSTEM_PAGE_BYTES) assert_int_equal(start[HUGE + i], 0);
    memset(start + HUGE, 1, HUGE);
    assert_true(system_purge(start + HUGE, HUGE));
    for (size_t i = 0; i < HUGE; i += SYSTEM_PAGE_BYTES) assert_int_equal(start[HUGE + i], 0);
    start[HUGE] = 1;
    system_release(start, bytes);
}

static void what_is_moved_leaves_zeroes(void **state)
{
    (void)state;
    char *start = system_reserve(HUGE);
    assert_true(system_commit(start, HUGE));
    memset(start, 7, HUGE / 2);
    if (system_move(start, start + HUGE / 2, HUGE / 2)) {
        assert_int_equal(start[0] | start[HUGE / 2 - 1], 0);
        start[0] = 1;
    } else {
        memcpy(start + HUGE / 2, start, HUGE / 2);
    }
    assert_int_equal(start[HUGE / 2], 7);
    assert_int_equal(start[HUGE - 1], 7);
    system_release(start, HUGE);
}

static void impossible_wishes_are_refused_and_errno_stays(void **state)
{
    (void)state;
    errno = 0;
    assert_null(system_reserve((size_t)1 << 60));
    assert_null(system_reserve(SIZE_MAX & ~(size_t)(HUGE - 1)));
    char *start = system_reserve(HUGE);
    system_release(start, HUGE);
    assert_false(system_commit(start, HUGE));
    assert_false(system_populate(start, HUGE));
    assert_int_equal(errno, 0);
}

/* What a process under such a limit finds sensible, in MiB. */
static size_t sensible_mib_under(int resource, size_t limit_mib)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {limit_mib << 20, limit_mib << 20};
        setrlimit(resource, &limit);
        size_t bytes = system_address_space();
        _exit(bytes >= GIB ? 255 : (int)(bytes >> 22));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return (size_t)WEXITSTATUS(status) * 4;
}

static void limits_bound_what_is_reserved(void **state)
{
    (void)state;
    assert_true(system_address_space() >= (size_t)1 << 40);
    assert_int_equal(sensible_mib_under(RLIMIT_AS, 800), 600);
    assert_int_equal(sensible_mib_under(RLIMIT_DATA, 2), 512);
}

static struct lock lock;
static size_t counted;

static void *count_under_the_lock(void *unused)
{
    for (size_t i = 0; i < ROUNDS; i++) {
        lock_take(&lock);
        counted++;
        lock_drop(&lock);
    }
    return unused;
}

static void one_thread_at_a_time_holds_a_lock(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, count_under_the_lock, NULL);
    }
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(counted, THREADS * ROUNDS);
    assert_int_equal(lock.word, 0);
}

static void who_waits_for_a_lock_gets_it(void **state)
{
    (void)state;
    pthread_t thread;
    lock_take(&lock);
    counted = 0;
    pthread_create(&thread, NULL, count_under_the_lock, NULL);
    /* 2 is written only on the way to sleep. */
    while (atomic_load(&lock.word) != 2) usleep(1000);
    assert_false(lock_try(&lock));
    assert_int_equal(counted, 0);
    lock_drop(&lock);
    pthread_join(thread, NULL);
    assert_int_equal(counted, ROUNDS);
}

static _Atomic size_t exits;
static int value_of_thread;

static void note_exit(void *value)
{
    assert_ptr_equal(value, &value_of_thread);
    if (atomic_fetch_add(&exits, 1) == 0) system_watch_thread(value);
}

static void *watch_and_end(void *thread)
{
    system_watch_thread(&value_of_thread);
    *(uintptr_t *)thread = system_thread();
    return NULL;
}

static void the_end_of_a_thread_is_told(void **state)
{
    (void)state;
    pthread_t thread;
    uintptr_t number = 0;
    system_at_thread_exit(note_exit);
    pthread_create(&thread, NULL, watch_and_end, &number);
    pthread_join(thread, NULL);
    /* Once more, as it was watched again. */
    assert_int_equal(exits, 2);
    assert_int_equal(number % 8, 0);
    assert_true(number != 0 && number != system_thread());
}

static int forks[3];

static void before_fork(void)
{
    forks[0]++;
}

static void after_fork_in_parent(void)
{
    forks[1]++;
}

static void after_fork_in_child(void)
{
    forks[2]++;
}

static void forks_are_told(void **state)
{
    (void)state;
    int status;
    system_at_fork(before_fork, after_fork_in_parent, after_fork_in_child);
    pid_t child = fork();
    if (child == 0) _exit(forks[0] == 1 && forks[1] == 0 && forks[2] == 1 ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(forks[0] == 1 && forks[1] == 1 && forks[2] == 0);
}

static void the_clock_goes_on(void **state)
{
    (void)state;
    uint64_t start = system_now_ms(), last = start;
    while (last < start + 20) {
        uint64_t now = system_now_ms();
        assert_true(now >= last);
        last = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reserved_memory_is_usable_once_committed),
        cmocka_unit_test(what_is_moved_leaves_zeroes),
        cmocka_unit_test(impossible_wishes_are_refused_and_errno_stays),
        cmocka_unit_test(limits_bound_what_is_reserved),
        cmocka_unit_test(one_thread_at_a_time_holds_a_lock),
        cmocka_unit_test(who_waits_for_a_lock_gets_it),
        cmocka_unit_test(the_end_of_a_thread_is_told),
        cmocka_unit_test(forks_are_told),
        cmocka_unit_test(the_clock_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
