/* Call stacks under numbers, most of them known again without being walked. */
#ifndef STACK_CACHE_H
#define STACK_CACHE_H

#include "depot.h"
#include "stack.h"

struct stack_set;

struct stack_cache {
    struct depot *depot;
    size_t depth; /* frames of a stack, 1 to STACK_FRAMES */
    struct stack_set *sets;
    size_t walked_count; /* stacks that were not known */
};

/* False when the system refuses memory. The depot outlives it; what stands there under a stack's
 * number are its return addresses, innermost first. */
bool stack_cache_open(struct stack_cache *cache, struct depot *depot, size_t depth);
void stack_cache_close(struct stack_cache *cache);

/* The stack from the function on that will be returned to. Both come from the function that is
 * called from outside: __builtin_frame_address(0) and __builtin_return_address(0). 0 when it cannot
 * be had. */
uint32_t stack_cache_take(struct stack_cache *cache, const void *frame, const void *caller);

#endif
