/* The script's side: a process that holds nothing but the text, its output file and the page that
 * its report goes to. The sandbox is the fence; behind it the system's limits are another, should
 * Lua itself have a hole: no file can be opened, no process started, no more memory had than twice
 * the limit and what the process began with. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "jobs.h"

enum { OWN_BYTES = 64 << 20 }; /* data of the process itself, and reserves of its heap */

static void limit_to(int resource, rlim_t value)
{
    setrlimit(resource, &(struct rlimit){value, value});
}

static void leave_files(int output_file)
{
    int nothing = open("/dev/null", O_RDWR);
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDERR_FILENO);
    dup2(output_file, STDOUT_FILENO);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    /* A script that is killed leaves whole lines. */
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
}

static void raise_fence(const struct job_settings *settings, struct sandbox *sandbox)
{
    struct limit_state limit;
    limit_read(sandbox_heap(sandbox), &limit);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    limit_to(RLIMIT_CORE, 0);
    limit_to(RLIMIT_NOFILE, 0);
    limit_to(RLIMIT_NPROC, 0);
    limit_to(RLIMIT_CPU, settings->seconds + 1);
    limit_to(RLIMIT_FSIZE, settings->options.output_bytes);
    signal(SIGXFSZ, SIG_IGN); /* a wrapper's log that reaches it ends there */
#ifndef __SANITIZE_ADDRESS__
    if (limit.limit < SIZE_MAX / 4) limit_to(RLIMIT_DATA, 2 * limit.limit + OWN_BYTES);
#endif
}

static void run(const struct job_settings *settings, const struct job *job, const char *text,
                size_t length)
{
    struct error error;
    struct sandbox_result *result = &job->report->result;
    struct sandbox *sandbox = sandbox_open(&settings->options, &error);
    if (sandbox) {
        raise_fence(settings, sandbox);
        sandbox_run(sandbox, job->script, text, length, result);
    } else {
        result->outcome = SANDBOX_ERROR;
        snprintf(result->message, sizeof result->message, "%s", error.text);
    }
}

/* The heap goes with the process. */
void job_become(const struct job_settings *settings, const struct job *job, const char *text,
                size_t length)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    leave_files(job->output_file);
    run(settings, job, text, length);
    fflush(stdout);
    job->report->is_complete = true;
    _exit(0);
}
