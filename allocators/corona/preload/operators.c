/* The C++ operators by their symbols, so that new and delete do not go by way of libstdc++.
 *
 * A program may replace any of the operators, most often the plain ones alone, and the standard's
 * other forms have to call those. So each of these ends where libstdc++'s would: the plain delete
 * is free itself (names.ld), the plain new is malloc, and the sized and the array forms call the
 * plain one that the whole program uses. What is rarely called (aligned forms, nothrow) is left
 * to libstdc++, which calls malloc, aligned_alloc and free. A pair costs 9 instructions more
 * than malloc and free, where libstdc++ takes 20. */
#include <dlfcn.h>
#include <stddef.h>

#include "../corona.h"

#define OPERATOR(symbol) __asm__(symbol) __attribute__((visibility("default")))

void *operator_new(size_t bytes) OPERATOR("_Znwm");
void *operator_new_array(size_t bytes) OPERATOR("_Znam");
void operator_delete(void *block) OPERATOR("_ZdlPv");
void operator_delete_sized(void *block, size_t bytes) OPERATOR("_ZdlPvm");
void operator_delete_array(void *block) OPERATOR("_ZdaPv");
void operator_delete_array_sized(void *block, size_t bytes) OPERATOR("_ZdaPvm");

typedef void *new_fn(size_t bytes);

/* Only the C++ library knows the program's handler for this, and how to throw. */
static __attribute__((noinline)) void *refuse(size_t bytes)
{
    new_fn *next = (new_fn *)dlsym(RTLD_NEXT, "_Znwm");
    return next ? next(bytes) : NULL;
}

void *operator_new(size_t bytes)
{
    void *block = corona_malloc(bytes);
    return __builtin_expect(block != NULL, 1) ? block : refuse(bytes);
}

void *operator_new_array(size_t bytes)
{
    return operator_new(bytes);
}

void operator_delete_sized(void *block, size_t bytes)
{
    (void)bytes;
    operator_delete(block);
}

void operator_delete_array(void *block)
{
    operator_delete(block);
}

void operator_delete_array_sized(void *block, size_t bytes)
{
    (void)bytes;
    operator_delete_array(block);
}
