/* The kinds of series: what each file of DIR/series is called, which columns it has, and in which
 * parts it is measured. A kind is one row of the table in series_kinds.c; its child's part is a
 * mode of cell (series.h). */
#ifndef SERIES_KINDS_H
#define SERIES_KINDS_H

#include "../plan.h"
#include "../progress.h"
#include "series.h"
#include "series_file.h"

/* The profiles, by what they have time for. */
enum series_extent { EXTENT_SMOKE, EXTENT_QUICK, EXTENT_FULL };

/* Of a series without workloads: its name in the column `part`, and what the child is told. */
struct series_part {
    char name[24];
    uint64_t parameter;
    enum series_extent extent; /* the shortest profile that has time for it */
    size_t turn;               /* which allocator is the first, counted round and round */
};

/* What a child has to know of a workload to spread its samples. */
struct series_task {
    const char *profile; /* of the run: smoke, quick, full */
    const struct task *task;
    const struct call_counts *counts; /* on the baseline */
    unsigned variant;
    size_t order;  /* among the workloads that this series is measured over, from 0 */
    bool is_named; /* by the user */
};

#define SERIES_SKIPPED UINT64_MAX /* a variant for which a short run has no time */

/* Whether it need not be brief: in a full run, and where the user names the workload. */
bool series_has_time(const struct series_task *of);

struct series_kind {
    const char *name;    /* of the file without .csv */
    const char *part;    /* the column that names the part; NULL when there is one alone */
    const char *columns; /* of the values, in the order of struct series_row */
    const char *const *words[SERIES_VALUES]; /* of a column whose values are positions in a list
                                                that ends with NULL; results.py: SERIES_TEXTS */
    enum cell_mode mode;
    /* Without workloads: the parts by number from 0; false past the last. */
    bool (*part_at)(size_t index, struct series_part *out);
    /* Over workloads: those that are measured where the user names none, the parameter of each of
     * `variants` parts (0 counts as 1), which follow each other within a workload so that all
     * allocators are measured in one before the next. */
    bool (*takes)(const struct task *task, bool is_short); /* a profile other than full */
    uint64_t least_live_bytes; /* the baseline's peak; what is named is measured however small */
    unsigned variants;
    uint64_t (*parameter)(const struct series_task *of); /* or SERIES_SKIPPED */
    bool needs_threads;                                  /* what is not thread-safe is left out */
    bool measures_null; /* what is no program also on allocators whose blocks overlap */
};

/* In the order of measuring; ends with a row without a name. */
extern const struct series_kind series_kinds[];

struct series_options {
    struct names specs, workloads, kinds; /* empty: all of the run; workloads: those of `takes` */
    const char *folder;
    unsigned timeout_seconds;
};

/* What a contender that crashed or hung has for all parts that were still to come. */
struct series_fate {
    enum outcome outcome;
    struct error error;
};

/* What the baseline made of a workload. */
struct series_proof {
    bool is_done;
    enum outcome outcome;
    struct error error;
    struct call_counts counts;
};

struct series {
    const struct series_options *options;
    struct folder folder;
    struct plan plan;
    struct series_fate *fates;   /* of each contender */
    struct series_proof *proofs; /* of each task */
    struct progress progress;
    struct series_file failures, rows;
    size_t done, failure_count, workload_count; /* of workloads, those measured in this series */
};

/* Each part in a process of its own; what failed is a row of failures.csv and a line. False when
 * nothing more can be measured or written. */
bool series_measure(struct series *series, struct error *error);

/* Whether a list from the command line names it, or names nothing. */
bool series_is_named(const struct names *names, const char *name);

#endif
