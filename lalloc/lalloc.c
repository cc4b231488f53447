/* Heaps of the library: a stack of allocators with what a program that embeds Lua wants beside it.
 *
 * A public heap is a few words around the layers that its spec named, in a page of its own, so that
 * opening one leaves the process's malloc as it was. Its listener is the outlet of the layers' host
 * all its life. Invariant: the layers' host says its messages here and nowhere else.
 */
#include "handle.h"

#include <string.h>
#include <unistd.h>

#include "../allocators/pages.h"
#include "../allocators/settings.h"
#include "../allocators/text.h"

enum { LINE_BYTES = 8192 };

const char *lalloc_version(void)
{
    return LALLOC_VERSION;
}

/* In one write, without stdio: the heap may be the one that stdio's buffer would come from. */
static void say(void *outlet, const char *message)
{
    const struct lalloc_heap *heap = outlet;
    char line[LINE_BYTES];
    if (heap->listener) {
        heap->listener(heap->listener_userdata, message);
        return;
    }
    struct text text = text_in(line, sizeof line);
    text_add(&text, "lalloc: %s\n", message);
    if (write(STDERR_FILENO, line, (size_t)(text.at - line)) < 0) return;
}

void handle_tell(const struct error *reason, char *error, size_t error_bytes)
{
    if (error && error_bytes) snprintf(error, error_bytes, "%s", reason->text);
}

struct lalloc_heap *handle_map(struct error *error)
{
    struct lalloc_heap *heap = pages_map(sizeof *heap);
    if (!heap) error_set(error, "the system refused memory for a heap's own description");
    return heap;
}

struct lalloc_heap *handle_begin(struct lalloc_heap *heap, struct heap *layers,
                                 const struct error *reason, char *error, size_t error_bytes)
{
    if (!layers) {
        handle_tell(reason, error, error_bytes);
        if (heap) pages_unmap(heap, sizeof *heap);
        return NULL;
    }
    struct host host = *layers->host;
    host.outlet = heap;
    host.say = say;
    heap_surround(layers, &host);
    heap->layers = layers;
    return heap;
}

struct lalloc_heap *lalloc_open(const char *spec, char *error, size_t error_bytes)
{
    struct error reason = {""};
    struct lalloc_heap *heap = handle_map(&reason);
    struct heap *layers = heap ? heap_open(spec, &reason) : NULL;
    return handle_begin(heap, layers, &reason, error, error_bytes);
}

struct lalloc_heap *lalloc_open_in(const char *spec, void *buffer, size_t bytes, char *error,
                                   size_t error_bytes)
{
    struct error reason = {""};
    struct heap *layers = NULL;
    struct lalloc_heap *heap = handle_map(&reason);
    if (!buffer) error_set(&reason, "no buffer was given");
    else if (heap) layers = heap_open_in(spec, buffer, bytes, &reason);
    return handle_begin(heap, layers, &reason, error, error_bytes);
}

void lalloc_close(struct lalloc_heap *heap)
{
    if (!heap) return;
    heap_close(heap->layers);
    pages_unmap(heap, sizeof *heap);
}

void *lalloc_resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    const struct heap *layers = ((struct lalloc_heap *)heap)->layers;
    return layers->resize(layers->state, block, old_size, new_size);
}

lua_Alloc lalloc_function(const struct lalloc_heap *heap)
{
    return heap->layers->resize;
}

void *lalloc_userdata(const struct lalloc_heap *heap)
{
    return heap->layers->state;
}

void lalloc_set_listener(struct lalloc_heap *heap, lalloc_listener *listener, void *userdata)
{
    heap->listener = listener;
    heap->listener_userdata = userdata;
}

bool lalloc_list(size_t index, struct lalloc_choice *out)
{
    const struct allocator *allocator = registry_at(index);
    if (!allocator) return false;
    bool is_wrapper = allocator->traits & TRAIT_WRAPPER;
    *out = (struct lalloc_choice){
        .name = allocator->name,
        .summary = allocator->summary,
        .is_wrapper = is_wrapper,
        .can_attach = is_wrapper && allocator->wrapper && allocator->wrapper->adopt,
        .takes_buffer = allocator->traits & TRAIT_TAKES_BUFFER,
    };
    return true;
}

bool lalloc_list_option(const char *name, size_t index, struct lalloc_option *out)
{
    struct error error;
    const struct allocator *allocator = registry_find(name, &error);
    if (!allocator || !allocator->options) return false;
    const struct option_row *row = allocator->options;
    for (; row->name && index; index--) row++;
    if (!row->name) return false;
    *out = (struct lalloc_option){.name = row->name, .help = row->help, .standard = row->standard};
    settings_range(row, out->range, sizeof out->range);
    return true;
}
