/* A cell is one allocator on one workload, once, in a process of its own. The parent describes it
 * in the child's arguments; the child writes its result into memory that both have mapped. */
#ifndef CELL_H
#define CELL_H

#include <stdint.h>

#include "../allocators/wrappers/count.h"
#include "../workloads/workload.h"

enum cell_mode {
    CELL_IDENTIFY, /* open the heap and say which file its code comes from; no workload */
    CELL_REQUIRE,  /* say whether the Lua modules that a script needs are there; no heap */
    CELL_PROVE,    /* untimed, through the `count` wrapper: answer, calls, live bytes */
    CELL_EXAMINE,  /* the same, each call of a trace held against the contract */
    CELL_TIME,
    CELL_WASTE, /* this and all below: series.h */
    CELL_METADATA,
    CELL_GROWTH,
    CELL_FRAGMENTATION,
    CELL_LATENCY, /* and the next: series_latency.h */
    CELL_LOCALITY,
    CELL_SCALING, /* and the next: series_threads.h */
    CELL_AFTER_EXIT,
};

/* Of a series, as measured: what the values are, its columns in series_kinds.c say. */
enum { SERIES_ROWS = 4096, SERIES_VALUES = 12 };

struct series_row {
    uint64_t values[SERIES_VALUES];
};

struct cell_result;

struct cell_request {
    enum cell_mode mode;
    const char *spec;
    const char *workload, *path; /* name, and the script's path or "" */
    uint64_t seed;
    int cpu;                /* to run on, or -1 for any */
    unsigned padding_bytes; /* of the environment */
    unsigned timeout_seconds;
    uint64_t operations;      /* of the contract; 0: the standard */
    uint64_t parameter;       /* of a series */
    uint64_t peak_live_bytes; /* on the baseline, of a series over a workload */
    /* In the parent, about twice a second while the child runs; NULL for nobody. */
    void (*watch)(void *watcher, const struct cell_result *result);
    void *watcher;
};

struct cell_result {
    bool is_complete; /* set last: a child that dies leaves it false */
    enum outcome outcome;
    struct error error;
    char answer[ANSWER_LENGTH];
    uint64_t operations_done;          /* of the contract, while it runs and after a crash */
    struct identity identity;          /* CELL_IDENTIFY */
    struct identity backing;           /* of the innermost heap, where that is a library too */
    struct call_counts counts;         /* CELL_PROVE */
    struct outside outside;            /* CELL_PROVE and CELL_TIME; times leave it out */
    uint64_t cpu_ns, wall_ns, drop_ns; /* CELL_TIME, and all below */
    uint64_t peak_resident_bytes, resident_before_bytes;
    uint64_t minor_faults, major_faults, preemptions;
    size_t row_count;                    /* of a series */
    struct series_row rows[SERIES_ROWS]; /* shared between both in modes of series alone */
};

/* How much of a result parent and child share. */
size_t cell_result_bytes(enum cell_mode mode);

/* The child's part: `heapbench cell …`, never called by hand. */
int cell_main(int argc, char **argv);

/* The parent's part: runs the child, and makes a result of whatever becomes of it. False only when
 * no child could be started, or when a signal asked this process to stop. */
bool cell_spawn(const struct cell_request *request, struct cell_result *result,
                struct error *error);

/* Set by the first SIGINT or SIGTERM after catch_interrupts. */
bool cell_was_interrupted(void);
void cell_catch_interrupts(void);

#endif
