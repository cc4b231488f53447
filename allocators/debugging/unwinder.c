/* The names are those that the header's macros stand for. */
#include "unwinder.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define TEXT(name) #name
#define NAME_OF(macro) TEXT(macro)

static struct unwinder found;
static bool is_found;

/* A pointer to data and one to code are the same to dlsym alone. */
static bool bind(void *library, const char *name, void *function)
{
    void *address = dlsym(library, name);
    memcpy(function, &address, sizeof address);
    return address != NULL;
}

static void load(void)
{
    void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
    is_found = library && bind(library, NAME_OF(unw_tdep_getcontext), &found.getcontext) &&
               bind(library, NAME_OF(unw_init_local), &found.init_local) &&
               bind(library, NAME_OF(unw_step), &found.step) &&
               bind(library, NAME_OF(unw_get_reg), &found.get_reg) &&
               bind(library, NAME_OF(unw_backtrace), &found.backtrace);
}

const struct unwinder *unwinder_find(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return is_found ? &found : NULL;
}
