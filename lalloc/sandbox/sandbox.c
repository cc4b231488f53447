/* A sandbox's life: the heap and its limit, the state, runs, the end.
 *
 * Invariant: nothing of Lua that can raise an error is called but under lua_cpcall, and the limit
 * is lifted while the libraries are opened and while the state is closed. The program finds no
 * userdata to put a finalizer on, so closing runs nothing of its. */
#include "sandbox.h"

#include <assert.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "../../allocators/pages.h"
#include "../../allocators/text.h"
#include "sandbox_inner.h"

#define NO_ROOM "the budget that the sandbox is to share has no room left"

enum { OUTPUT_STANDARD = 1 << 20, SPEC_MAXIMUM = 8192, TRACE_LEVELS = 24 };

const char *const sandbox_outcome_names[SANDBOX_OUTCOMES] = {
    "finished", "out of memory", "out of instructions", "out of time", "error",
};

static void write_to_standard_output(void *outlet, const char *text, size_t length)
{
    (void)outlet;
    fwrite(text, 1, length, stdout);
}

static void *resize(void *sandbox, void *block, size_t old_size, size_t new_size)
{
    const struct heap *heap = ((struct sandbox *)sandbox)->heap;
    return heap->resize(heap->state, block, old_size, new_size);
}

/* ---- opening */

static struct heap *open_limited(const char *spec, size_t memory, struct error *error)
{
    char limited[SPEC_MAXIMUM];
    struct heap *heap = heap_open(spec, error);
    if (!heap || limit_find(heap)) return heap;
    heap_close(heap);
    if (memory == 0) {
        error_set(error,
                  "a sandbox needs a limit: %s has none; give its memory in bytes, or write "
                  "hard-limit:bytes=10M,collect+%s",
                  spec, spec);
        return NULL;
    }
    snprintf(limited, sizeof limited, "hard-limit:bytes=%zu,collect+%s", memory, spec);
    return heap_open(limited, error);
}

static bool open_heap(struct sandbox *sandbox, struct error *error)
{
    struct limit_state limit;
    struct spec_description description;
    const struct sandbox_options *options = &sandbox->options;
    if (!spec_describe(options->spec, &description, error)) return false;
    if (description.traits & TRAIT_REPLAY_ONLY) {
        return error_set(error, "%s hands out overlapping blocks: no program can run on it",
                         options->spec);
    }
    sandbox->heap = open_limited(options->spec, options->memory, error);
    if (!sandbox->heap) return false;
    limit_read(sandbox->heap, &limit);
    limit_set(sandbox->heap, options->memory ? options->memory : limit.limit, options->is_strict);
    if (options->budget && !budget_join(sandbox->heap, options->budget)) {
        return error_set(error, NO_ROOM);
    }
    return true;
}

/* Lifted, the state took what it needs; that may be more than was left for all. */
static bool is_budget_overdrawn(const struct sandbox *sandbox)
{
    struct budget_state budget;
    if (!sandbox->options.budget) return false;
    budget_read(sandbox->options.budget, &budget);
    return budget.used > budget.bytes;
}

static int open_libraries(lua_State *L)
{
    safe_libraries_open(L);
    return 0;
}

static bool open_state(struct sandbox *sandbox, struct error *error)
{
    limit_lift(sandbox->heap, true);
    sandbox->L = lua_newstate(resize, sandbox);
    bool is_open = sandbox->L && lua_cpcall(sandbox->L, open_libraries, NULL) == 0;
    if (is_open) lua_host_attach(&sandbox->host, sandbox->heap, sandbox->L);
    limit_lift(sandbox->heap, false);
    if (is_open && is_budget_overdrawn(sandbox)) return error_set(error, NO_ROOM);
    return is_open || error_set(error,
                                "%s: no memory for a Lua state with its libraries, which "
                                "takes 27 KB at least",
                                sandbox->options.spec);
}

struct sandbox *sandbox_open(const struct sandbox_options *options, struct error *error)
{
    struct sandbox *sandbox = pages_map(sizeof *sandbox);
    if (!sandbox) return error_set(error, "no memory for a sandbox"), NULL;
    sandbox->options = *options;
    sandbox->random = 1;
    if (!options->spec) sandbox->options.spec = "tiered";
    if (!options->write) sandbox->options.write = write_to_standard_output;
    sandbox->output_left = options->output_bytes ? options->output_bytes : OUTPUT_STANDARD;
    sandbox_grant(sandbox, options->instructions);
    if (open_heap(sandbox, error) && open_state(sandbox, error)) return sandbox;
    sandbox_close(sandbox);
    return NULL;
}

void sandbox_close(struct sandbox *sandbox)
{
    if (!sandbox) return;
    if (sandbox->L) {
        limit_lift(sandbox->heap, true);
        if (sandbox->host.heap) lua_host_detach(&sandbox->host);
        lua_close(sandbox->L);
    }
    heap_close(sandbox->heap);
    pages_unmap(sandbox, sizeof *sandbox);
}

/* ---- running */

static void add_level(struct text *trace, lua_State *L, lua_Debug *frame)
{
    lua_getinfo(L, "Snl", frame);
    if (frame->currentline > 0)
        text_add(trace, "\n\t%s:%d: ", frame->short_src, frame->currentline);
    else text_add(trace, "\n\t%s: ", frame->short_src);
    if (*frame->namewhat) text_add(trace, "in function `%s'", frame->name);
    else if (*frame->what == 'm') text_add(trace, "in main chunk");
    else if (*frame->what == 'L')
        text_add(trace, "in function <%s:%d>", frame->short_src, frame->linedefined);
    else text_add(trace, "?");
}

