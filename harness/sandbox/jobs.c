/* The parent's side of sandboxes. It has one thread, so that a fork is a whole process, and looks
 * at nothing that a script writes before the script's process is gone: the report is checked then,
 * the output copied as bytes. What outlives its time is killed, whatever it does. */
#include "jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../measure.h"

/* A sandbox ends itself when its time is over; one that lives GRACE_MS longer is stuck. */
enum { GRACE_MS = 200, SIDE_BY_SIDE_MAXIMUM = 256 };

/* Outputs that wait for one before them, a file each: 256 and twice as many files for what runs
 * are within the 1,024 that systems grant by themselves. */
enum { WAITING_MAXIMUM = 256 };

const char *job_outcome(const struct job *job)
{
    if (job->is_killed) return sandbox_outcome_names[SANDBOX_OUT_OF_TIME];
    return job->is_crashed ? "crashed" : sandbox_outcome_names[job->result.outcome];
}

/* ---- starting */

/* The whole file in memory of malloc's, or NULL. */
static char *read_script(const char *path, size_t *length)
{
    struct stat status;
    char *text = NULL;
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    if (fstat(fileno(file), &status) == 0) text = malloc((size_t)status.st_size + 1);
    if (text) *length = fread(text, 1, (size_t)status.st_size, file);
    fclose(file);
    return text;
}

/* Past a first line that begins with #, as of a script that can be executed; its end stays. */
static const char *skip_comment(const char *text, size_t *length)
{
    const char *end = *length && *text == '#' ? memchr(text, '\n', *length) : text;
    if (!end) end = text + *length;
    *length -= (size_t)(end - text);
    return end;
}

static bool open_job(struct job *job, struct error *error)
{
    job->report =
        mmap(NULL, sizeof *job->report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    job->output_file = memfd_create("output", MFD_CLOEXEC);
    if (job->report != MAP_FAILED && job->output_file >= 0) return true;
    return error_set(error, "%s: no memory for its output: %s", job->script, strerror(errno));
}

static bool start(const struct job_settings *settings, struct job *job, struct error *error)
{
    size_t length = 0;
    char *text = read_script(job->script, &length);
    if (!text) return error_set(error, "%s: cannot be read: %s", job->script, strerror(errno));
    const char *code = skip_comment(text, &length);
    bool is_open = open_job(job, error);
    job->start_ms = measure_now_ms();
    job->process = is_open ? fork() : -1;
    if (job->process == 0) job_become(settings, job, code, length);
    free(text);
    if (job->process > 0) job->process_file = (int)syscall(SYS_pidfd_open, job->process, 0);
    if (!is_open || (job->process > 0 && job->process_file >= 0)) return is_open;
    if (job->process > 0) kill(job->process, SIGKILL);
    return error_set(error, "%s: no process for it: %s", job->script, strerror(errno));
}

/* ---- ending */

static void take_result(struct job *job, int status)
{
    const struct job_report *report = job->report;
    struct sandbox_result *result = &job->result;
    *result = report->result;
    result->message[sizeof result->message - 1] = '\0';
    result->traceback[sizeof result->traceback - 1] = '\0';
    job->is_killed = job->is_killed && !report->is_complete;
    if (report->is_complete && result->outcome < SANDBOX_OUTCOMES) return;
    memset(result, 0, sizeof *result);
    result->outcome = SANDBOX_ERROR;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU) job->is_killed = true;
    job->is_crashed = !job->is_killed;
    if (job->is_killed) {
        snprintf(result->message, sizeof result->message, "stuck in C: its process was killed");
    } else if (WIFSIGNALED(status)) {
        snprintf(result->message, sizeof result->message, "killed by signal %d (%s)",
                 WTERMSIG(status), strsignal(WTERMSIG(status)));
    } else {
        snprintf(result->message, sizeof result->message, "ended with exit status %d",
                 WEXITSTATUS(status));
    }
}

