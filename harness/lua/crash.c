/* What a debugging wrapper knows is worth most when the program is about to die of it. None of this
 * is safe in a signal's handler; the process is lost anyway, and a second signal ends it. */
#include "crash.h"

#include <signal.h>
#include <string.h>

#include "../../allocators/debugging/stack.h"

enum { STACK_BYTES = 1 << 20, MESSAGE_BYTES = 4096 };

static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
static struct heap *watched;

/* What is surest to work first: where the program is may be read from what is broken. */
static void tell(int number)
{
    char message[MESSAGE_BYTES];
    struct text text = text_in(message, sizeof message);
    const struct host *host = watched->host;
    struct place place;
    host_say(host, "crash: %s", strsignal(number));
    if (heap_audit(watched) == 0) host_say(host, "no damage is found in what can be looked at");
    stack_add_current(&text, host);
    if (host->say) host->say(host->outlet, message + strspn(message, "\n"));
    if (host->locate && host->locate(host->program, &place)) {
        host_say(host, "  now in %s:%d", place.source, place.line);
    }
}

static void end(int number)
{
    signal(number, SIG_DFL);
    tell(number);
    raise(number);
}

void crash_watch(struct heap *heap)
{
    static char stack[STACK_BYTES];
    const stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = end, .sa_flags = SA_ONSTACK | SA_NODEFER};
    watched = heap;
    sigaltstack(&alternative, NULL);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        sigaction(signals[i], &action, NULL);
    }
}

void crash_forget(void)
{
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) signal(signals[i], SIG_DFL);
}
