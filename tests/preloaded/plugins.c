/* Libraries, given by their path, loaded and closed again by threads: the dynamic linker allocates
 * for them, their constructors and destructors do, and so do their thread-local variables. With
 * RTLD_DEEPBIND they would find the C library's malloc before the program's. */
#include "preloaded.h"

#include <dlfcn.h>
#include <pthread.h>

enum { THREADS = 4, ROUNDS = 150 };

static const char *path;

static void *use(void *none)
{
    for (int i = 0; i < ROUNDS; i++) {
        void *library = dlopen(path, i % 2 ? RTLD_NOW : RTLD_LAZY | RTLD_DEEPBIND);
        CHECK(library);
        char *(*touch)(void) = (char *(*)(void))dlsym(library, "plugin_touch");
        CHECK(touch);
        char *block = touch();
        CHECK(!dlsym(library, "no_such_symbol") && dlerror());
        CHECK(!dlclose(library));
        check_stamp(block, 3000, 9);
        free(block);
    }
    return none;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    CHECK(argc == 2);
    path = argv[1];
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < THREADS; i++) CHECK(!pthread_create(&threads[i], NULL, use, NULL));
        for (int i = 0; i < THREADS; i++) CHECK(!pthread_join(threads[i], NULL));
    }
    puts("done");
    return 0;
}
