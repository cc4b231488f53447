/* Call stacks of C: taken in about 10 ns a frame by libunwind, which keeps what it has learnt of
 * each return address. */
#ifndef STACK_H
#define STACK_H

#include "../host.h"
#include "../text.h"

enum { STACK_FRAMES = 32 };

/* The callers of whoever calls the heap, innermost first; frames of this library are left out where
 * they can be told. Returns how many, at most `maximum`. */
size_t stack_take(const void **frames, size_t maximum);

/* "\n    #0 NAME" for each frame. */
void stack_add(struct text *text, const struct host *host, const void *const *frames, size_t count);

/* "\n  now at" and the stack of this moment. */
void stack_add_current(struct text *text, const struct host *host);

#endif
