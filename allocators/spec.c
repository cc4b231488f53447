/* A spec is cut at each plus sign into layers, outermost first, and opened from the innermost out.
 *
 * Everything of an open spec (heaps, settings, the text they point into) is one piece from mmap:
 * the outermost heap is its first member, so closing needs no other handle. */
#include "spec.h"

#include <string.h>

#include "pages.h"
#include "settings.h"
#include "shared_library.h"

/* The harness puts a wrapper of its own over what a user may write. */
enum { SPEC_LAYERS = 12, LAYERS_MAXIMUM = SPEC_LAYERS + 2, TEXT_MAXIMUM = 8192 };

struct stack {
    struct heap heaps[LAYERS_MAXIMUM];
    struct settings settings[LAYERS_MAXIMUM];
    char text[TEXT_MAXIMUM];
    size_t text_used, layer_count;
};

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
    stack->settings[layer].name = text;
    if (!settings_parse(allocator, options, &stack->settings[layer], error)) return false;
    if (allocator->variant) allocator = allocator->variant(&stack->settings[layer]);
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
        heap->inner = i + 1 < stack->layer_count ? heap + 1 : NULL;
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
    return stack;
}

struct heap *heap_open(const char *spec, struct error *error)
{
    struct stack *stack = stack_map(error);
    if (!stack) return NULL;
    if (parse(stack, spec, error) && open_layers(stack, error)) return stack->heaps;
    pages_unmap(stack, sizeof *stack);
    return NULL;
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
