/* The system refuses memory, or a thread's key: the first call, the second, and so on, once or from
 * then on, while a short program makes every call of corona's, in several threads. It gets NULL and
 * ENOMEM, its blocks stay whole, and all goes well again when the system relents. Each in a process
 * of its own, as an arena is reserved but once. Linked with --wrap of what may be refused. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#include "../allocators/corona/settings.h"
#include "corona_child_test.h"
#include "corona_blocks_test.h"

enum { PLACES = 64, OPERATIONS = 150, THREADS = 3, CALLS_MOST = 1000 };

static _Atomic held_block places[PLACES];

static struct {
    _Atomic size_t calls;
    size_t refused_first; /* counted from 1; 0: none */
    bool refuses_later;
    bool refuses_keys; /* for threads' ends: each of them */
} faults;

static bool is_refused(void)
{
    size_t first = faults.refused_first, call = ++faults.calls;
    bool is_hit = first && (call == first || (faults.refuses_later && call > first));
    if (is_hit) errno = EAGAIN; /* to be told as ENOMEM all the same */
    return is_hit;
}

#define WRAPPED(result, name, refusal, parameters, arguments)    \
    result __real_##name parameters;                             \
    result __wrap_##name parameters;                             \
    result __wrap_##name parameters                              \
    {                                                            \
        return is_refused() ? refusal : __real_##name arguments; \
    }

WRAPPED(void *, mmap, MAP_FAILED, (void *at, size_t n, int access, int flags, int file, off_t of),
        (at, n, access, flags, file, of))
WRAPPED(void *, mremap, MAP_FAILED, (void *at, size_t n, size_t now, int flags, void *to),
        (at, n, now, flags, to))
WRAPPED(int, mprotect, -1, (void *at, size_t n, int access), (at, n, access))
WRAPPED(int, madvise, -1, (void *at, size_t n, int advice), (at, n, advice))

int __real_pthread_setspecific(pthread_key_t key, const void *value);
int __wrap_pthread_setspecific(pthread_key_t key, const void *value);

int __wrap_pthread_setspecific(pthread_key_t key, const void *value)
{
    return faults.refuses_keys ? ENOMEM : __real_pthread_setspecific(key, value);
}

static void *use_places(void *seed)
{
    struct random random;
    random_seed(&random, (uintptr_t)seed);
    for (int i = 0; i < OPERATIONS; i++) use_place(&places[random_below(&random, PLACES)], &random);
    return NULL;
}

/* One after the other, so that each call has its number: they leave blocks alive for the next. */
static void run_threads(uintptr_t seed)
{
    for (uintptr_t i = 0; i < THREADS; i++) {
        pthread_t thread;
        expect(pthread_create(&thread, NULL, use_places, (void *)(seed + i)) == 0);
        pthread_join(thread, NULL);
    }
}

/* What moves by its pages where it can. */
static void grow_large(void)
{
    for (size_t size = 100000; size < 6000000; size *= 3) {
        void *block = corona_malloc(size), *wall = corona_malloc(size);
        held_block held = block ? hold(block, size, 1) : 0;
        if (held != 0) {
            void *moved = corona_realloc(block, 2 * size);
            if (moved != NULL) expect_contents(moved, size | (uint64_t)1 << 32, size);
            if (moved == NULL) expect_whole(held);
            corona_free(moved != NULL ? moved : block);
        }
        corona_free(wall);
    }
}

static void run_all(uintptr_t seed)
{
    use_places((void *)seed);
    grow_large();
    corona_purge();
    run_threads(seed + 1);
    use_places((void *)(seed + 100));
}

static void expect_no_refusal(void)
{
    void *blocks[100];
    for (size_t i = 0; i < 100; i++) expect((blocks[i] = corona_malloc(i * i * 100)) != NULL);
    for (size_t i = 0; i < 100; i++) corona_free(blocks[i]);
}

static void refuse_and_relent(void *unused)
{
    (void)unused;
    corona_settings.purge_delay_ms = 0; /* for more calls to refuse */
    run_all(1);
    if (faults.refused_first > faults.calls) _exit(1); /* no call is left to refuse */
    faults.refused_first = 0;
    expect_no_refusal();
    run_all(1000);
    empty_places(places, PLACES);
}

static size_t refuse_each(bool refuses_later)
{
    size_t calls = 0;
    for (; calls < CALLS_MOST; calls++) {
        faults.refused_first = calls + 1;
        faults.refuses_later = refuses_later;
        struct ending ending = run_child(refuse_and_relent, NULL);
        if (WIFEXITED(ending.status) && WEXITSTATUS(ending.status) == 1) break;
        if (ending.status) fail_msg("call %zu: %x: %s", calls + 1, ending.status, ending.said);
    }
    return calls;
}

static void each_call_may_be_refused_once(void **state)
{
    (void)state;
    size_t calls = refuse_each(false);
    print_message("%zu calls\n", calls);
    assert_true(calls > 10 && calls < CALLS_MOST);
}

static void all_calls_may_be_refused_from_one_on(void **state)
{
    (void)state;
    size_t calls = refuse_each(true);
    print_message("%zu calls\n", calls);
    assert_true(calls > 10 && calls < CALLS_MOST);
}

/* Nobody tells corona that a thread has ended: what it had is found by the next that stands where
 * it stood, and blocks freed by others are not lost. */
static void threads_end_unannounced(void *unused)
{
    (void)unused;
    faults.refuses_keys = true;
    for (uintptr_t i = 0; i < 50; i++) run_threads(i);
    faults.refuses_keys = false;
    run_threads(1);
    empty_places(places, PLACES);
    expect(used_bytes() < 20 << 20);
}

static void a_thread_may_end_unannounced(void **state)
{
    (void)state;
    faults.refused_first = 0;
    child_succeeds(threads_end_unannounced, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_may_be_refused_once),
        cmocka_unit_test(all_calls_may_be_refused_from_one_on),
        cmocka_unit_test(a_thread_may_end_unannounced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
