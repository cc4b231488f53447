/* libunwind walks the frames from its own function up; those of the wrappers are dropped. */
#include "stack.h"

#include "unwinder.h"

enum { OWN_FRAMES = 2, NAME_BYTES = 256 };

size_t stack_take(const void **frames, size_t maximum)
{
    void *taken[STACK_FRAMES + OWN_FRAMES];
    if (maximum > STACK_FRAMES) maximum = STACK_FRAMES;
    const struct unwinder *unwinder = unwinder_find();
    int count = unwinder ? unwinder->backtrace(taken, (int)maximum + OWN_FRAMES) : 0;
    size_t kept = count > OWN_FRAMES ? (size_t)count - OWN_FRAMES : 0;
    for (size_t i = 0; i < kept; i++) frames[i] = taken[i + OWN_FRAMES];
    return kept;
}

void stack_add(struct text *text, const struct host *host, const void *const *frames, size_t count)
{
    char name[NAME_BYTES];
    for (size_t i = 0; i < count; i++) {
        name[0] = '\0';
        if (host->name_code) host->name_code(host->outlet, frames[i], name, sizeof name);
        text_add(text, "\n    #%zu %s", i, name);
    }
}

void stack_add_current(struct text *text, const struct host *host)
{
    const void *frames[STACK_FRAMES];
    size_t count = stack_take(frames, STACK_FRAMES);
    if (count) text_add(text, "\n  now at");
    stack_add(text, host, frames, count);
}
