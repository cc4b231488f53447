/* A workload is what is done to a heap. Each belongs to a kind, which is four functions:
 *
 *     prepare   before the clock: read the script, generate the trace; never from the heap
 *     run       the timed part: from the first call on the heap to the last
 *     verify    after the clock: what came out, as text that must be equal under every allocator
 *     finish    gives back what prepare took
 *
 * A Lua script is a workload by its path alone, and so is the file of a trace. Synthetic traces are
 * lines of list.h, or a family of families.h; programs of several threads are those of
 * threads/programs.h. Traces and these take options: NAME:option=value,option=value.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <stdint.h>

#include "../allocators/spec.h"

enum outcome {
    OUTCOME_OK,
    OUTCOME_UNAVAILABLE,   /* a library or package is not there */
    OUTCOME_WRONG_ANSWER,  /* ended with another result than it should, or with an error */
    OUTCOME_OUT_OF_MEMORY, /* the allocator said no */
    OUTCOME_CRASHED,       /* died by a signal */
    OUTCOME_TIMED_OUT,
};

/* "ok", "unavailable", "wrong answer", "out of memory", "crashed", "timed out". */
const char *outcome_name(enum outcome outcome);

struct workload;

enum { ANSWER_LENGTH = 80 };

/* What a run did beside the program's own calls, and is not charged with: reading a trace's file,
 * freeing what the trace has left alive. */
struct outside {
    uint64_t cpu_ns, wall_ns;
    uint64_t calls;
};

struct workload_kind {
    const char *name;
    bool is_program; /* reads back what it stores, so blocks that overlap cannot host it */
    /* seed draws what the workload draws. Returns NULL and says why. */
    void *(*prepare)(const struct workload *workload, uint64_t seed, struct error *error);
    enum outcome (*run)(void *job, const struct heap *heap, struct error *error);
    /* The answer as text, at most ANSWER_LENGTH with its end. */
    void (*verify)(void *job, char answer[ANSWER_LENGTH]);
    void (*finish)(void *job);
    void (*outside)(const void *job, struct outside *out); /* of the last run; NULL: nothing */
};

extern const struct workload_kind workload_kind_lua, workload_kind_replay, workload_kind_threads,
    workload_kind_contract;

/* A trace that is not timed: each of its calls is held against the contract of allocator.h. Takes
 * the place of workload_kind_replay. */
extern const struct workload_kind workload_kind_examination;

struct trace;
struct random;

struct workload {
    const struct workload_kind *kind;
    char name[512]; /* as in tables and runs.csv; of a script by path, the path */
    char summary[128];
    char path[4096]; /* of a script or of a trace's file, else empty */
    char fault[256]; /* of a shipped script that is broken: what is wrong with it */
    char needs[256]; /* Lua modules that must be installed, separated by spaces */
    bool (*generate)(struct trace *trace, struct random *random); /* of a line of list.h */
    const struct trace_family *family;                            /* else NULL */
    const struct thread_program *program; /* of threads/threads.h, else NULL */
    char options[512];                    /* as written: "touch=all,passes=3" */
    unsigned passes;                      /* how often a run replays the trace; 0: by its length */
    bool is_rare;                /* kept out of short runs, for their time, unless it is named */
    unsigned threads;            /* that call the heap, at most; 1 unless the options say more */
    bool is_alone;               /* one thread makes all calls of all threads: who watches them
                                  * need not be thread-safe */
    uint64_t operations;         /* of the contract's random sequence; 0: the standard */
    volatile uint64_t *progress; /* where the contract writes how many are done, or NULL */
};

/* Reads the registry and the folders of shipped scripts and traces; families are not in it. The
 * list ends with an empty name; to be freed. Returns NULL and says why. */
const struct workload *workload_list(struct error *error);

/* By name or path, with options. The syntax of a script is checked, and the head of a trace's file.
 * False, with the nearest name offered. */
bool workload_find(const char *name_or_path, struct workload *out, struct error *error);

/* Describes again, in a fresh process and without taking memory, what workload_find described. */
bool workload_reopen(const char *name, const char *path, struct workload *out);

/* Not in the list: every run does it first, and `heapbench check` alone. */
extern const struct workload workload_contract;

/* False with the reason when what it needs is not installed. */
bool workload_available(const struct workload *workload, struct error *reason);

#endif
