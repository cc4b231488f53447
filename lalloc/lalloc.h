/* liblalloc: allocators, limits, sandboxes and observers for programs that embed Lua 5.1.
 *
 *     char error[LALLOC_ERROR_BYTES];
 *     struct lalloc_heap *heap = lalloc_open("hard-limit:bytes=10M+tiered", error, sizeof error);
 *     lua_State *L = heap ? lalloc_newstate(heap) : NULL;
 *     ...
 *     lalloc_closestate(heap, L);
 *     lalloc_close(heap);
 *
 * A *spec* names a stack of allocators, outermost first, with options; lalloc_list tells them all.
 * Sizes are in bytes, times in nanoseconds. Functions that can fail say so by NULL, false or a
 * status of Lua's, and write one line that says what is wrong and what to do into `error` where
 * they take it; the line is cut off at error_bytes, and error may be NULL. A heap, and with it its
 * state, is used by one thread at a time; different heaps need nothing of each other. With `lock`
 * in its spec several threads may call lalloc_resize on one heap, and nothing else. What a state
 * holds is not to be touched by two threads, with any allocator.
 *
 * None of this is to be called from within an allocator, nor from a listener.
 */
#ifndef LALLOC_H
#define LALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#include <lua.h>

#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

#define LALLOC_VERSION "0.1.0"
#define LALLOC_UNKNOWN SIZE_MAX /* a figure that this heap cannot know; as a limit: none */

enum { LALLOC_ERROR_BYTES = 512 }; /* any error fits into so many */

struct lalloc_heap;
struct lalloc_budget;

/* The version of the library in use; LALLOC_VERSION is that of this header. */
const char *lalloc_version(void);

/* ---- heaps */

/* NULL when the spec is wrong or the system refuses memory. */
struct lalloc_heap *lalloc_open(const char *spec, char *error, size_t error_bytes);

/* All blocks come from the caller's buffer, which must outlive the heap, may begin anywhere and is
 * not given back: `bump`, `frame` or `free-list`, and at most wrappers over it. Options `size` and
 * `grow` do not apply. Descriptions of the heap itself, some 30 KiB, come from the system, all of
 * them now: later there is no system call, but those of wrappers that keep tables or write files.
 */
struct lalloc_heap *lalloc_open_in(const char *spec, void *buffer, size_t bytes, char *error,
                                   size_t error_bytes);

/* Every page goes back to the system, living blocks with them: a state that is still alive is
 * dropped in no time, without its finalizers, and must not be touched again. (A malloc of the
 * process, like `libc`, leaves such blocks where they are.) NULL is allowed. Nothing may be called
 * with the heap again. One that is attached is detached instead, by lalloc_detach. */
void lalloc_close(struct lalloc_heap *heap);

/* This is a lua_Alloc; its ud is the heap. old_size must be exact, as Lua's is. */
void *lalloc_resize(void *heap, void *block, size_t old_size, size_t new_size);

/* The same one call shorter: what to hand to lua_newstate where time counts. */
lua_Alloc lalloc_function(const struct lalloc_heap *heap);
void *lalloc_userdata(const struct lalloc_heap *heap);

/* ---- states: one a heap, so that limits, lines and collections are told of the right one */

/* A state without libraries on the heap, or NULL for want of memory or when the heap has a state.
 * Its panic function says what was raised outside any protected call before Lua ends the process.
 * Limits with `collect` schedule its collections, messages tell its lines. */
lua_State *lalloc_newstate(struct lalloc_heap *heap);

/* luaL_openlibs, protected and with limits lifted: under a limit that the libraries do not fit into
 * (27 KB) they are there all the same, and the rest is refused. Returns a status of Lua's; with any
 * but 0 a message is on the stack. */
int lalloc_openlibs(struct lalloc_heap *heap, lua_State *L);

/* lua_close with limits lifted, so that finalizers can run. The heap is empty then, and ready for
 * another state. Also for a state that the heap was attached to: lalloc_close is then all that is
 * left to do, for each heap that the state was on. L may be NULL. */
void lalloc_closestate(struct lalloc_heap *heap, lua_State *L);

/* Puts wrappers over the allocator of a running state, counting from what it holds now. The spec
 * names wrappers alone; refused with the reason are pools, which could not free what others gave
 * out, and wrappers that must see every block from its beginning. L is the main state, and no Lua
 * code runs. Needs one free slot. */
