/* dlopen without RTLD_DEEPBIND.
 *
 * A module that is loaded with that flag finds the C library's malloc and free before those that
 * the program uses, and hands blocks of the one to the other: the C library's free then follows
 * what it finds before a block of corona's. PHP loads its extensions so. As no block may reach
 * another malloc's free, the flag is dropped; all else is the C library's affair. It looks at the
 * return address for the folders that the caller names for its libraries, so the call must be a
 * jump: hence the attribute. */
#include <dlfcn.h>
#include <stddef.h>

#define EXPORTED __attribute__((visibility("default"), optimize("optimize-sibling-calls")))

typedef void *dlopen_fn(const char *path, int flags);

EXPORTED void *dlopen(const char *path, int flags)
{
    dlopen_fn *next = (dlopen_fn *)dlsym(RTLD_NEXT, "dlopen");
    return next(path, flags & ~RTLD_DEEPBIND);
}