static void finish(struct job *job)
{
    int status = 0;
    kill(job->process, SIGKILL);
    while (waitpid(job->process, &status, 0) < 0 && errno == EINTR) continue;
    job->seconds = (double)(measure_now_ms() - job->start_ms) / 1000;
    take_result(job, status);
    close(job->process_file);
    munmap(job->report, sizeof *job->report);
    job->process = 0;
}

static void show_output(struct job *job, size_t maximum)
{
    char piece[BUFSIZ];
    ssize_t got;
    lseek(job->output_file, 0, SEEK_SET);
    for (size_t left = maximum; left > 0; left -= (size_t)got) {
        got = read(job->output_file, piece, left < sizeof piece ? left : sizeof piece);
        if (got <= 0) break;
        fwrite(piece, 1, (size_t)got, stdout); /* that it failed is seen at the end */
    }
    close(job->output_file);
    fflush(stdout); /* nothing of it may be left in a buffer that is copied by fork */
}

/* ---- all of them: jobs before `ended` are over, those from `started` on have not begun */

struct crowd {
    const struct job_settings *settings;
    struct job *jobs;
    size_t count, started, shown, running;
};

/* Milliseconds until this one is to be killed. */
static int64_t time_left(const struct crowd *crowd, const struct job *job)
{
    return job->start_ms + (int64_t)crowd->settings->seconds * 1000 + GRACE_MS - measure_now_ms();
}

/* Waits until one has ended or is to be ended. */
static void wait_for_any(const struct crowd *crowd)
{
    struct pollfd watched[SIDE_BY_SIDE_MAXIMUM];
    nfds_t count = 0;
    int64_t soonest = INT32_MAX;
    for (size_t i = crowd->shown; i < crowd->started; i++) {
        const struct job *job = &crowd->jobs[i];
        if (!job->process) continue;
        int64_t left = time_left(crowd, job);
        if (left < soonest) soonest = left;
        watched[count++] = (struct pollfd){.fd = job->process_file, .events = POLLIN};
    }
    poll(watched, count, soonest > 0 ? (int)soonest : 0);
}

static bool has_ended(const struct job *job)
{
    struct pollfd watched = {.fd = job->process_file, .events = POLLIN};
    return poll(&watched, 1, 0) > 0;
}

static void finish_ended(struct crowd *crowd)
{
    for (size_t i = crowd->shown; i < crowd->started; i++) {
        struct job *job = &crowd->jobs[i];
        if (!job->process) continue;
        bool is_over = has_ended(job);
        job->is_killed = !is_over && time_left(crowd, job) <= 0;
        if (!is_over && !job->is_killed) continue;
        finish(job);
        crowd->running--;
    }
    for (; crowd->shown < crowd->started && !crowd->jobs[crowd->shown].process; crowd->shown++) {
        show_output(&crowd->jobs[crowd->shown], crowd->settings->options.output_bytes);
    }
}

static bool start_more(struct crowd *crowd, struct error *error)
{
    size_t most = crowd->settings->side_by_side;
    if (most > SIDE_BY_SIDE_MAXIMUM) most = SIDE_BY_SIDE_MAXIMUM;
    while (crowd->started < crowd->count && crowd->running < most &&
           crowd->started - crowd->shown < WAITING_MAXIMUM + crowd->running) {
        if (!start(crowd->settings, &crowd->jobs[crowd->started], error)) return false;
        crowd->started++;
        crowd->running++;
    }
    return true;
}

bool jobs_run(const struct job_settings *settings, struct job *jobs, size_t count,
              struct error *error)
{
    struct crowd crowd = {.settings = settings, .jobs = jobs, .count = count};
    bool is_well = true;
    fflush(stdout);
    while (is_well && crowd.shown < count) {
        is_well = start_more(&crowd, error);
        if (crowd.running == 0) break;
        wait_for_any(&crowd);
        finish_ended(&crowd);
    }
    for (size_t i = crowd.shown; i < crowd.started; i++) {
        if (jobs[i].process) finish(&jobs[i]);
    }
    return is_well;
}
