/* A message is put together in a buffer of its own: the heap that is being complained of may be the
 * process's malloc. A layer that adds something to each block has another address for it than those
 * outside: each is asked about the address that its own callers know.
 */
#include "complaint.h"

#include <stdlib.h>

#include "../text.h"
#include "stack.h"

enum { MESSAGE_BYTES = 7168, DETAIL_BYTES = 512 };

static void add_place(struct text *text, const struct host *host)
{
    struct place place;
    if (host->locate && host->locate(host->program, &place)) {
        text_add(text, "\n  now in %s:%d", place.source, place.line);
    }
}

/* From what the layer under this one hands out to what this one does. */
static struct seen_block look_through(const struct heap *layer, struct seen_block block)
{
    const struct wrapper_methods *methods = layer->allocator->wrapper;
    if (methods && methods->outward) {
        block.address = methods->outward(layer->state, block.address, &block.size);
    }
    return block;
}

struct seen_block complaint_seen(const struct heap *inner, const void *block, size_t size)
{
    struct seen_block seen = {block, size};
    const struct heap *layer = inner->outer;
    while ((layer = layer->outer)) seen = look_through(layer, seen);
    return seen;
}

/* Of the wrapper itself, and of all outside it. */
static void add_explanations(struct text *text, const struct heap *layer, const void *block,
                             size_t size)
{
    struct seen_block seen = {block, size};
    for (;;) {
        const struct wrapper_methods *methods = layer->allocator->wrapper;
        if (methods && methods->explain) methods->explain(layer->state, seen.address, text);
        layer = layer->outer;
        if (!layer) return;
        seen = look_through(layer, seen);
    }
}

/* A program that does the same wrong in a loop must not fill the disk. */
static bool is_told(struct host *host)
{
    size_t number = ++host->fault_count;
    if (host->most_told && number == host->most_told + 1) {
        host_say(host, "%zu faults were told: what follows is counted alone", host->most_told);
    }
    return !host->most_told || number <= host->most_told;
}

void complain(const struct heap *inner, const char *fault, const void *block, size_t size,
              const char *format, ...)
{
    char message[MESSAGE_BYTES], detail[DETAIL_BYTES];
    struct text text = text_in(message, sizeof message);
    struct seen_block seen = complaint_seen(inner, block, size);
    struct host *host = inner->host;
    va_list arguments;
    if (!is_told(host)) return;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    text_add(&text, "%s: %s: block %p of %zu bytes: %s", inner->outer->allocator->name, fault,
             (const void *)seen.address, seen.size, detail);
    add_place(&text, host);
    stack_add_current(&text, host);
    add_explanations(&text, inner->outer, block, size);
    if (host->say) host->say(host->outlet, message);
    if (host->aborts) abort();
}
