/* libcorona.so, given by its path, loaded when threads already run; its functions are used by them
 * and by new ones, each freeing what others made; then it is closed while threads still hold
 * blocks. The program's own malloc stays what it was. */
#include "preloaded.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 4, SLOTS = 256, ROUNDS = 20000 };

static void *(*late_malloc)(size_t bytes);
static void (*late_free)(void *block);
static pthread_barrier_t loaded, done, closed;
static _Atomic(void *) slots[SLOTS];

static void *live(void *number)
{
    unsigned seed = (unsigned)(uintptr_t)number * 1000;
    void *last = keep(malloc(100));
    pthread_barrier_wait(&loaded);
    free(last);
    for (unsigned i = seed; i < seed + ROUNDS; i++) {
        size_t bytes = i % 500 ? 4 + i % 2000 : 100000;
        unsigned *block = late_malloc(bytes);
        CHECK(block);
        block[0] = i;
        late_free(atomic_exchange(&slots[i % SLOTS], block));
    }
    last = late_malloc(100);
    pthread_barrier_wait(&done);
    pthread_barrier_wait(&closed);
    late_free(stamp(last, 100, 1));
    free(keep(malloc(100)));
    return NULL;
}

static void *find(void *library, const char *name)
{
    void *symbol = dlsym(library, name);
    if (symbol) return symbol;
    fprintf(stderr, "%s\n", dlerror());
    _Exit(1);
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    CHECK(argc == 2);
    pthread_barrier_init(&loaded, NULL, THREADS + 1);
    pthread_barrier_init(&done, NULL, THREADS + 1);
    pthread_barrier_init(&closed, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; i++) {
        CHECK(!pthread_create(&threads[i], NULL, live, (void *)(uintptr_t)i));
    }
    void *library = dlopen(argv[1], RTLD_NOW);
    if (!library) fprintf(stderr, "%s\n", dlerror());
    CHECK(library);
    *(void **)&late_malloc = find(library, "corona_malloc");
    *(void **)&late_free = find(library, "corona_free");
    CHECK(find(library, "malloc") == (void *)late_malloc && (void *)malloc != (void *)late_malloc);
    pthread_barrier_wait(&loaded);
    pthread_barrier_wait(&done);
    CHECK(!dlclose(library));
    pthread_barrier_wait(&closed);
    for (int i = 0; i < THREADS; i++) CHECK(!pthread_join(threads[i], NULL));
    for (int i = 0; i < SLOTS; i++) late_free(slots[i]);
    puts("done");
    return 0;
}
