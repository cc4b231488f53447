/* A spec is cut at each plus sign into layers, outermost first, and opened from the innermost out.
 *
 * Everything of an open spec (heaps, settings, the text they point into) is one piece from mmap:
 * the outermost heap is its first member, so closing needs no other handle. */
#include "spec.h"

#include <string.h>

#include "pages.h"
#include "settings.h"
#include "shared_library.h"
#include "wrappers/order.h"

/* The harness puts a wrapper of its own over what a user may write. */
enum { SPEC_LAYERS = 12, LAYERS_MAXIMUM = SPEC_LAYERS + 2, TEXT_MAXIMUM = 8192 };

struct stack {
    struct heap heaps[LAYERS_MAXIMUM];
    struct settings settings[LAYERS_MAXIMUM];
    char text[TEXT_MAXIMUM];
    size_t text_used, layer_count;
    struct host host;
};

/* What the caller of heap_open_over has; nothing of it is opened or closed here. */
static void leave_alone(void *heap)
{
    (void)heap;
}

static const struct allocator given = {.name = "given",
                                       .summary = "what the program already uses",
                                       .alignment = 8,
                                       .close = leave_alone};

static bool add_layer(struct stack *stack, char *text, struct error *error)
{
    size_t layer = stack->layer_count;
    if (layer == LAYERS_MAXIMUM) {
        return error_set(error, "a spec has at most %d parts", SPEC_LAYERS);
    }
    char *options = strchr(text, ':');
    if (options) *options++ = '\0';
    else options = text + strlen(text);
    if (!*text) {
        return error_set(error, "a spec has an empty part: names stand between plus signs, and a "
                                "library's path may not contain + : or ,");
    }
    const struct allocator *allocator = registry_find(text, error);
    if (!allocator) return false;
    struct settings *settings = &stack->settings[layer];
    settings->name = text;
    if (!settings_parse(allocator->name, allocator->options, options, settings, error)) {
        return false;
    }
    if (allocator->check && !allocator->check(settings, error)) return false;
    if (allocator->variant) allocator = allocator->variant(settings);
    stack->heaps[layer] = (struct heap){.allocator = allocator, .resize = allocator->resize};
    stack->layer_count++;
    return true;
}

static bool add_layers(struct stack *stack, const char *spec, struct error *error)
{
    size_t length = strlen(spec) + 1;
    if (length > TEXT_MAXIMUM - stack->text_used) {
        return error_set(error, "a spec has at most %d characters", TEXT_MAXIMUM - 1);
    }
    char *rest = memcpy(stack->text + stack->text_used, spec, length), *layer;
    stack->text_used += length;
    while ((layer = strsep(&rest, "+"))) {
        if (!add_layer(stack, layer, error)) return false;
    }
    return true;
}

static bool takes_inner(const struct allocator *allocator)
{
    return allocator->backing || (allocator->traits & TRAIT_WRAPPER);
}

static bool check_order(const struct stack *stack, struct error *error)
{
    for (size_t i = 0; i + 1 < stack->layer_count; i++) {
        const struct allocator *outer = stack->heaps[i].allocator;
        const struct allocator *inner = stack->heaps[i + 1].allocator;
        for (size_t j = i + 1; j < stack->layer_count; j++) {
            if (!order_allows(outer, stack->heaps[j].allocator, error)) return false;
        }
        if (!takes_inner(outer)) {
            return error_set(error, "%s takes no allocator under it: remove `+%s`", outer->name,
                             inner->name);
        }
        if (!(outer->traits & TRAIT_WRAPPER) && (inner->traits & TRAIT_REPLAY_ONLY)) {
            return error_set(error, "%s cannot have %s as its backing: its blocks overlap",
                             outer->name, inner->name);
        }
    }
    return true;
}

/* The innermost layer stands on its declared backing where the spec names none. */
static bool add_backing(struct stack *stack, struct error *error)
{
    const struct allocator *last = stack->heaps[stack->layer_count - 1].allocator;
    if (last->backing) return add_layers(stack, last->backing, error);
    if (takes_inner(last)) {
        return error_set(error, "%s is a wrapper and needs an allocator under it: %s+tiered",
                         last->name, last->name);
    }
    return true;
}

static bool parse(struct stack *stack, const char *spec, struct error *error)
{
    return add_layers(stack, spec, error) && add_backing(stack, error) && check_order(stack, error);
}

static void close_layers(struct stack *stack, size_t first)
{
    for (size_t i = first; i < stack->layer_count; i++) {
        stack->heaps[i].allocator->close(stack->heaps[i].state);
    }
}

static bool open_layers(struct stack *stack, struct error *error)
{
    for (size_t i = stack->layer_count; i-- > 0;) {
        struct heap *heap = &stack->heaps[i];
        bool is_innermost = i + 1 == stack->layer_count;
        heap->inner = is_innermost ? NULL : heap + 1;
        heap->outer = i ? heap - 1 : NULL;
        heap->host = &stack->host;
        if (heap->allocator == &given) continue;
        heap->state =
            heap->allocator->open(heap->allocator, &stack->settings[i], heap->inner, error);
        if (heap->state) continue;
        close_layers(stack, i + 1);
        return false;
    }
    return true;
}

static struct stack *stack_map(struct error *error)
{
    struct stack *stack = pages_map(sizeof *stack);
    if (!stack) error_set(error, "the system refused memory for a heap's own description");
    else stack->host = host_standard;
    return stack;
}

static struct heap *open_stack(struct stack *stack, bool is_parsed, struct error *error)
{
    if (is_parsed && open_layers(stack, error)) return stack->heaps;
    pages_unmap(stack, sizeof *stack);
    return NULL;
}

