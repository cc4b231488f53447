/* Functions of strings that would work without end: find, match, gmatch and gsub on a matcher that
 * pays for its steps (safe_patterns.c), rep that asks for its result's memory first. dump is gone.
 * The others copy a string once; those pay by what they return. */
#include <lauxlib.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "safe_patterns.h"
#include "sandbox_inner.h"

enum { BYTES_AN_INSTRUCTION = 64 };

/* ---- find and match */

static const char *find_plain(lua_State *L, const char *text, size_t length, const char *wanted,
                              size_t wanted_length)
{
    const char *found = memmem(text, length, wanted, wanted_length); /* in linear time */
    size_t passed = found ? (size_t)(found - text) : length;
    sandbox_charge(L, 1 + (passed + wanted_length) / 4);
    return found;
}

/* From 0, of a position from 1 or from the end; past the end: the end. */
static size_t offset_of(ptrdiff_t position, size_t length)
{
    if (position < 0) position += (ptrdiff_t)length + 1;
    if (position <= 0) return 0;
    return (size_t)position - 1 < length ? (size_t)position - 1 : length;
}

static int push_place(lua_State *L, const char *text, const char *start, const char *end)
{
    lua_pushinteger(L, start - text + 1);
    lua_pushinteger(L, end - text);
    return 2;
}

/* The first match from `at` on: its start, and its end in *end. NULL: none. */
static const char *search(struct matcher *matcher, const char *at, bool is_anchored,
                          const char **end)
{
    for (;; at++) {
        *end = matcher_try(matcher, at);
        if (*end) return at;
        if (is_anchored || at == matcher->subject_end) return NULL;
    }
}

static int find_or_match(lua_State *L, bool is_find)
{
    size_t length, pattern_length;
    const char *text = luaL_checklstring(L, 1, &length), *end;
    const char *pattern = luaL_checklstring(L, 2, &pattern_length);
    const char *from = text + offset_of(luaL_optinteger(L, 3, 1), length);
    if (is_find && (lua_toboolean(L, 4) || !strpbrk(pattern, "^$*+?.([%-"))) {
        const char *found =
            find_plain(L, from, (size_t)(text + length - from), pattern, pattern_length);
        if (found) return push_place(L, text, found, found + pattern_length);
        return lua_pushnil(L), 1;
    }
    struct matcher matcher;
    bool is_anchored = *pattern == '^';
    matcher_begin(&matcher, L, text, length, pattern + is_anchored);
    const char *start = search(&matcher, from, is_anchored, &end);
    if (!start) return lua_pushnil(L), 1;
    if (!is_find) return matcher_push_captures(&matcher, start, end);
    push_place(L, text, start, end);
    return 2 + matcher_push_captures(&matcher, NULL, NULL);
}

static int find(lua_State *L)
{
    return find_or_match(L, true);
}

static int match(lua_State *L)
{
    return find_or_match(L, false);
}

/* ---- gmatch: text, pattern and the offset to go on from are its upvalues */

static int match_next(lua_State *L)
{
    size_t length;
    const char *text = lua_tolstring(L, lua_upvalueindex(1), &length), *end;
    size_t offset = (size_t)lua_tointeger(L, lua_upvalueindex(3));
    struct matcher matcher;
    if (offset > length) return 0;
    matcher_begin(&matcher, L, text, length, lua_tostring(L, lua_upvalueindex(2)));
    const char *start = search(&matcher, text + offset, false, &end);
    lua_pushinteger(L, start ? end - text + (end == start) : (lua_Integer)length + 1);
    lua_replace(L, lua_upvalueindex(3));
    return start ? matcher_push_captures(&matcher, start, end) : 0;
}

static int match_all(lua_State *L)
{
    luaL_checkstring(L, 1);
    luaL_checkstring(L, 2);
    lua_settop(L, 2);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, match_next, 3);
    return 1;
}

/* ---- gsub */

enum { SUBJECT = 1, PATTERN, REPLACEMENT, MAXIMUM };

static void add_template(struct matcher *matcher, luaL_Buffer *out, const char *start,
                         const char *end)
{
    size_t length;
    const char *p = lua_tolstring(matcher->L, REPLACEMENT, &length), *last = p + length;
    sandbox_charge(matcher->L, length / 8);
    for (; p < last; p++) {
        if (*p != '%') {
            luaL_addchar(out, *p);
        } else if (*++p >= '1' && *p <= '9') {
            matcher_push_capture(matcher, *p - '1', start, end);
            sandbox_charge(matcher->L, lua_objlen(matcher->L, -1) / BYTES_AN_INSTRUCTION);
            luaL_addvalue(out);
        } else if (*p == '0') {
            luaL_addlstring(out, start, (size_t)(end - start));
        } else {
            luaL_addchar(out, *p);
        }
    }
}

/* Of a table or a function; false and nil leave the text as it was. */
static void add_answer(struct matcher *matcher, luaL_Buffer *out, const char *start,
                       const char *end)
{
    lua_State *L = matcher->L;
    if (lua_istable(L, REPLACEMENT)) {
        matcher_push_capture(matcher, 0, start, end);
        lua_gettable(L, REPLACEMENT);
    } else {
        lua_pushvalue(L, REPLACEMENT);
        lua_call(L, matcher_push_captures(matcher, start, end), 1);
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        lua_pushlstring(L, start, (size_t)(end - start));
    } else if (!lua_isstring(L, -1)) {
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    }
    sandbox_charge(L, 1 + lua_objlen(L, -1) / BYTES_AN_INSTRUCTION);
    luaL_addvalue(out);
}

