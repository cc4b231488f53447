/* Threads that come and go, with blocks made and freed by destructors of thread-specific values in
 * every round of them, keys made before and after the thread's first block, and blocks freed by
 * others after the thread has ended. */
#include "preloaded.h"

#include <pthread.h>

enum { KEYS = 40, THREADS = 6, GENERATIONS = 60, LEFT = 40 };

static pthread_key_t keys[KEYS];
static void *left[THREADS][LEFT];

struct value {
    unsigned key, round;
    char text[200];
};

static struct value *make_value(unsigned key, unsigned round)
{
    struct value *value = calloc(1, sizeof *value + round * 1000);
    CHECK(value);
    value->key = key;
    value->round = round;
    stamp(value->text, sizeof value->text, key + round);
    return value;
}

/* Some set their value anew, so that there is another round: the last ones come after whatever
 * corona itself does at a thread's end, wherever its own key stands. */
static void end_value(void *old)
{
    struct value *value = old;
    check_stamp(value->text, sizeof value->text, value->key + value->round);
    if (value->round < value->key % 4) {
        CHECK(!pthread_setspecific(keys[value->key], make_value(value->key, value->round + 1)));
    }
    free(value);
    for (size_t bytes = 8; bytes < 100000; bytes *= 3) free(keep(malloc(bytes)));
}

static void *live(void *row)
{
    void **mine = row;
    for (unsigned i = 0; i < KEYS; i++) CHECK(!pthread_setspecific(keys[i], make_value(i, 0)));
    for (unsigned i = 0; i < LEFT; i++) {
        if (mine[i]) check_stamp(mine[i], 100 + i * 50, i);
        free(mine[i]);
        mine[i] = stamp(malloc(100 + i * 50), 100 + i * 50, i);
    }
    return make_value(1, 1);
}

int main(void)
{
    for (int i = 0; i < KEYS / 2; i++) CHECK(!pthread_key_create(&keys[i], end_value));
    free(keep(malloc(10)));
    for (int i = KEYS / 2; i < KEYS; i++) CHECK(!pthread_key_create(&keys[i], end_value));
    for (int generation = 0; generation < GENERATIONS; generation++) {
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++) {
            CHECK(!pthread_create(&threads[i], NULL, live, left[(i + generation) % THREADS]));
        }
        for (int i = 0; i < THREADS; i++) {
            void *value;
            CHECK(!pthread_join(threads[i], &value));
            free(value);
        }
    }
    puts("done");
    return 0;
}
