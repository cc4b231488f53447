/* What a walk finds depends on the place of the first frame, the first return address and the words
 * that it reads on its way. So a stack that was walked from the same place before is the same if
 * each return address still stands where it stood then. The words are compared from the inside out:
 * while they agree the next one is where it was, so nothing beyond the stack is read.
 *
 * Sets of a few stacks each, chosen by frame and return address; the oldest of a set gives way.
 * Cost: two loads a frame for one that is known, 100 ns and more a frame for the others.
 */
#include "stack_cache.h"

#include "unwinder.h"

enum { SETS = 256, WAYS = 8, OWN_FRAMES = 4 };

struct known_frame {
    const void *return_address;
    size_t offset; /* from the first frame to where that address stands, in bytes */
};

struct known_stack {
    const void *frame, *caller;
    uint32_t number, count; /* frames past the caller */
    struct known_frame frames[STACK_FRAMES];
};

struct stack_set {
    struct known_stack stacks[WAYS];
    unsigned last, oldest;
};

bool stack_cache_open(struct stack_cache *cache, struct depot *depot, size_t depth)
{
    *cache = (struct stack_cache){depot, depth, pages_map(SETS * sizeof(struct stack_set)), 0};
    return cache->sets != NULL;
}

void stack_cache_close(struct stack_cache *cache)
{
    if (cache->sets) pages_unmap(cache->sets, SETS * sizeof(struct stack_set));
}

/* Reads what belongs to the callers, which the sanitizer would take for a mistake. */
__attribute__((no_sanitize("address"))) static bool stands_still(const struct known_stack *stack)
{
    const char *frame = stack->frame;
    for (uint32_t i = 0; i < stack->count; i++) {
        const struct known_frame *known = &stack->frames[i];
        if (*(const void *const *)(const void *)(frame + known->offset) != known->return_address) {
            return false;
        }
    }
    return true;
}

static bool is_known(const struct known_stack *stack, const void *frame, const void *caller)
{
    return stack->frame == frame && stack->caller == caller && stands_still(stack);
}

/* Steps out to the caller of the function that was called from outside. */
static bool find_caller(const struct unwinder *unwinder, unw_cursor_t *cursor, const void *caller)
{
    unw_word_t address = 0;
    for (int i = 0; i <= OWN_FRAMES; i++) {
        if (unwinder->step(cursor) <= 0) return false;
        if (unwinder->get_reg(cursor, UNW_REG_IP, &address)) return false;
        if (address == (uintptr_t)caller) return true;
    }
    return false;
}

/* Where the return address that this step came by stands: below the caller's stack pointer. False
 * where it does not, as in a signal's frame. */
__attribute__((no_sanitize("address"))) static bool find_slot(const struct unwinder *unwinder,
                                                              unw_cursor_t *cursor,
                                                              const void *frame,
                                                              struct known_frame *out)
{
    unw_word_t address, top;
    *out = (struct known_frame){NULL, 0};
    if (unwinder->get_reg(cursor, UNW_REG_IP, &address) ||
        unwinder->get_reg(cursor, UNW_REG_SP, &top)) {
        return false;
    }
    const char *slot = (const char *)(uintptr_t)top - sizeof(void *);
    out->return_address = (const void *)(uintptr_t)address;
    out->offset = (size_t)(slot - (const char *)frame);
    return slot > (const char *)frame &&
           *(const void *const *)(const void *)slot == out->return_address;
}

/* How many frames came after the caller's. */
static uint32_t walk(const struct unwinder *unwinder, struct known_stack *stack, size_t depth,
                     bool *is_still)
{
    unw_context_t context;
    unw_cursor_t cursor;
    uint32_t count = 0;
    *is_still = true;
    if (!unwinder || unwinder->getcontext(&context)) return 0;
    if (unwinder->init_local(&cursor, &context)) return 0;
    if (!find_caller(unwinder, &cursor, stack->caller)) return 0;
    while (count + 1 < depth && unwinder->step(&cursor) > 0) {
        struct known_frame *known = &stack->frames[count];
        if (!find_slot(unwinder, &cursor, stack->frame, known)) *is_still = false;
        if (!known->return_address) break;
        count++;
    }
    return count;
}

static uint32_t intern(struct depot *depot, const struct known_stack *stack)
{
    const void *frames[STACK_FRAMES] = {stack->caller};
    for (uint32_t i = 0; i < stack->count; i++) frames[i + 1] = stack->frames[i].return_address;
    return depot_intern(depot, frames, (stack->count + 1) * sizeof *frames);
}

static uint32_t learn(struct stack_cache *cache, struct stack_set *set, const void *frame,
                      const void *caller)
{
    bool is_still;
    cache->walked_count++;
    unsigned way = set->oldest++ % WAYS;
    struct known_stack *stack = &set->stacks[way];
    stack->frame = frame;
    stack->caller = caller;
    stack->count = walk(unwinder_find(), stack, cache->depth, &is_still);
    stack->number = intern(cache->depot, stack);
    if (!is_still || !stack->number) stack->frame = NULL;
    set->last = way;
    return stack->number;
}

uint32_t stack_cache_take(struct stack_cache *cache, const void *frame, const void *caller)
{
    uintptr_t key = ((uintptr_t)frame >> 4 ^ (uintptr_t)caller) * 0x9e3779b97f4a7c15u;
    struct stack_set *set = &cache->sets[key >> 56];
    for (unsigned i = 0; i < WAYS; i++) {
        unsigned way = (set->last + i) % WAYS;
        if (!is_known(&set->stacks[way], frame, caller)) continue;
        set->last = way;
        return set->stacks[way].number;
    }
    return learn(cache, set, frame, caller);
}
