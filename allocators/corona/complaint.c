/* Complaints are made in a small buffer on the stack and written at once: whatever is wrong with
 * the heap, nothing here asks it for memory (snprintf of such short fields does not). */
#include "complaint.h"

#include <stdio.h>

#include "system.h"

enum { LINE_BYTES = 256 };

static _Noreturn void end_with(const char *line, int length)
{
    system_say(line, length < LINE_BYTES ? (size_t)length : LINE_BYTES - 1);
    system_abort();
}

void complain_of_call(const char *call, const void *block, const char *what)
{
    char line[LINE_BYTES];
    end_with(line, snprintf(line, sizeof line, "corona: %s(%p): %s\n", call, block, what));
}

void complain_of_promise(const char *promised, const char *file, int line_number)
{
    char line[LINE_BYTES];
    end_with(line, snprintf(line, sizeof line, "corona: %s:%d: not so: %s\n", file, line_number,
                            promised));
}
