/* What surrounds a heap: the program that runs on it, and the ways out of it.
 *
 * A wrapper must not know Lua, open windows or choose a clock; what it needs of the world it asks
 * its host for. Every function may be NULL, which means that there is no such thing here. All are
 * called from within `resize`, so none may call into the same heap, and none may run Lua.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a program is. The text lives until the heap's next call. */
struct place {
    const char *source; /* "script.lua" */
    int line;           /* from 1 */
};

/* What a block is to Lua. KIND_OTHER: of no object, or of none that could be told. */
enum block_kind {
    KIND_STRING,
    KIND_TABLE, /* with its array and hash parts */
    KIND_FUNCTION,
    KIND_USERDATA,
    KIND_THREAD, /* with its stack */
    KIND_PROTO,  /* with its code and constants */
    KIND_OTHER,
    KIND_COUNT
};

extern const char *const block_kind_names[KIND_COUNT];

/* What a collector is at, in the order of a cycle. */
enum collector_phase {
    COLLECTOR_RESTS,
    COLLECTOR_MARKS,
    COLLECTOR_SWEEPS_STRINGS,
    COLLECTOR_SWEEPS,
    COLLECTOR_FINALIZES,
};

struct host {
    void *program; /* handed to these four */

    /* Wanted: a full collection runs at the program's next safe point. Not wanted: as before. */
    void (*collect)(void *program, bool is_wanted);

    /* The line that runs now. Only to be asked before the call is passed on: what is being resized
     * may be what the answer is read from. False when none runs. */
    bool (*locate)(void *program, struct place *out);

    /* Bytes alive by kind, by walking all that the program holds; not from within resize. False
     * when it cannot. */
    bool (*walk)(void *program, size_t bytes_of_kind[KIND_COUNT]);

    /* What the collector is at now; may be asked at every call. */
    enum collector_phase (*collector)(void *program);

    void *outlet; /* handed to these three */

    /* One message of one or more lines, without the last line's end. */
    void (*say)(void *outlet, const char *message);

    /* Name of the code at an address, "function+0x12 (file.c:34)", cut off at length. */
    void (*name_code)(void *outlet, const void *address, char *text, size_t length);

    uint64_t (*now_ns)(void *outlet); /* monotonic */

    bool aborts;        /* at the first fault of the program */
    size_t fault_count; /* kept by complain (debugging/complaint.h) */
    size_t most_told;   /* faults beyond so many are counted alone; 0: all are told */
};

/* Says it on standard error, names code as the dynamic linker does, asks CLOCK_MONOTONIC. */
extern const struct host host_standard;

/* As host->now_ns and host->say, where they may be NULL. */
uint64_t host_now_ns(const struct host *host);
void host_say(const struct host *host, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
