/* The plan of a run: which cells, in which order. The same seed, allocators, workloads and rounds
 * always give the same plan, on every machine. */
#ifndef PLAN_H
#define PLAN_H

#include "identify.h"
#include "names.h"

struct contender {
    char *spec;
    bool is_replay_only;
    bool is_for_one_thread; /* as its description says; of wrappers only the open heap knows */
    struct provenance provenance;
};

struct task {
    struct workload workload;
    struct provenance provenance;
};

struct cell {
    unsigned contender, task; /* positions in the plan's lists */
    unsigned round, copy;
    unsigned padding_bytes;
};

struct plan {
    struct contender *contenders; /* the baseline libc is always the first */
    size_t contender_count;
    struct task *tasks; /* the contract is always the first: in round 0 alone */
    size_t task_count;
    char profile[16];
    unsigned rounds, timeout_seconds;
    uint64_t seed;
    struct cell *cells;
    size_t cell_count;
};

/* What stands in runs.csv, or in a line of a report, must come out of it as it went in. False says
 * what such a name may be. */
bool plan_name_is_plain(const char *name, struct error *error);

/* Adds by spec, or by name or path; a second time of the same is ignored. */
bool plan_add_contender(struct plan *plan, const char *spec, struct error *error);
bool plan_add_task(struct plan *plan, const char *name, struct error *error);

/* The same of several. `all` stands for all that `list` shows, wrappers left out; no name means
 * all, but in a short run only those without TRAIT_BY_NAME. No name of a workload means all, in a
 * short run those that are not rare. */
bool plan_add_contenders(struct plan *plan, const struct names *specs, bool is_short,
                         struct error *error);
bool plan_add_tasks(struct plan *plan, const struct names *names, bool is_short,
                    struct error *error);

/* An empty plan with the contract, the baseline and the null allocator, which every run has. */
bool plan_open(struct plan *plan, struct error *error);

/* Finds out, in child processes, what is there: fills in every provenance. */
bool plan_identify(struct plan *plan, struct error *error);

/* Draws the cells. */
void plan_draw(struct plan *plan);

/* Whether both draw the same cells and give each the same time. */
bool plan_is_same(const struct plan *plan, const struct plan *other);

void plan_close(struct plan *plan);

#endif
