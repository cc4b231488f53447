/* A backtracking matcher for the patterns of Lua 5.1's manual.
 *
 * Lua's own can take exponential time and recurse until the C stack ends, and no hook reaches it.
 * This one counts its steps (an item tried at a place, or a character gone over) and pays for them
 * as instructions, so that it stops when the budget or the time does; it recurses only for what may
 * have to be tried again: captures and quantified items, DEPTH_MAXIMUM of them at once. */
#include "safe_patterns.h"

#include <ctype.h>
#include <lauxlib.h>
#include <string.h>

#include "sandbox_inner.h"

enum { DEPTH_MAXIMUM = 200, STEPS_AN_INSTRUCTION = 2, STEPS_AT_ONCE = 512 };
enum capture_kind { CAPTURE_OPEN = -1, CAPTURE_POSITION = -2 };

static const char *match_from(struct matcher *matcher, const char *at, const char *item);

static inline void step(struct matcher *matcher)
{
    if (++matcher->steps < STEPS_AT_ONCE) return;
    matcher->steps = 0;
    sandbox_charge(matcher->L, STEPS_AT_ONCE / STEPS_AN_INSTRUCTION);
}

/* ---- single characters */

static bool is_in_class(unsigned char c, char class)
{
    bool is_in;
    switch (tolower((unsigned char)class)) {
    case 'a': is_in = isalpha(c); break;
    case 'c': is_in = iscntrl(c); break;
    case 'd': is_in = isdigit(c); break;
    case 'l': is_in = islower(c); break;
    case 'p': is_in = ispunct(c); break;
    case 's': is_in = isspace(c); break;
    case 'u': is_in = isupper(c); break;
    case 'w': is_in = isalnum(c); break;
    case 'x': is_in = isxdigit(c); break;
    case 'z': is_in = c == 0; break;
    default: return (unsigned char)class == c;
    }
    return is_in != (isupper((unsigned char)class) != 0);
}

/* set points to the [, last to its ]. */
static bool is_in_set(struct matcher *matcher, unsigned char c, const char *set, const char *last)
{
    bool is_wanted = set[1] != '^';
    const char *p = set + (is_wanted ? 1 : 2);
    while (p < last) {
        step(matcher);
        if (*p == '%') {
            if (is_in_class(c, p[1])) return is_wanted;
            p += 2;
        } else if (p[1] == '-' && p + 2 < last) {
            if ((unsigned char)p[0] <= c && c <= (unsigned char)p[2]) return is_wanted;
            p += 3;
        } else {
            if ((unsigned char)*p == c) return is_wanted;
            p++;
        }
    }
    return !is_wanted;
}

/* Past a set, whose first character may be a ]. */
static const char *set_end(struct matcher *matcher, const char *set)
{
    const char *p = set + (set[1] == '^' ? 2 : 1);
    do {
        step(matcher);
        if (p < matcher->pattern_end && *p++ == '%') p++;
        if (p >= matcher->pattern_end) {
            luaL_error(matcher->L, "malformed pattern (missing ']')");
        }
    } while (*p != ']');
    return p + 1;
}

/* Past the item for one character that begins there, without its quantifier. */
static const char *single_end(struct matcher *matcher, const char *item)
{
    if (*item == '[') return set_end(matcher, item);
    if (*item != '%') return item + 1;
    if (item + 1 == matcher->pattern_end) {
        luaL_error(matcher->L, "malformed pattern (ends with '%%')");
    }
    return item + 2;
}

static bool matches_single(struct matcher *matcher, const char *at, const char *item,
                           const char *end)
{
    step(matcher);
    if (at >= matcher->subject_end) return false;
    unsigned char c = (unsigned char)*at;
    switch (*item) {
    case '.': return true;
    case '%': return is_in_class(c, item[1]);
    case '[': return is_in_set(matcher, c, item, end - 1);
    default: return (unsigned char)*item == c;
    }
}

/* ---- quantifiers: end points to the * + or -, and the rest of the pattern follows it */

static const char *expand_most(struct matcher *matcher, const char *at, const char *item,
                               const char *end, ptrdiff_t least)
{
    const char *last = at;
    while (matches_single(matcher, last, item, end)) last++;
    for (; last - at >= least; last--) {
        const char *match = match_from(matcher, last, end + 1);
        if (match) return match;
    }
    return NULL;
}

static const char *expand_least(struct matcher *matcher, const char *at, const char *item,
                                const char *end)
{
    const char *match;
    while (!(match = match_from(matcher, at, end + 1))) {
        if (!matches_single(matcher, at, item, end)) return NULL;
        at++;
    }
    return match;
}

/* ---- captures */

static const char *open_capture(struct matcher *matcher, const char *at, const char *item)
{
    bool is_position = item[1] == ')';
    if (matcher->capture_count == LUA_MAXCAPTURES) luaL_error(matcher->L, "too many captures");
    matcher->captures[matcher->capture_count].start = at;
    matcher->captures[matcher->capture_count++].length =
        is_position ? CAPTURE_POSITION : CAPTURE_OPEN;
    const char *match = match_from(matcher, at, item + (is_position ? 2 : 1));
    if (!match) matcher->capture_count--;
    return match;
}

static const char *close_capture(struct matcher *matcher, const char *at, const char *item)
{
    int index = matcher->capture_count - 1;
    while (index >= 0 && matcher->captures[index].length != CAPTURE_OPEN) index--;
    if (index < 0) luaL_error(matcher->L, "invalid pattern capture");
    matcher->captures[index].length = at - matcher->captures[index].start;
    const char *match = match_from(matcher, at, item + 1);
    if (!match) matcher->captures[index].length = CAPTURE_OPEN;
    return match;
}

/* ---- items that match without being tried again: where each ends, or NULL */

