/* What the parts of a sandbox share. The functions raise Lua errors.
 *
 * Instructions are paid in advance: a thread gets some, and when its count hook says that they are
 * used it pays for the next. So coroutines that end or are dropped before their hook ever runs are
 * paid for all the same, and the budget is never exceeded. The first payment is small, each next
 * twice as large, so that at most half of what is paid, and 64 a coroutine, is never used.
 *
 * When the budget is used up an error is raised that nothing catches: pcall, xpcall and resume,
 * which are the sandbox's own, raise it again.
 */
#ifndef SANDBOX_INNER_H
#define SANDBOX_INNER_H

#include "../lua_host.h"
#include "sandbox.h"

struct sandbox {
    struct heap *heap;
    lua_State *L;
    struct lua_host host;
    struct sandbox_options options;
    uint64_t granted, paid; /* instructions */
    uint64_t deadline_ns;   /* of this run; 0: none */
    uint64_t looked_ns;     /* at the clock, for the last time */
    uint64_t unseen;        /* instructions paid for work since then */
    uint64_t random;
    /* SANDBOX_FINISHED while it may go on. */
    enum sandbox_outcome ended;
    size_t output_left;
    bool is_output_cut;
    char *trace; /* of the run's result */
    size_t trace_bytes;
};

/* The state's allocation function is the sandbox's own, so that any thread of it leads there. */
struct sandbox *sandbox_of(lua_State *L);

/* Pays the first instructions of a thread and sets its hook. L is the thread that runs. */
void sandbox_begin_thread(lua_State *L, lua_State *thread);

/* Pays for work done in C, in instructions. */
void sandbox_charge(lua_State *L, uint64_t instructions);

/* Raises again what nothing may catch; to be called wherever an error was caught. */
void sandbox_pass_end(lua_State *L);

/* Opens all libraries in a new state. */
void safe_libraries_open(lua_State *L);

/* The parts of it: each replaces functions of a library that is open, or in the table on top. */
void safe_calls_open(lua_State *L);
void safe_strings_open(lua_State *L);
void safe_tables_open(lua_State *L);

/* lua_load of text alone; bytecode is an error. */
int safe_load_text(lua_State *L, const char *text, size_t length, const char *name);

int safe_load(lua_State *L);
int safe_load_string(lua_State *L);

#endif
