/* What debugging wrappers have to say when a script has ended. */
#ifndef FINDINGS_H
#define FINDINGS_H

#include <stdio.h>

#include "../../allocators/spec.h"

/* Has every layer look for damage. The layers' own reports go to `out`, if it is not NULL. */
void findings_at_end(const struct heap *heap, FILE *out);

/* The state is gone: damage in what is kept back, and what was never freed, on standard error. True
 * when nothing has leaked, as far as that is recorded. */
bool findings_after_close(struct heap *heap);

/* The blocks alive as CSV. False when the file cannot be written, and says so. */
bool findings_write_map(struct heap *heap, const char *path);

/* Says on standard error how many faults there were; true when none. */
bool findings_print_faults(const struct heap *heap);

#endif
