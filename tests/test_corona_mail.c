/* Mail to a thread pointer that has a new owner: thread pointers are used again, and so is thread
 * data, but not always by the same thread; a sender that has chains begun must notice. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "../allocators/corona/settings.h"
#include "../allocators/corona/system.h"
#include "corona_child_test.h"
#include "corona_blocks_test.h"

enum { PRODUCERS = 8, OBJECTS = REMOTE_BATCH_COUNT + 1, STACK_BYTES = 256 << 10 };

/* Gives a batch of objects, and ends when told. */
static struct producer {
    pthread_t thread;
    uintptr_t pointer;
    void *objects[OBJECTS];
    _Atomic int stage; /* 1: has given; 2: is to end */
} producers[PRODUCERS + 1];

static void await_stage(struct producer *producer, int stage)
{
    while (producer->stage < stage) sched_yield();
}

static void *produce(void *argument)
{
    struct producer *producer = argument;
    producer->pointer = system_thread();
    for (int i = 0; i < OBJECTS; i++) producer->objects[i] = corona_malloc(16);
    producer->stage = 1;
    await_stage(producer, 2);
    return NULL;
}

static void start(struct producer *producer, void *(*run)(void *argument))
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    producer->stage = 0;
    expect(pthread_create(&producer->thread, &attributes, run, producer) == 0);
    pthread_attr_destroy(&attributes);
    await_stage(producer, 1);
}

static void end(struct producer *producer)
{
    producer->stage = 2;
    pthread_join(producer->thread, NULL);
}

/* Leaves a full chain for a thread that has ended, whose stack is the next to be used, but with the
 * data of the first, as that is the oldest. The thread's pointer. */
static uintptr_t leave_chain(void)
{
    struct producer *chosen = &producers[1];
    corona_free(corona_malloc(1));
    for (int i = 0; i < PRODUCERS; i++) start(&producers[i], produce);
    for (int i = 1; i < OBJECTS; i++) corona_free(chosen->objects[i]);
    for (int i = 0; i < PRODUCERS; i++)
        if (&producers[i] != chosen) end(&producers[i]);
    end(chosen);
    return chosen->pointer;
}

enum { ROUNDS = 200, HANDED = 2000 };

static void *handed[HANDED];

static void *hand_on(void *argument)
{
    struct producer *producer = argument;
    producer->pointer = system_thread();
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < HANDED; i++) handed[i] = corona_malloc(100);
        producer->stage = 2 * round + 1;
        await_stage(producer, 2 * round + 2);
    }
    return NULL;
}

static void free_what_is_handed_on(void *unused)
{
    (void)unused;
    uintptr_t pointer = leave_chain();
    struct producer *next = &producers[PRODUCERS];
    start(next, hand_on);
    /* So many idle threads that one of them has the data of the thread that has ended. */
    for (int i = 0; i < PRODUCERS; i++) start(&producers[i], produce);
    for (int round = 0; round < ROUNDS; round++) {
        await_stage(next, 2 * round + 1);
        for (int i = 0; i < HANDED; i++) corona_free(handed[i]);
        next->stage = 2 * round + 2;
    }
    pthread_join(next->thread, NULL);
    expect(next->pointer != pointer || used_bytes() < 8 << 20);
    for (int i = 0; i < PRODUCERS; i++) end(&producers[i]);
}

static void objects_do_not_gather_with_an_idle_thread(void **state)
{
    (void)state;
    child_succeeds(free_what_is_handed_on, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_do_not_gather_with_an_idle_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
