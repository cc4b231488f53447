/* `heapbench lua`: the standalone interpreter of Lua 5.1 on a heap of choice. It does what `lua5.1
 * SCRIPT ARGS` does, the name in its messages included, so that outputs can be compared byte for
 * byte. A script that calls os.exit leaves without closing its state, as there; the report is
 * printed all the same. With --drop no state is closed: its heap is, with the state alive in it. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../allocators/shared_library.h"
#include "../allocators/wrappers/count.h"
#include "../workloads/traceback.h"
#include "command.h"
#include "report.h"

struct interpreter {
    const char *spec;
    const char *report_format; /* NULL: no report */
    bool drops_state;          /* in the place of lua_close */
    bool is_ready;             /* the state and its libraries are there */
    int argument_count;
    char **arguments; /* the script, then what it is given */
    int status;
};

static const char program_name[] = "lua5.1";
static struct report report;
static lua_State *running_state;

static void print_message(const char *message)
{
    fprintf(stderr, "%s: %s\n", program_name, message);
    fflush(stderr);
}

static void stop_at_hook(lua_State *L, lua_Debug *where)
{
    (void)where;
    lua_sethook(L, NULL, 0, 0);
    luaL_error(L, "interrupted!");
}

/* A second interrupt ends the process: the script may never reach a hook. */
static void stop_at_signal(int number)
{
    signal(number, SIG_DFL);
    lua_sethook(running_state, stop_at_hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
}

static int call(lua_State *L, int argument_count, int result_count)
{
    int base = lua_gettop(L) - argument_count;
    lua_pushcfunction(L, traceback_add);
    lua_insert(L, base);
    running_state = L;
    signal(SIGINT, stop_at_signal);
    int status = lua_pcall(L, argument_count, result_count, base);
    signal(SIGINT, SIG_DFL);
    lua_remove(L, base);
    if (status) lua_gc(L, LUA_GCCOLLECT, 0);
    return status;
}

static int report_error(lua_State *L, int status)
{
    if (status && !lua_isnil(L, -1)) {
        const char *message = lua_tostring(L, -1);
        print_message(message ? message : "(error object is not a string)");
        lua_pop(L, 1);
    }
    return status;
}

/* LUA_INIT holds Lua text, or a file's name after an @. */
static int run_init(lua_State *L)
{
    const char *init = getenv("LUA_INIT");
    if (!init) return 0;
    int status = *init == '@' ? luaL_loadfile(L, init + 1)
                              : luaL_loadbuffer(L, init, strlen(init), "=LUA_INIT");
    return report_error(L, status ? status : call(L, 0, 0));
}

/* Pushes what the script is given, and sets `arg`: the script at 0, the interpreter at -1. */
static int push_arguments(lua_State *L, const struct interpreter *interpreter)
{
    int count = interpreter->argument_count - 1;
    luaL_checkstack(L, count + 3, "too many arguments to script");
    for (int i = 1; i <= count; i++) lua_pushstring(L, interpreter->arguments[i]);
    lua_createtable(L, count, 2);
    lua_pushstring(L, program_name);
    lua_rawseti(L, -2, -1);
    for (int i = 0; i <= count; i++) {
        lua_pushstring(L, interpreter->arguments[i]);
        lua_rawseti(L, -2, i);
    }
    lua_setglobal(L, "arg");
    return count;
}

static int run_script(lua_State *L, const struct interpreter *interpreter)
{
    const char *script = interpreter->arguments[0];
    int count = push_arguments(L, interpreter);
    int status = luaL_loadfile(L, strcmp(script, "-") ? script : NULL);
    lua_insert(L, -(count + 1));
    if (status == 0) status = call(L, count, LUA_MULTRET);
    else lua_pop(L, count);
    return report_error(L, status);
}

static int run_protected(lua_State *L)
{
    struct interpreter *interpreter = lua_touserdata(L, 1);
    lua_gc(L, LUA_GCSTOP, 0);
    luaL_openlibs(L);
    lua_gc(L, LUA_GCRESTART, 0);
    interpreter->is_ready = true;
    interpreter->status = run_init(L);
    if (interpreter->status == 0) interpreter->status = run_script(L, interpreter);
    return 0;
}

/* Before exit closes the streams; the heap is still as the script left it. */
static void print_report(void)
{
    if (!report.heap) return;
    fflush(stdout);
    report_print(&report);
}

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* L may be NULL. */
static void end(const struct interpreter *interpreter, lua_State *L, struct heap *heap)
{
    bool closes = L && !interpreter->drops_state;
    if (report.heap) report_look(&report, MOMENT_END);
    double start = milliseconds();
    if (closes) lua_close(L);
    double closed = milliseconds();
    if (closes && report.heap) report_look(&report, MOMENT_CLOSED);
    if (interpreter->is_ready) print_report();
    double printed = milliseconds();
    heap_close(heap);
    double dropped = milliseconds();
    if (report.heap && interpreter->is_ready) {
        report_print_closing(&report, interpreter->drops_state ? (double)NAN : closed - start,
                             dropped - printed);
    }
    report.heap = NULL;
}

static int fail_to_begin(const struct interpreter *interpreter)
{
    char text[512];
    snprintf(
        text, sizeof text,
        "%.300s: not enough memory for a Lua state with its libraries, which takes 27 KB at least; "
        "give a larger size",
        interpreter->spec);
    return command_fail(EXIT_FAILURE, text);
}

static int interpret(struct interpreter *interpreter, struct heap *heap)
{
    int status = LUA_ERRMEM;
    const struct heap *watched = report.heap ? &report.watched : heap;
    lua_State *L = lua_newstate(watched->resize, watched->state);
    if (L) status = lua_cpcall(L, run_protected, interpreter);
    if (interpreter->is_ready) report_error(L, status);
    else status = fail_to_begin(interpreter);
    end(interpreter, L, heap);
    return status || interpreter->status ? EXIT_FAILURE : EXIT_SUCCESS;
}

static error_t take_option(int key, char *value, struct argp_state *state)
{
    struct interpreter *interpreter = state->input;
    switch (key) {
    case 'a': interpreter->spec = value; return 0;
    case 'r': interpreter->report_format = value ? value : "text"; return 0;
    case 'd': interpreter->drops_state = true; return 0;
    case ARGP_KEY_ARG:
        interpreter->arguments = &state->argv[state->next - 1];
        interpreter->argument_count = state->argc - (state->next - 1);
        state->next = state->argc;
        return 0;
    case ARGP_KEY_END:
        if (!interpreter->arguments) argp_failure(state, 2, 0, "which script? (- is stdin)");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option rows[] = {
    {"allocator", 'a', "SPEC", 0, "the heap that the script runs on (default libc)", 0},
    {"report", 'r', "FORMAT", OPTION_ARG_OPTIONAL,
     "print the heap's figures at the end, to standard error: as text (the standard) or as csv; "
     "csv:FILE writes a file",
     0},
    {"drop", 'd', NULL, 0,
     "end by giving the heap's pages back with the state alive in them, without lua_close: "
     "finalizers (__gc) do not run, and files still open are flushed by C's exit alone",
     0},
    {0},
};

static const struct argp lua_argp = {
    rows,
    take_option,
    "SCRIPT [ARGS...]",
    "Run a Lua 5.1 script as lua5.1 does, on any allocator.\v"
    "The report shows each layer of the spec when most bytes were alive, when the script had "
    "ended, and when its state was closed: the footprint then is what is retained. As CSV it has "
    "one figure a row, in the columns layer (0 is the outermost), allocator, table, row, name, "
    "value and unit. Tables are calls, peak, end, closed, figures, closing, and one by the name of "
    "the heap's tiers (tier, order, cache), whose rows are numbered from 0 and summed up in the "
    "rows blocks and, where sizes are exact, bytes.",
    NULL,
    NULL,
    NULL,
};

/* Libraries with much thread-local storage need a tunable that is read when a process starts: begin
 * again with it, and take it away then so that the script finds its own environment. */
static void start_again_for_libraries(const char *spec, char **argv)
{
    char tunables[4096];
    struct spec_description description;
    struct error error;
    if (!spec_describe(spec, &description, &error) || !description.uses_library) return;
    const char *own = getenv("HEAPBENCH_OWN_TUNABLES"), *given = getenv(TUNABLES_NAME);
    if (own) {
        if (*own) setenv(TUNABLES_NAME, own, 1);
        else unsetenv(TUNABLES_NAME);
        unsetenv("HEAPBENCH_OWN_TUNABLES");
        return;
    }
    snprintf(tunables, sizeof tunables, "%s%s%s", given ? given : "", given ? ":" : "",
             LIBRARY_TUNABLES);
    setenv("HEAPBENCH_OWN_TUNABLES", given ? given : "", 1);
    setenv(TUNABLES_NAME, tunables, 1);
    execv("/proc/self/exe", argv);
}

static struct heap *open_heap(const struct interpreter *interpreter, struct error *error)
{
    return interpreter->report_format ? count_open(interpreter->spec, error)
                                      : heap_open(interpreter->spec, error);
}

/* What comes from a file is the malloc of the whole process: living blocks outlast its heap. */
static bool can_drop(const struct heap *heap, struct error *error)
{
    while (heap->allocator->traits & TRAIT_WRAPPER) heap = heap->inner;
    return !heap->allocator->identify ||
           error_set(error,
                     "--drop: closing %s leaves living blocks where they are; take an allocator "
                     "that gives its pages back, such as frame, or leave --drop out",
                     heap->allocator->name);
}

int lua_main(int argc, char **argv)
{
    struct interpreter interpreter = {.spec = "libc"};
    struct spec_description description;
    struct error error = {""};
    char *first = argv[0];
    command_parse(&lua_argp, argc, argv, ARGP_IN_ORDER, &interpreter);
    argv[0] = first;
    if (!spec_describe(interpreter.spec, &description, &error)) return command_fail(2, error.text);
    if (description.traits & TRAIT_REPLAY_ONLY) {
        return command_fail(2, "null hands out overlapping blocks: it can only replay traces");
    }
    start_again_for_libraries(interpreter.spec, argv - 1);
    if (interpreter.report_format && !report_open(&report, interpreter.report_format, &error)) {
        return command_fail(2, error.text);
    }
    struct heap *heap = open_heap(&interpreter, &error);
    if (!heap) return command_fail(1, error.text);
    if (interpreter.drops_state && !can_drop(heap, &error)) {
        heap_close(heap);
        return command_fail(2, error.text);
    }
    if (interpreter.report_format) {
        if (!report_watch(&report, heap, &error)) return command_fail(1, error.text);
        atexit(print_report);
    }
    int status = interpret(&interpreter, heap);
    if (interpreter.report_format && !report_close(&report)) {
        return command_fail(1, "the report cannot be written");
    }
    return status;
}