struct heap *heap_open(const char *spec, struct error *error)
{
    struct stack *stack = stack_map(error);
    return stack ? open_stack(stack, parse(stack, spec, error), error) : NULL;
}

/* Puts what the caller has under the layers of a spec. */
static bool add_given(struct stack *stack, resize_fn *function, void *state, struct error *error)
{
    for (size_t i = 0; i < stack->layer_count; i++) {
        const struct allocator *allocator = stack->heaps[i].allocator;
        if (!(allocator->traits & TRAIT_WRAPPER)) {
            return error_set(error,
                             "%s has memory of its own: only wrappers can go over what a "
                             "program already uses",
                             allocator->name);
        }
        if (allocator->wrapper && allocator->wrapper->adopt) continue;
        return error_set(error,
                         "%s must see a block from its beginning: it cannot go over what a "
                         "program already uses",
                         allocator->name);
    }
    if (stack->layer_count == LAYERS_MAXIMUM) {
        return error_set(error, "a spec has at most %d parts", SPEC_LAYERS);
    }
    stack->heaps[stack->layer_count++] =
        (struct heap){.allocator = &given, .resize = function, .state = state};
    return true;
}

struct heap *heap_open_over(const char *spec, resize_fn *function, void *state, size_t live_bytes,
                            struct error *error)
{
    struct stack *stack = stack_map(error);
    if (!stack) return NULL;
    bool is_parsed = add_layers(stack, spec, error) && add_given(stack, function, state, error) &&
                     check_order(stack, error);
    struct heap *heap = open_stack(stack, is_parsed, error);
    for (struct heap *layer = heap; layer && layer->inner; layer = layer->inner) {
        layer->allocator->wrapper->adopt(layer->state, live_bytes);
    }
    return heap;
}

static bool give_buffer(struct stack *stack, void *buffer, size_t bytes, struct error *error)
{
    size_t last = stack->layer_count - 1;
    while (last && !(stack->heaps[last].allocator->traits & TRAIT_TAKES_BUFFER)) last--;
    const struct allocator *allocator = stack->heaps[last].allocator;
    if (!(allocator->traits & TRAIT_TAKES_BUFFER)) {
        return error_set(error, "%s cannot live in a buffer: take bump or free-list",
                         allocator->name);
    }
    for (size_t i = 0; i < last; i++) {
        if (stack->heaps[i].allocator->traits & TRAIT_WRAPPER) continue;
        return error_set(error, "%s has memory of its own: only wrappers can go over a buffer",
                         stack->heaps[i].allocator->name);
    }
    stack->layer_count = last + 1; /* nothing backs it */
    stack->settings[last].buffer = buffer;
    stack->settings[last].buffer_bytes = bytes;
    return true;
}

struct heap *heap_open_in(const char *spec, void *buffer, size_t bytes, struct error *error)
{
    struct stack *stack = stack_map(error);
    if (!stack) return NULL;
    bool is_parsed = parse(stack, spec, error) && give_buffer(stack, buffer, bytes, error);
    return open_stack(stack, is_parsed, error);
}

void heap_surround(struct heap *heap, const struct host *host)
{
    size_t fault_count = heap->host->fault_count;
    *heap->host = host ? *host : host_standard;
    heap->host->fault_count = fault_count;
}

struct heap *heap_layer(struct heap *heap, const char *name)
{
    while (heap && strcmp(heap->allocator->name, name)) heap = heap->inner;
    return heap;
}

const struct heap *heap_unsafe_layer(const struct heap *heap)
{
    for (; heap; heap = heap->inner) {
        if (!(heap->allocator->traits & TRAIT_THREAD_SAFE)) return heap;
        if (!strcmp(heap->allocator->name, "lock")) return NULL;
    }
    return NULL;
}

void heap_mark(const struct heap *heap, enum heap_mark mark, size_t number)
{
    for (; heap; heap = heap->inner) {
        const struct wrapper_methods *wrapper = heap->allocator->wrapper;
        if (wrapper && wrapper->mark) wrapper->mark(heap->state, mark, number);
    }
}

size_t heap_audit(const struct heap *heap)
{
    size_t found = 0;
    for (; heap; heap = heap->inner) {
        const struct wrapper_methods *methods = heap->allocator->wrapper;
        if (methods && methods->audit) found += methods->audit(heap->state);
    }
    return found;
}

void heap_close(struct heap *heap)
{
    if (!heap) return;
    struct stack *stack = (struct stack *)heap;
    close_layers(stack, 0);
    pages_unmap(stack, sizeof *stack);
}

void heap_statistics(const struct heap *heap, struct heap_statistics *out)
{
    memset(out, 0xff, sizeof *out);
    if (heap->allocator->statistics) heap->allocator->statistics(heap->state, out);
}

bool spec_describe(const char *spec, struct spec_description *out, struct error *error)
{
    struct stack *stack = stack_map(error);
    if (!stack) return false;
    bool is_valid = parse(stack, spec, error);
    if (is_valid && stack->layer_count > SPEC_LAYERS) {
        is_valid = error_set(error, "a spec has at most %d parts", SPEC_LAYERS);
    }
    *out = (struct spec_description){0};
    for (size_t i = 0; is_valid && i < stack->layer_count; i++) {
        const struct allocator *allocator = stack->heaps[i].allocator;
        if (!out->allocator) *out = (struct spec_description){allocator, allocator->traits, false};
        out->uses_library |= allocator->identify == shared_library_identify;
        out->traits |= allocator->traits & (TRAIT_REPLAY_ONLY | TRAIT_RETAINS);
    }
    pages_unmap(stack, sizeof *stack);
    return is_valid;
}
