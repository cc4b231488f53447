/* What a process that has corona as a library needs beside its functions, at its beginning and its
 * end: an environment to read settings from, and the report of CORONA_STATS=yes.
 *
 * libcorona.so is linked with -z initfirst, so that its handlers of fork are taken before those of
 * other libraries: then its locks are taken last and dropped first. Those handlers may allocate,
 * and may wait for locks under which other threads do. But the C library sets its environment up
 * in a constructor, too, which by then has not run.
 *
 * The report is written by the destructor, after the program's own handlers of exit; a process that
 * ends by _exit or by a signal, or has closed standard error by then, writes none. Each line is one
 * write, as children may write theirs to the same file. */
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

/* Before the constructor that reads settings. The C library will set the same. */
static __attribute__((constructor(101))) void begin(int count, char **words, char **environment)
{
    (void)count, (void)words;
    if (environ == NULL) environ = environment;
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
