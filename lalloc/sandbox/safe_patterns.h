/* Patterns of Lua 5.1 with bounds on time and C stack. */
#ifndef SAFE_PATTERNS_H
#define SAFE_PATTERNS_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* What a match is made with; all but these fields are the matcher's. */
struct matcher {
    lua_State *L;
    const char *subject, *subject_end;
    const char *pattern, *pattern_end;
    int depth;
    unsigned steps; /* since they were paid for the last time */
    int capture_count;
    struct {
        const char *start;
        ptrdiff_t length; /* or one of enum capture_kind */
    } captures[LUA_MAXCAPTURES];
};

/* The pattern ends at its first zero byte, as in Lua 5.1; it must go on living. */
void matcher_begin(struct matcher *matcher, lua_State *L, const char *subject, size_t length,
                   const char *pattern);

/* Where a match that begins exactly there ends, or NULL. Pays for its steps (sandbox_charge);
 * raises an error for a pattern that is malformed or nests deeper than 200 items. */
const char *matcher_try(struct matcher *matcher, const char *start);

/* Pushes one capture of the last match, from 0. Without captures, 0 is the whole match. */
void matcher_push_capture(struct matcher *matcher, int index, const char *start, const char *end);

/* Pushes all, or the whole match when there are none and start is not NULL. How many. */
int matcher_push_captures(struct matcher *matcher, const char *start, const char *end);

#endif