/* Called where the error was raised; must neither allocate nor run Lua. */
static int take_trace(lua_State *L)
{
    struct sandbox *sandbox = sandbox_of(L);
    struct text trace = text_in(sandbox->trace, sandbox->trace_bytes);
    lua_Debug frame;
    for (int level = 1; level < TRACE_LEVELS && lua_getstack(L, level, &frame); level++) {
        add_level(&trace, L, &frame);
    }
    return 1;
}

struct run {
    struct sandbox *sandbox;
    const char *name, *text;
    size_t length;
    struct sandbox_result *result;
    int status;
};

static void copy_message(lua_State *L, struct sandbox_result *result)
{
    size_t length;
    if (lua_type(L, -1) == LUA_TSTRING) {
        const char *message = lua_tolstring(L, -1, &length);
        if (length >= sizeof result->message) length = sizeof result->message - 1;
        memcpy(result->message, message, length);
        result->message[length] = '\0';
    } else {
        snprintf(result->message, sizeof result->message, "(error object is a %s value)",
                 luaL_typename(L, -1));
    }
}

/* Gets the run as its argument. The chunk's name begins with = so that it is shown as it is. */
static int run_protected(lua_State *L)
{
    struct run *run = lua_touserdata(L, 1);
    sandbox_begin_thread(L, L);
    lua_pushcfunction(L, take_trace);
    lua_pushfstring(L, "=%s", run->name);
    run->status = safe_load_text(L, run->text, run->length, lua_tostring(L, -1));
    lua_remove(L, -2);
    if (run->status == 0) run->status = lua_pcall(L, 0, 0, -2);
    if (run->status) copy_message(L, run->result);
    return 0;
}

/* Out of memory is handed on as text by coroutines, load and assert, with a place before it. */
static bool is_memory_error(const struct run *run, const struct sandbox_result *result)
{
    static const char told[] = "not enough memory";
    size_t length = strlen(result->message);
    if (run->status == LUA_ERRMEM) return true;
    return result->memory.refused > 0 && length >= strlen(told) &&
           !strcmp(result->message + length - strlen(told), told);
}

static void judge(const struct run *run, struct sandbox_result *result)
{
    const struct sandbox *sandbox = run->sandbox;
    const struct limit *limit = limit_find(sandbox->heap);
    limit_read(sandbox->heap, &result->memory);
    result->exceeded = limit->hard_violations;
    result->instructions = sandbox->paid;
    result->is_output_cut = sandbox->is_output_cut;
    if (sandbox->ended != SANDBOX_FINISHED) result->outcome = sandbox->ended;
    else if (is_memory_error(run, result)) result->outcome = SANDBOX_OUT_OF_MEMORY;
    else if (run->status) result->outcome = SANDBOX_ERROR;
    if (result->outcome != SANDBOX_FINISHED && result->outcome != SANDBOX_ERROR) {
        strcpy(result->message,
               result->outcome == SANDBOX_OUT_OF_MEMORY ? "not enough memory" : "");
    }
}

/* So that the sandbox can run more, also without `collect`. */
static void collect_all(struct sandbox *sandbox)
{
    limit_lift(sandbox->heap, true);
    lua_gc(sandbox->L, LUA_GCCOLLECT, 0);
    limit_lift(sandbox->heap, false);
}

void sandbox_run(struct sandbox *sandbox, const char *name, const char *text, size_t length,
                 struct sandbox_result *out)
{
    struct run run = {sandbox, name, text, length, out, 0};
    memset(out, 0, sizeof *out);
    sandbox->trace = out->traceback;
    sandbox->trace_bytes = sizeof out->traceback;
    sandbox->looked_ns = sandbox->options.run_ns ? host_now_ns(sandbox->heap->host) : 0;
    sandbox->deadline_ns =
        sandbox->options.run_ns ? sandbox->looked_ns + sandbox->options.run_ns : 0;
    if (sandbox->ended == SANDBOX_OUT_OF_TIME) sandbox->ended = SANDBOX_FINISHED;
    int status = lua_cpcall(sandbox->L, run_protected, &run);
    if (status) {
        run.status = status;
        copy_message(sandbox->L, out);
    }
    lua_settop(sandbox->L, 0);
    judge(&run, out);
    if (out->outcome == SANDBOX_OUT_OF_MEMORY) collect_all(sandbox);
}

/* ---- the rest */

void sandbox_set_memory(struct sandbox *sandbox, size_t bytes, bool is_strict)
{
    bool has_limit = limit_set(sandbox->heap, bytes, is_strict);
    assert(has_limit);
}

void sandbox_grant(struct sandbox *sandbox, uint64_t instructions)
{
    sandbox->granted = instructions ? sandbox->paid + instructions : UINT64_MAX;
    if (sandbox->granted < sandbox->paid) sandbox->granted = UINT64_MAX;
    sandbox->ended = SANDBOX_FINISHED;
}

lua_State *sandbox_state(struct sandbox *sandbox)
{
    return sandbox->L;
}

struct heap *sandbox_heap(struct sandbox *sandbox)
{
    return sandbox->heap;
}
