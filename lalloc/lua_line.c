/* A function of Lua notes its place before each instruction that can fail, and code has an array of
 * lines beside it: the line is two loads away once the function's code is found. The name of a
 * source is made by lua_getinfo when it is first met; later it is known by its text.
 *
 * What does not look as it should, or was not met yet, is answered with false: the API knows.
 */
#include "lua_line.h"

#include <string.h>

#include "../allocators/profile/lua_layout.h"
#include "lua_heap.h"

void lua_lines_attach(struct lua_lines *lines, lua_State *L)
{
    memset(lines, 0, sizeof *lines);
    lines->is_known = lua_heap_is_known(L);
}

static const struct lua_function *function_of(const struct lua_call *call)
{
    const struct lua_value *value = call->function;
    if (value->type != LUA_TYPE_FUNCTION) return NULL;
    return (const struct lua_function *)(uintptr_t)value->content;
}

static bool is_of_c(const struct lua_function *function)
{
    return function->object.first;
}

static bool enters(const struct lua_function *function, lua_CFunction resume, lua_CFunction wrap)
{
    const void *code = function->code;
    return code == (const void *)resume || code == (const void *)wrap;
}

static struct lua_source *source_of(struct lua_lines *lines, const struct lua_string *source)
{
    return &lines->sources[(uintptr_t)source / sizeof(uint64_t) % LINE_SOURCES];
}

static bool is_named(const struct lua_source *known, const struct lua_string *source)
{
    return known->length == source->length && known->length > 0 &&
           !memcmp(known->chunk, source + 1, source->length);
}

static bool tell(struct lua_lines *lines, const struct lua_proto *proto, const uint32_t *next,
                 struct place *out)
{
    size_t done = (size_t)(next - proto->code) - 1; /* of the first instruction: not yet any */
    if (done >= (size_t)proto->line_count || !proto->source) return false;
    const struct lua_source *known = source_of(lines, proto->source);
    if (!is_named(known, proto->source)) return false;
    *out = (struct place){known->name, proto->lines[done]};
    return true;
}

bool lua_lines_find(struct lua_lines *lines, lua_State *L, lua_CFunction resume, lua_CFunction wrap,
                    struct place *out)
{
    const struct lua_thread *thread = (const void *)L;
    if (!lines->is_known || thread->call <= thread->calls) return false;
    const struct lua_call *call = thread->call;
    const struct lua_function *function = function_of(call);
    if (!function) return false;
    if (!is_of_c(function)) return tell(lines, function->code, thread->saved_code, out);
    if (enters(function, resume, wrap) || --call <= thread->calls) return false;
    function = function_of(call);
    if (!function || is_of_c(function)) return false;
    return tell(lines, function->code, call->saved_code, out);
}

/* The thread in an argument, or in the upvalue of what `wrap` makes; NULL where there is none: past
 * the top of the stack lies what was there before, and is gone. */
static const struct lua_thread *thread_given(const struct lua_thread *thread,
                                             const struct lua_function *function, bool is_resume)
{
    const struct lua_value *argument = thread->call->base;
    if (is_resume && argument >= thread->top) return NULL;
    const struct lua_value *value = is_resume ? argument : (const struct lua_value *)(function + 1);
    if (value->type != LUA_TYPE_THREAD) return NULL;
    return (const struct lua_thread *)(uintptr_t)value->content;
}

/* A resume that is refused, of what runs already or never will, enters nothing. Where a thread
 * returns to on an error lies on the C stack, which grows down: inside that of who entered it. */
static bool runs_inside(const struct lua_thread *inner, const struct lua_thread *outer)
{
    if (!inner->error_jump) return false;
    return !outer->error_jump || (uintptr_t)inner->error_jump < (uintptr_t)outer->error_jump;
}

lua_State *lua_lines_entered(const struct lua_lines *lines, lua_State *L, lua_CFunction resume,
                             lua_CFunction wrap)
{
    const struct lua_thread *thread = (const void *)L;
    if (!lines->is_known || thread->call <= thread->calls) return NULL;
    const struct lua_function *function = function_of(thread->call);
    if (!function || !is_of_c(function) || !enters(function, resume, wrap)) return NULL;
    bool is_resume = function->code == (const void *)resume;
    const struct lua_thread *given = thread_given(thread, function, is_resume);
    return given && runs_inside(given, thread) ? (lua_State *)(uintptr_t)given : NULL;
}

void lua_lines_learn(struct lua_lines *lines, lua_State *L, const lua_Debug *answer)
{
    const struct lua_thread *thread = (const void *)L;
    if (!lines->is_known) return;
    const struct lua_function *function = function_of(&thread->calls[answer->i_ci]);
    if (!function || is_of_c(function)) return;
    const struct lua_string *source = ((const struct lua_proto *)function->code)->source;
    if (!source || source->length > LINE_CHUNK_BYTES) return;
    struct lua_source *known = source_of(lines, source);
    known->length = source->length;
    memcpy(known->chunk, source + 1, source->length);
    memcpy(known->name, answer->short_src, sizeof known->name);
}
