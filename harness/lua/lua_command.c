/* `heapbench lua`: a script on a heap of choice. One that calls os.exit leaves without closing its
 * state, as under lua5.1; the report is printed all the same. With --drop no state is closed: its
 * heap is, with the state alive in it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../allocators/limits/limit.h"
#include "../command.h"
#include "crash.h"
#include "findings.h"
#include "interpreter.h"
#include "report.h"
#include "smallest.h"
#include "symbols.h"
#include "tunables.h"

struct lua_command {
    const char *spec;
    const char *report_format; /* NULL: no report */
    const char *map;           /* file for the live blocks at the end, or NULL */
    bool drops_state;          /* in the place of lua_close */
    bool stops_at_fault;
    bool has_exact_lines;
    bool wants_smallest; /* the smallest limit that the script runs in, in the place of a run */
    struct interpreter interpreter;
};

static struct report report;

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

/* Returns the milliseconds that lua_close took. Finalizers may allocate then, with the limit used
 * up, and code that is let go is to keep its name. */
static double close_state(const struct lua_command *command, lua_State *L, struct heap *heap)
{
    if (command->interpreter.host) {
        lua_host_detach(command->interpreter.host);
        symbols_keep_modules();
        limit_lift(heap, true);
    }
    double start = milliseconds();
    lua_close(L);
    return milliseconds() - start;
}

static double close_heap(struct heap *heap)
{
    crash_forget();
    double start = milliseconds();
    heap_close(heap);
    return milliseconds() - start;
}

/* L may be NULL. False when something was found, or could not be written. */
static bool end(const struct lua_command *command, lua_State *L, struct heap *heap)
{
    bool closes = L && !command->drops_state, is_ready = command->interpreter.is_ready;
    if (report.heap) report_look(&report, MOMENT_END);
    if (is_ready) findings_at_end(heap, report.heap && !report.is_csv ? report.out : NULL);
    bool is_good = !command->map || findings_write_map(heap, command->map);
    double close_ms = closes ? close_state(command, L, heap) : (double)NAN;
    if (closes && report.heap) report_look(&report, MOMENT_CLOSED);
    if (closes) is_good = findings_after_close(heap) && is_good;
    if (is_ready) print_report();
    is_good = findings_print_faults(heap) && is_good;
    double drop_ms = close_heap(heap);
    if (report.heap && is_ready) report_print_closing(&report, close_ms, drop_ms);
    report.heap = NULL;
    return is_good;
}

static int fail_to_begin(const struct lua_command *command)
{
    char text[512];
    snprintf(
        text, sizeof text,
        "%.300s: not enough memory for a Lua state with its libraries, which takes 27 KB at least; "
        "give a larger size",
        command->spec);
    return command_fail(EXIT_FAILURE, text);
}

/* With a hook for lines Lua notes its place before each instruction. */
static void do_nothing(lua_State *L, lua_Debug *where)
{
    (void)L, (void)where;
}

static int run_script(struct lua_command *command, struct heap *heap)
{
    static struct lua_host host;
    int status = LUA_ERRMEM;
    struct interpreter *interpreter = &command->interpreter;
    const struct heap *watched = report.heap ? &report.watched : heap;
    interpreter->marked = heap;
    lua_State *L = lua_newstate(watched->resize, watched->state);
    if (L && heap_is_wrapped(heap)) {
        crash_watch(heap);
        lua_host_attach(&host, heap, L);
        interpreter->host = &host;
    }
    if (L && command->has_exact_lines) lua_sethook(L, do_nothing, LUA_MASKLINE, 0);
    if (L) status = interpreter_run(interpreter, L);
    if (!interpreter->is_ready) fail_to_begin(command);
    bool is_good = end(command, L, heap);
    return status || interpreter->status || !is_good ? EXIT_FAILURE : EXIT_SUCCESS;
}

enum { KEY_SMALLEST = 256, KEY_EXACT_LINES };

static error_t take_option(int key, char *value, struct argp_state *state)
{
    struct lua_command *command = state->input;
    switch (key) {
    case 'a': command->spec = value; return 0;
    case 'r': command->report_format = value ? value : "text"; return 0;
    case 'd': command->drops_state = true; return 0;
    case 'm': command->map = value; return 0;
    case 's': command->stops_at_fault = true; return 0;
    case KEY_EXACT_LINES: command->has_exact_lines = true; return 0;
    case KEY_SMALLEST: command->wants_smallest = true; return 0;
    case ARGP_KEY_ARG:
        command->interpreter.arguments = &state->argv[state->next - 1];
        command->interpreter.argument_count = state->argc - (state->next - 1);
        state->next = state->argc;
        return 0;
    case ARGP_KEY_END:
        if (!command->interpreter.arguments)
            argp_failure(state, 2, 0, "which script? (- is stdin)");
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
    {"map", 'm', "FILE", 0,
     "write the blocks alive at the end as CSV, for scripts/memory_map.py; the spec needs records",
     0},
    {"stop-at-fault", 's', NULL, 0, "abort at the first fault that a debugging wrapper finds", 0},
    {"exact-lines", KEY_EXACT_LINES, NULL, 0,
     "have Lua note its place before every instruction, which slows it: else a block may be told "
     "with the line of the call or table access before it",
     0},
    {"smallest", KEY_SMALLEST, NULL, 0,
     "find the smallest limit that the script ends well in, by running it again and again: of the "
     "spec's outermost wrapper if that is a limit, else of a hard-limit put over it",
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

static struct heap *open_heap(const struct lua_command *command, struct error *error)
{
    return command->report_format ? count_open(command->spec, error)
                                  : heap_open(command->spec, error);
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

static bool can_do(const struct lua_command *command, struct heap *heap, struct error *error)
{
    if (command->map && !heap_layer(heap, "records")) {
        return error_set(error, "--map: %s notes no blocks: put records+ before it", command->spec);
    }
    return !command->drops_state || can_drop(heap, error);
}

static int run_on(struct lua_command *command, struct heap *heap)
{
    struct error error;
    if (!can_do(command, heap, &error)) {
        heap_close(heap);
        return command_fail(2, error.text);
    }
    heap->host->aborts = command->stops_at_fault;
    symbols_use(heap);
    if (command->report_format) {
        if (!report_watch(&report, heap, &error)) return command_fail(1, error.text);
        atexit(print_report);
    }
    int status = run_script(command, heap);
    if (command->report_format && !report_close(&report)) {
        return command_fail(1, "the report cannot be written");
    }
    return status;
}

int lua_main(int argc, char **argv)
{
    struct lua_command command = {.spec = "libc"};
    struct spec_description description;
    struct error error = {""};
    char *first = argv[0];
    command_parse(&lua_argp, argc, argv, ARGP_IN_ORDER, &command);
    argv[0] = first;
    if (!spec_describe(command.spec, &description, &error)) return command_fail(2, error.text);
    if (description.traits & TRAIT_REPLAY_ONLY) {
        return command_fail(2, "null hands out overlapping blocks: it can only replay traces");
    }
    if (command.wants_smallest) return smallest_find(command.spec, command.interpreter.arguments);
    tunables_start_again(command.spec, argv - 1);
    if (command.report_format && !report_open(&report, command.report_format, &error)) {
        return command_fail(2, error.text);
    }
    struct heap *heap = open_heap(&command, &error);
    return heap ? run_on(&command, heap) : command_fail(1, error.text);
}
