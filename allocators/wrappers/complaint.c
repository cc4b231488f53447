/* A message is put together in a buffer of its own: the heap that is being complained of may be the
 * process's malloc. */
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

/* Of the wrapper itself, and of all that see the same addresses. */
static void add_explanations(struct text *text, const struct heap *layer, const void *block)
{
    for (; layer; layer = layer->outer) {
        const struct wrapper_methods *methods = layer->allocator->wrapper;
        if (methods && methods->explain) methods->explain(layer->state, block, text);
    }
}

void complain(const struct heap *inner, const char *fault, const void *block, size_t size,
              const char *format, ...)
{
    char message[MESSAGE_BYTES], detail[DETAIL_BYTES];
    struct text text = text_in(message, sizeof message);
    struct host *host = inner->host;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    host->fault_count++;
    text_add(&text, "%s: %s: block %p of %zu bytes: %s", inner->outer->allocator->name, fault,
             block, size, detail);
    add_place(&text, host);
    stack_add_current(&text, host);
    add_explanations(&text, inner->outer, block);
    if (host->say) host->say(host->outlet, message);
    if (host->aborts) abort();
}
