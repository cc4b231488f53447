/* Scripts in sandboxes, each in a process of its own, several side by side. */
#ifndef JOBS_H
#define JOBS_H

#include <stdio.h>
#include <sys/types.h>

#include "../../lalloc/sandbox/sandbox.h"

enum { JOB_OUTPUT_STANDARD = 1 << 20, JOB_SECONDS_STANDARD = 10 };

struct job_settings {
    struct sandbox_options options;
    unsigned seconds; /* of wall-clock time, for each */
    size_t side_by_side;
};

/* Written by the script's process, where both can see it. */
struct job_report {
    bool is_complete; /* set last: a process that dies leaves it false */
    struct sandbox_result result;
};

struct job {
    const char *script;
    bool is_killed;  /* for its time */
    bool is_crashed; /* what of: result.message */
    double seconds;
    struct sandbox_result result;
    /* While it runs */
    pid_t process;
    int process_file; /* pidfd */
    int output_file;  /* what it prints, in a file without a name; until it is shown */
    int64_t start_ms;
    struct job_report *report;
};

/* What became of it, in words. */
const char *job_outcome(const struct job *job);

/* Runs all, and prints what each printed to standard output, in their order. False, with the
 * reason, when the system refuses a process or a file; jobs not done are left as they were. */
bool jobs_run(const struct job_settings *settings, struct job *jobs, size_t count,
              struct error *error);

/* In a process that does nothing else: runs the text and never returns. */
void job_become(const struct job_settings *settings, const struct job *job, const char *text,
                size_t length) __attribute__((noreturn));

void jobs_print_text(const struct job *jobs, size_t count, FILE *out);
void jobs_print_csv(const struct job *jobs, size_t count, FILE *out);

#endif