struct lalloc_heap *lalloc_attach(lua_State *L, const char *spec, char *error, size_t error_bytes);

/* Gives the state its own allocator back and closes the heap. False, and nothing has changed, when
 * the heap is not attached to L or something else was put over it since. What lalloc_inspection has
 * given to scripts raises an error from now on. Needs two free slots. */
bool lalloc_detach(struct lalloc_heap *heap, lua_State *L);

enum lalloc_again {
    LALLOC_ONCE,   /* after "not enough memory" the work is not to be done again */
    LALLOC_REPEAT, /* it may be: it has no effects, or the same when repeated */
};

/* lua_pcall where running out of memory is expected: Lua 5.1 raises LUA_ERRMEM without looking for
 * garbage. Then a full collection runs, so that the state can be used again, and with
 * LALLOC_REPEAT the call is made once more. handler is a stack index or 0. Needs three free slots.
 * Only for states of lalloc_newstate and lalloc_attach. */
int lalloc_run(struct lalloc_heap *heap, lua_State *L, int nargs, int nresults, int handler,
               enum lalloc_again again);

/* ---- what a heap says of itself */

/* Any figure may be LALLOC_UNKNOWN. */
struct lalloc_statistics {
    size_t live_bytes;      /* asked for and not yet freed */
    size_t live_blocks;     /* LALLOC_UNKNOWN after lalloc_attach */
    size_t peak_live_bytes; /* as a limit, else `track`, in the spec has seen it */
    size_t footprint_bytes; /* held from the system, or of the buffer */
    size_t metadata_bytes;  /* of the footprint: descriptors and headers */
    size_t free_bytes;      /* of the footprint: to be used again */
    size_t capacity_bytes;  /* most the heap can ever hold; LALLOC_UNKNOWN: the system decides */
    size_t limit_bytes;     /* what the outermost limit allows now */
    size_t refused_calls;   /* by that limit */
    size_t fault_count;     /* broken rules of memory that guards, records, ... have told */
};
void lalloc_statistics(const struct lalloc_heap *heap, struct lalloc_statistics *out);

/* Looks through all that is alive or kept back for damage; tells each and returns how many. */
size_t lalloc_check(struct lalloc_heap *heap);

/* All figures of all layers, for people. */
void lalloc_report(const struct lalloc_heap *heap, FILE *out);

/* Every living block, the largest groups first, where `records` is in the spec: where it was
 * allocated, by C stack and Lua line. Returns how many blocks; LALLOC_UNKNOWN without `records`. */
size_t lalloc_leaks(const struct lalloc_heap *heap, FILE *out);

/* Warnings of limits and faults of the program, a message of one or more lines each. Called from
 * within the allocator: it may call neither Lua nor the heap. NULL: standard error, as at first. */
typedef void lalloc_listener(void *userdata, const char *message);
void lalloc_set_listener(struct lalloc_heap *heap, lalloc_listener *listener, void *userdata);

/* What can stand in a spec, from 0 on; false past the end. The texts live as long as the library.
 */
struct lalloc_choice {
    const char *name, *summary;
    bool is_wrapper;   /* stands over another */
    bool can_attach;   /* can go over the allocator of a running state */
    bool takes_buffer; /* can live in the caller's memory */
};
bool lalloc_list(size_t index, struct lalloc_choice *out);

/* Its options, from 0 on; false past the end. */
struct lalloc_option {
    const char *name, *help;
    const char *standard; /* the value when a spec names none */
    char range[128];      /* "64 .. 1G", "yes or no", "one of best first" */
};
bool lalloc_list_option(const char *name, size_t index, struct lalloc_option *out);

/* ---- limits and budgets */

/* Changes the outermost limit of the heap. strict: refuse above it; otherwise let pass what is up
 * to a tenth above, and warn. A limit below what is alive refuses growth alone. False without a
 * limit in the spec. */
bool lalloc_set_limit(struct lalloc_heap *heap, size_t bytes, bool strict);

/* A budget is one bound for several heaps: what one frees, another may take. Heaps that joined may
 * be used by different threads. NULL when the system refuses memory. */
struct lalloc_budget *lalloc_budget_open(size_t bytes);

/* From now on the outermost limit of the heap takes from the budget also; what is alive is charged
 * at once. It leaves the budget that it was in; a NULL budget: joins none. False, and nothing has
 * changed, without a limit in the spec or where the budget has no room for what is alive. Closing
 * the heap leaves the budget. */