static const char *match_again(struct matcher *matcher, const char *at, char digit)
{
    int index = digit - '1';
    if (index < 0 || index >= matcher->capture_count ||
        matcher->captures[index].length == CAPTURE_OPEN) {
        luaL_error(matcher->L, "invalid capture index");
    }
    /* As in Lua, a position stands for a text longer than any. */
    size_t length = (size_t)matcher->captures[index].length;
    if ((size_t)(matcher->subject_end - at) < length) return NULL;
    sandbox_charge(matcher->L, length / 64);
    return memcmp(matcher->captures[index].start, at, length) ? NULL : at + length;
}

static const char *match_balance(struct matcher *matcher, const char *at, const char *pair)
{
    if (pair + 1 >= matcher->pattern_end) luaL_error(matcher->L, "unbalanced pattern");
    if (at >= matcher->subject_end || *at != *pair) return NULL;
    size_t depth = 1;
    while (++at < matcher->subject_end) {
        step(matcher);
        if (*at == pair[1]) {
            if (--depth == 0) return at + 1;
        } else if (*at == pair[0]) {
            depth++;
        }
    }
    return NULL;
}

static bool is_at_frontier(struct matcher *matcher, const char *at, const char *set,
                           const char *end)
{
    unsigned char before = at == matcher->subject ? 0 : (unsigned char)at[-1];
    unsigned char after = at == matcher->subject_end ? 0 : (unsigned char)*at;
    return !is_in_set(matcher, before, set, end - 1) && is_in_set(matcher, after, set, end - 1);
}

/* Handles %b, %f and %1 to %9: moves *at and *item on. False when it does not match, and
 * *is_handled is false when it is a class. */
static bool match_escape(struct matcher *matcher, const char **at, const char **item,
                         bool *is_handled)
{
    const char *next = *item + 2;
    if ((*item)[1] == 'b') {
        *at = match_balance(matcher, *at, next);
        *item = next + 2;
    } else if ((*item)[1] == 'f') {
        if (*next != '[') {
            luaL_error(matcher->L, "missing '[' after '%%f' in pattern");
        }
        *item = set_end(matcher, next);
        if (!is_at_frontier(matcher, *at, next, *item)) *at = NULL;
    } else if (isdigit((unsigned char)(*item)[1])) {
        *at = match_again(matcher, *at, (*item)[1]);
        *item = next;
    } else {
        *is_handled = false;
    }
    return *at != NULL;
}

/* ---- the whole */

/* One item for a character, with its quantifier. True: go on at *at and *item. False: *match says
 * how the whole ended. */
static bool match_single(struct matcher *matcher, const char **at, const char **item,
                         const char **match)
{
    const char *end = single_end(matcher, *item);
    switch (*end) {
    case '*': return *match = expand_most(matcher, *at, *item, end, 0), false;
    case '+': return *match = expand_most(matcher, *at, *item, end, 1), false;
    case '-': return *match = expand_least(matcher, *at, *item, end), false;
    case '?':
        if (matches_single(matcher, *at, *item, end)) {
            *match = match_from(matcher, *at + 1, end + 1);
            if (*match) return false;
        }
        *item = end + 1;
        return true;
    default:
        *match = NULL;
        if (!matches_single(matcher, *at, *item, end)) return false;
        *item = end;
        ++*at;
        return true;
    }
}

static const char *match_items(struct matcher *matcher, const char *at, const char *item)
{
    const char *match = NULL;
    while (item < matcher->pattern_end) {
        bool is_handled = *item == '%';
        step(matcher);
        if (*item == '(') return open_capture(matcher, at, item);
        if (*item == ')') return close_capture(matcher, at, item);
        if (*item == '$' && item + 1 == matcher->pattern_end) {
            return at == matcher->subject_end ? at : NULL;
        }
        if (is_handled && !match_escape(matcher, &at, &item, &is_handled)) return NULL;
        if (!is_handled && !match_single(matcher, &at, &item, &match)) return match;
    }
    return at;
}

static const char *match_from(struct matcher *matcher, const char *at, const char *item)
{
    if (++matcher->depth > DEPTH_MAXIMUM) luaL_error(matcher->L, "pattern too complex");
    const char *match = match_items(matcher, at, item);
    matcher->depth--;
    return match;
}

void matcher_begin(struct matcher *matcher, lua_State *L, const char *subject, size_t length,
                   const char *pattern)
{
    matcher->L = L;
    matcher->subject = subject;
    matcher->subject_end = subject + length;
    matcher->pattern = pattern;
    matcher->pattern_end = pattern + strlen(pattern);
    matcher->steps = 0;
}

const char *matcher_try(struct matcher *matcher, const char *start)
{
    matcher->capture_count = 0;
    matcher->depth = 0;
    return match_from(matcher, start, matcher->pattern);
}

void matcher_push_capture(struct matcher *matcher, int index, const char *start, const char *end)
{
    lua_State *L = matcher->L;
    if (index >= matcher->capture_count) {
        if (index != 0) luaL_error(L, "invalid capture index");
        lua_pushlstring(L, start, (size_t)(end - start));
        return;
    }
    const char *text = matcher->captures[index].start;
    ptrdiff_t length = matcher->captures[index].length;
    if (length == CAPTURE_OPEN) luaL_error(L, "unfinished capture");
    if (length == CAPTURE_POSITION) lua_pushinteger(L, text - matcher->subject + 1);
    else lua_pushlstring(L, text, (size_t)length);
}

int matcher_push_captures(struct matcher *matcher, const char *start, const char *end)
{
    int count = matcher->capture_count == 0 && start ? 1 : matcher->capture_count;
    luaL_checkstack(matcher->L, count, "too many captures");
    for (int i = 0; i < count; i++) matcher_push_capture(matcher, i, start, end);
    return count;
}
