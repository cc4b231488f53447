/* The host of a heap that nobody gave one: a process with a standard error and a clock. */
#include "host.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE_BYTES = 1024, FAULTS_TOLD = 100 };

const char *const block_kind_names[KIND_COUNT] = {"string", "table", "function", "userdata",
                                                  "thread", "proto", "other"};

/* In one write, without stdio: the heap may be the one that stdio's buffer would come from. */
static void say(void *outlet, const char *message)
{
    (void)outlet;
    char line[8192];
    int length = snprintf(line, sizeof line, "%s\n", message);
    if ((size_t)length >= sizeof line) length = sizeof line - 1;
    if (write(STDERR_FILENO, line, (size_t)length) < 0) return;
}

static void name_code(void *outlet, const void *address, char *text, size_t length)
{
    (void)outlet;
    Dl_info found;
    if (!dladdr(address, &found)) snprintf(text, length, "%p", address);
    else if (found.dli_sname)
        snprintf(text, length, "%s+%#zx (%s)", found.dli_sname,
                 (size_t)((const char *)address - (const char *)found.dli_saddr),
                 basename(found.dli_fname));
    else
        snprintf(text, length, "%s+%#zx", basename(found.dli_fname),
                 (size_t)((const char *)address - (const char *)found.dli_fbase));
}

static uint64_t now_ns(void *outlet)
{
    (void)outlet;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

const struct host host_standard = {
    .say = say, .name_code = name_code, .now_ns = now_ns, .most_told = FAULTS_TOLD};

uint64_t host_now_ns(const struct host *host)
{
    return host->now_ns ? host->now_ns(host->outlet) : 0;
}

void host_say(const struct host *host, const char *format, ...)
{
    char message[MESSAGE_BYTES];
    va_list arguments;
    if (!host->say) return;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    host->say(host->outlet, message);
}
