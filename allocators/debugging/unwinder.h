/* libunwind's functions, found when they are first asked for. The library is loaded for itself
 * alone: linked, its names would stand before those of the compiler's own unwinder, by which C++
 * and LuaJIT raise their errors. */
#ifndef UNWINDER_H
#define UNWINDER_H

#define UNW_LOCAL_ONLY
#include <libunwind.h>

struct unwinder {
    int (*getcontext)(unw_context_t *context); /* of the function that calls it */
    int (*init_local)(unw_cursor_t *cursor, unw_context_t *context);
    int (*step)(unw_cursor_t *cursor);
    int (*get_reg)(unw_cursor_t *cursor, unw_regnum_t reg, unw_word_t *out);
    int (*backtrace)(void **frames, int maximum);
};

/* NULL where there is no libunwind: then stacks have no frames. May be asked by any thread. */
const struct unwinder *unwinder_find(void);

#endif
