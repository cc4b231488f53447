/* A chain on its way to a thread that has ended: each object goes its own way, and the place of the
 * chain is for nobody's mail until it is taken again. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>

#include "../allocators/corona/corona.h"

/* So many owners at once that some share each place that chains have. A batch is 64 objects. */
enum { OWNERS = 32, OBJECTS = 3000, FEW = 100, BYTES = 1024, LARGE_BYTES = 100 << 10, ROUNDS = 10 };

static struct owner {
    pthread_t thread;
    void *objects[OBJECTS];
    _Atomic bool is_ready, may_end;
} owners[OWNERS];

static void *own(void *argument)
{
    struct owner *owner = argument;
    for (int i = 0; i < OBJECTS; i++) owner->objects[i] = corona_malloc(BYTES);
    owner->is_ready = true;
    while (!owner->may_end) sched_yield();
    return NULL;
}

static void start_owners(void)
{
    for (int i = 0; i < OWNERS; i++) {
        owners[i].is_ready = owners[i].may_end = false;
        assert_int_equal(pthread_create(&owners[i].thread, NULL, own, &owners[i]), 0);
    }
    for (int i = 0; i < OWNERS; i++)
        while (!owners[i].is_ready) sched_yield();
}

static void free_some(const struct owner *owner, int first, int end)
{
    for (int i = first; i < end; i++) corona_free(owner->objects[i]);
}

static size_t used_bytes(void)
{
    struct corona_statistics now;
    corona_purge();
    corona_statistics(&now);
    return now.used_bytes;
}

/* Each ends while its objects are being freed: its box is closed before its blocks are left. */
static void outlive_owners(void)
{
    start_owners();
    for (int i = 0; i < OWNERS; i++) {
        free_some(&owners[i], 0, FEW);
        owners[i].may_end = true;
        free_some(&owners[i], FEW, OBJECTS);
        corona_free(corona_malloc(LARGE_BYTES));
    }
    for (int i = 0; i < OWNERS; i++) pthread_join(owners[i].thread, NULL);
}

static void a_chain_for_an_ended_thread_takes_nothing_along(void **state)
{
    (void)state;
    outlive_owners(); /* whose data is used again */
    size_t used = used_bytes();
    for (int i = 0; i < ROUNDS; i++) outlive_owners();
    assert_int_equal(used_bytes(), used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_for_an_ended_thread_takes_nothing_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