bool lalloc_budget_join(struct lalloc_budget *budget, struct lalloc_heap *heap);

struct lalloc_budget_statistics {
    size_t bytes, used_bytes, peak_bytes;
    size_t refused_calls;
};
void lalloc_budget_read(const struct lalloc_budget *budget, struct lalloc_budget_statistics *out);

/* After all heaps that joined are closed. NULL is allowed. */
void lalloc_budget_close(struct lalloc_budget *budget);

/* ---- sandboxes: untrusted scripts, each in a state of its own on a heap of its own
 *
 * A script finds the base library without dofile, loadfile, require, module and newproxy, and
 * coroutine, math, string without dump, and table; it loads text, never bytecode. Memory and
 * instructions are bounded whatever it does. Wall-clock time is looked at every 256 instructions
 * at least, each of which may take as long as going through all of its memory does: with 10 MB a
 * hostile script can be seconds late. Who needs a bound that nothing can delay runs the sandbox in
 * a process that can be killed. The C stack must have 2 MiB. Each sandbox may be on another thread;
 * they share nothing but their budget. */

/* All may be zero but one: the limit, as `memory` or in the spec. */
struct lalloc_sandbox_options {
    const char *spec;             /* NULL: tiered. Without a limit it gets one that collects */
    size_t memory;                /* state and libraries included: 27 KB; 0: the spec's limit */
    bool strict;                  /* no: a tenth above is let pass, and counted */
    uint64_t instructions;        /* for all runs together; 0: no bound */
    uint64_t run_ns;              /* of wall-clock time, for each run; 0: no bound */
    struct lalloc_budget *budget; /* NULL: none */
    /* What print writes; NULL: to standard output. */
    void (*write)(void *outlet, const char *text, size_t length);
    void *outlet;
    size_t output_bytes; /* most that is written, the rest is dropped; 0: 1 MiB */
};

enum lalloc_outcome {
    LALLOC_FINISHED,
    LALLOC_OUT_OF_MEMORY,
    LALLOC_OUT_OF_INSTRUCTIONS,
    LALLOC_OUT_OF_TIME,
    LALLOC_ERROR /* it does not compile, or raised an error that it did not catch */
};

/* "finished", "out of memory", ... */
const char *lalloc_outcome_name(enum lalloc_outcome outcome);

struct lalloc_sandbox_result {
    enum lalloc_outcome outcome;
    char message[512];    /* empty when it finished; cut off where it is longer */
    char traceback[2048]; /* a line for each level; empty: none */
    size_t live_bytes, peak_bytes, limit_bytes;
    uint64_t refused_calls, exceeded; /* exceeded: times that a limit that is not strict was */
    uint64_t instructions;            /* of all runs; never less than were run */
    bool is_output_cut;
};

struct lalloc_sandbox;

/* NULL when the spec is wrong or the memory cannot be had, in the system or in the budget. */
struct lalloc_sandbox *lalloc_sandbox_open(const struct lalloc_sandbox_options *options,
                                           char *error, size_t error_bytes);

/* Compiles and runs text; name is what messages call it. However a run ends, the sandbox can run
 * more, with the globals that were left behind and what is left of the instructions. */
void lalloc_sandbox_run(struct lalloc_sandbox *sandbox, const char *name, const char *text,
                        size_t length, struct lalloc_sandbox_result *out);

/* Between runs, or from a function called by the script. */
void lalloc_sandbox_set_memory(struct lalloc_sandbox *sandbox, size_t bytes, bool strict);

/* So many more instructions, whatever was left; 0: no bound. Between runs. */
void lalloc_sandbox_grant(struct lalloc_sandbox *sandbox, uint64_t instructions);

/* To give the script functions of the caller's, before the first run: what they do is not counted,
 * and what they let the script do is the caller's care. */
lua_State *lalloc_sandbox_state(struct lalloc_sandbox *sandbox);

/* Everything goes back to the system and to the budget. NULL is allowed. */
void lalloc_sandbox_close(struct lalloc_sandbox *sandbox);

/* ---- inspection */

/* Makes memory_report(), memory_profile(), leak_report([mark]), check_memory() and
 * set_memory_limit(bytes [, strict]) globals of a trusted state; what they return is in lalloc(3).
 * After lalloc_openlibs. Returns a status of Lua's; with any but 0 a message is on the stack. */
int lalloc_inspection(struct lalloc_heap *heap, lua_State *L);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
