/* The report of CORONA_STATS=yes, at the end of a process that has corona as a library.
 *
 * It is written by the destructor, after the program's own handlers of exit; a process that ends by
 * _exit or by a signal, or has closed standard error by then, writes none. Each line is one write,
 * as children may write theirs to the same file. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "../corona.h"
#include "../settings.h"
#include "../system.h"

enum { LINE_BYTES = 256 };

static void say_line(void *out, const char *text)
{
    char line[LINE_BYTES];
    int length = snprintf(line, sizeof line, "%s\n", text);
    (void)out;
    system_say(line, length < LINE_BYTES ? (size_t)length : LINE_BYTES - 1);
}

static __attribute__((destructor)) void finish(void)
{
    char line[LINE_BYTES];
    if (!corona_settings.has_statistics) return;
    snprintf(line, sizeof line,
             "corona: statistics of %s, process %ld:", program_invocation_short_name,
             (long)getpid());
    say_line(NULL, line);
    corona_report(say_line, NULL);
}
