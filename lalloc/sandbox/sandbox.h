/* Untrusted Lua 5.1 programs in this process: each in a state of its own, on a heap of its own with
 * a limit of its own, with a budget of instructions and without a way out.
 *
 * What a program finds: the base library without dofile, loadfile, require, module and newproxy;
 * coroutine, math, string without dump, and table. It loads text, never bytecode. What differs from
 * Lua 5.1 for a program that means well:
 *
 *   - error handlers of xpcall run when the stack is unwound already;
 *   - a pattern with more than 200 captures and quantifiers on its way is refused;
 *   - collectgarbage knows count, collect and step;
 *   - a call of format, char, max or min takes texts of no more bytes in all than the limit is;
 *   - math.random starts from the same number in each sandbox, and shares it with none.
 *
 * What is bounded: memory, by the heap. Instructions, and with them the work of library functions
 * that could do more than copy once what is in memory: string patterns, sort, rep, compilation.
 * Wall-clock time, where asked for, is looked at every 256 instructions at least, more often where
 * they are slow. One that compares or converts a long text can take as long as going through all of
 * the program's memory does, some 20 ms in 10 MB, and who begins with fast ones can be seconds
 * late. Who needs a bound that holds whatever happens runs the sandbox in a process that can be
 * killed, as `heapbench sandbox` does. The C stack must have 2 MiB. Sandboxes share nothing but the
 * budget of memory they are given: each may be on another thread.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <lua.h>
#include <stdint.h>

#include "../../allocators/limits/budget.h"
#include "../../allocators/limits/limit.h"

/* All may be zero but one: the limit, as `memory` or in the spec. */
struct sandbox_options {
    const char *spec;      /* NULL: tiered. One without a limit gets hard-limit:collect over it */
    size_t memory;         /* bytes, the state and its libraries included, which take 27 KB; 0: as
                            * the spec's limit says */
    bool is_strict;        /* no: the limit may be exceeded by a tenth, and that is counted */
    uint64_t instructions; /* for all runs together; 0: no bound */
    uint64_t run_ns;       /* of wall-clock time, for each run; 0: no bound */
    struct budget *budget; /* of memory, shared with others; NULL: none */
    /* What print writes; NULL: to standard output. */
    void (*write)(void *outlet, const char *text, size_t length);
    void *outlet;
    size_t output_bytes; /* most that is written; the rest is dropped. 0: 1 MiB */
};

enum sandbox_outcome {
    SANDBOX_FINISHED,
    SANDBOX_OUT_OF_MEMORY,
    SANDBOX_OUT_OF_INSTRUCTIONS,
    SANDBOX_OUT_OF_TIME,
    SANDBOX_ERROR, /* it does not compile, or raised an error that it did not catch */
    SANDBOX_OUTCOMES
};

/* "finished", "out of memory", ... */
extern const char *const sandbox_outcome_names[SANDBOX_OUTCOMES];

struct sandbox_result {
    enum sandbox_outcome outcome;
    char message[512];    /* empty when it finished; cut off where it is longer */
    char traceback[2048]; /* "\n\tfile.lua:3: in function `f'" for each level; empty: none */
    struct limit_state memory;
    uint64_t exceeded;     /* times that the limit was or, but for a refusal, would have been */
    uint64_t instructions; /* of all runs: never less than were run, see sandbox_inner.h */
    bool is_output_cut;
};

struct sandbox;

/* NULL, with the reason, when the spec is wrong or the memory cannot be had. */
struct sandbox *sandbox_open(const struct sandbox_options *options, struct error *error);

/* Compiles and runs text; name is what messages call it. A run that has ended in any way leaves a
 * sandbox that can run more, with the globals that it left behind and what is left of the
 * instructions. Never fails the caller: whatever happens is a result. */
void sandbox_run(struct sandbox *sandbox, const char *name, const char *text, size_t length,
                 struct sandbox_result *out);

/* From now on: between runs, or from a function called by the program. */
void sandbox_set_memory(struct sandbox *sandbox, size_t bytes, bool is_strict);

/* So many more instructions from now on, whatever was left; 0: no bound. Between runs. */
void sandbox_grant(struct sandbox *sandbox, uint64_t instructions);

/* To give the program functions of the caller's: before the first run. What they do is not counted,
 * and what they allow the program is the caller's care. */
lua_State *sandbox_state(struct sandbox *sandbox);

struct heap *sandbox_heap(struct sandbox *sandbox);

/* Closes state and heap. NULL is allowed. */
void sandbox_close(struct sandbox *sandbox);

#endif