/* How many were replaced; the text is in out. */
static lua_Integer replace_all(struct matcher *matcher, luaL_Buffer *out, bool is_anchored,
                               ptrdiff_t maximum)
{
    const char *at = matcher->subject;
    bool is_template = lua_isstring(matcher->L, REPLACEMENT);
    ptrdiff_t count = 0;
    while (count < maximum) {
        const char *end = matcher_try(matcher, at);
        if (end) {
            count++;
            if (is_template) add_template(matcher, out, at, end);
            else add_answer(matcher, out, at, end);
        }
        if (end && end > at) at = end;
        else if (at < matcher->subject_end) luaL_addchar(out, *at++);
        else break;
        if (is_anchored) break;
    }
    luaL_addlstring(out, at, (size_t)(matcher->subject_end - at));
    return count;
}

static int substitute(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, SUBJECT, &length);
    const char *pattern = luaL_checkstring(L, PATTERN);
    int type = lua_type(L, REPLACEMENT);
    luaL_argcheck(L,
                  type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TTABLE ||
                      type == LUA_TFUNCTION,
                  REPLACEMENT, "string/function/table expected");
    ptrdiff_t maximum = luaL_optinteger(L, MAXIMUM, (lua_Integer)length + 1);
    struct matcher matcher;
    luaL_Buffer out;
    bool is_anchored = *pattern == '^';
    matcher_begin(&matcher, L, text, length, pattern + is_anchored);
    luaL_buffinit(L, &out);
    lua_Integer count = replace_all(&matcher, &out, is_anchored, maximum);
    luaL_pushresult(&out);
    lua_pushinteger(L, count);
    return 2;
}

/* ---- rep */

/* Asks for so much: what the limit refuses is told as any refusal is. A refusal may have the heap
 * collected. */
static void ask_for_memory(lua_State *L, double bytes, size_t used)
{
    size_t most = SIZE_MAX / 4;
    sandbox_charge(L, used / BYTES_AN_INSTRUCTION);
    lua_newuserdata(L, bytes < (double)most ? (size_t)bytes : most);
    lua_pop(L, 1);
}

/* Short texts are laid out many times in one block, which is then added as a whole. */
static void add_repeated(luaL_Buffer *out, const char *text, size_t length, size_t count)
{
    char block[512];
    size_t each = sizeof block / length;
    if (each > count) each = count;
    for (size_t i = 0; i < each; i++) memcpy(block + i * length, text, length);
    for (; each > 1 && count >= each; count -= each) luaL_addlstring(out, block, each * length);
    for (; count > 0; count--) luaL_addlstring(out, text, length);
}

static int repeat(lua_State *L)
{
    size_t length;
    struct limit_state limit;
    const char *text = luaL_checklstring(L, 1, &length);
    lua_Number wanted = luaL_checknumber(L, 2), bytes = floor(wanted) * (lua_Number)length;
    if (!(bytes >= 1)) return lua_pushliteral(L, ""), 1;
    limit_read(sandbox_of(L)->heap, &limit);
    if (bytes > (double)limit.limit) ask_for_memory(L, bytes, limit.used);
    sandbox_charge(L, 1 + (uint64_t)bytes / BYTES_AN_INSTRUCTION);
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    add_repeated(&out, text, length, (size_t)wanted);
    luaL_pushresult(&out);
    return 1;
}

/* ---- those that stay, and pay */

static int call_charged(lua_State *L)
{
    int count = lua_tocfunction(L, lua_upvalueindex(1))(L);
    bool is_text = count == 1 && lua_type(L, -1) == LUA_TSTRING;
    if (is_text) sandbox_charge(L, lua_objlen(L, -1) / BYTES_AN_INSTRUCTION);
    return count;
}

/* Of functions with any number of arguments: one long text, given thousands of times, would be gone
 * through as often. No more than fits into memory once. */
static int call_bounded(lua_State *L)
{
    struct limit_state limit;
    double bytes = 0;
    for (int i = lua_gettop(L); i > 0; i--) {
        if (lua_type(L, i) == LUA_TSTRING) bytes += (double)lua_objlen(L, i);
    }
    limit_read(sandbox_of(L)->heap, &limit);
    if (bytes > (double)limit.limit) ask_for_memory(L, bytes, limit.used);
    sandbox_charge(L, (uint64_t)bytes / BYTES_AN_INSTRUCTION);
    return call_charged(L);
}

static const struct {
    const char *library, *name;
    lua_CFunction call;
} paying[] = {
    {"string", "format", call_bounded}, {"string", "char", call_bounded},
    {"string", "lower", call_charged},  {"string", "reverse", call_charged},
    {"string", "sub", call_charged},    {"string", "upper", call_charged},
    {"math", "max", call_bounded},      {"math", "min", call_bounded},
};

static const luaL_Reg functions[] = {
    {"find", find},       {"match", match}, {"gmatch", match_all}, {"gfind", match_all},
    {"gsub", substitute}, {"rep", repeat},  {NULL, NULL},
};

void safe_strings_open(lua_State *L)
{
    lua_getglobal(L, "string");
    lua_pushnil(L);
    lua_setfield(L, -2, "dump");
    luaL_register(L, NULL, functions);
    lua_pop(L, 1);
    for (size_t i = 0; i < sizeof paying / sizeof *paying; i++) {
        lua_getglobal(L, paying[i].library);
        lua_getfield(L, -1, paying[i].name);
        lua_pushcclosure(L, paying[i].call, 1);
        lua_setfield(L, -2, paying[i].name);
        lua_pop(L, 1);
    }
}
