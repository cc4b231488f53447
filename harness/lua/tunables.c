/* The tunable is set for one start alone and taken away then, so that what runs on the heap finds
 * the environment that it was given: that is kept in a variable meanwhile. */
#include "tunables.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../allocators/shared_library.h"
#include "../../allocators/spec.h"

void tunables_start_again(const char *spec, char **argv)
{
    char tunables[4096];
    struct spec_description description;
    struct error error;
    if (!spec_describe(spec, &description, &error) || !description.uses_library) return;
    const char *own = getenv("HEAPBENCH_OWN_TUNABLES"), *given = getenv(TUNABLES_NAME);
    if (own) {
        if (*own) setenv(TUNABLES_NAME, own, 1);
        else unsetenv(TUNABLES_NAME);
        unsetenv("HEAPBENCH_OWN_TUNABLES");
        return;
    }
    snprintf(tunables, sizeof tunables, "%s%s%s", given ? given : "", given ? ":" : "",
             LIBRARY_TUNABLES);
    setenv("HEAPBENCH_OWN_TUNABLES", given ? given : "", 1);
    setenv(TUNABLES_NAME, tunables, 1);
    execv("/proc/self/exe", argv);
}
