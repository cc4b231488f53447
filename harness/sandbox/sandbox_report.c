/* What became of scripts in sandboxes: a line each, as text or as CSV. Messages are a script's own
 * and go to a terminal: what is no plain character in them becomes a question mark. */
#include <string.h>

#include "../../allocators/settings.h"
#include "jobs.h"

/* In one line, without characters that a terminal would obey. */
static const char *plain_message(const struct job *job, char *buffer, size_t length)
{
    const char *message = job->result.message;
    bool is_cut = job->result.is_output_cut;
    snprintf(buffer, length, "%s%s%s", message, *message && is_cut ? "; " : "",
             is_cut ? "its output was cut off" : "");
    for (char *at = buffer; *at; at++) {
        unsigned char c = (unsigned char)*at;
        if (c < ' ' || c >= 127) *at = c == '\n' ? ' ' : '?';
    }
    return buffer;
}

static bool is_known(const struct job *job)
{
    return !job->is_killed && !job->is_crashed;
}

static const char *peak_text(const struct job *job, char *buffer, size_t length)
{
    if (!is_known(job)) return "-";
    snprintf(buffer, length, "%.2f MB", (double)job->result.memory.peak / 1e6);
    return buffer;
}

static const char *instructions_text(const struct job *job, char *buffer, size_t length)
{
    if (!is_known(job)) return "-";
    snprintf(buffer, length, "%llu", (unsigned long long)job->result.instructions);
    return buffer;
}

void jobs_print_text(const struct job *jobs, size_t count, FILE *out)
{
    int width = (int)strlen("script");
    for (size_t i = 0; i < count; i++) {
        if ((int)strlen(jobs[i].script) > width) width = (int)strlen(jobs[i].script);
    }
    fprintf(out, "%-*s  %-19s %11s %13s %8s  %s\n", width, "script", "outcome", "peak",
            "instructions", "seconds", "message");
    for (size_t i = 0; i < count; i++) {
        char peak[32], instructions[32], message[640];
        const struct job *job = &jobs[i];
        plain_message(job, message, sizeof message);
        fprintf(out, "%-*s  %-19s %11s %13s %8.3f%s%s\n", width, job->script, job_outcome(job),
                peak_text(job, peak, sizeof peak),
                instructions_text(job, instructions, sizeof instructions), job->seconds,
                *message ? "  " : "", message);
    }
}

static void print_quoted(const char *text, FILE *out)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"') fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void print_row(const struct job *job, FILE *out)
{
    char message[640];
    const struct sandbox_result *result = &job->result;
    print_quoted(job->script, out);
    fprintf(out, ",%s,", job_outcome(job));
    if (is_known(job)) {
        fprintf(out, "%zu,%zu,%llu,%llu,%llu", result->memory.peak, result->memory.limit,
                (unsigned long long)result->memory.refused, (unsigned long long)result->exceeded,
                (unsigned long long)result->instructions);
    } else {
        fputs(",,,,", out);
    }
    fprintf(out, ",%.3f,%s,", job->seconds, result->is_output_cut ? "yes" : "no");
    print_quoted(plain_message(job, message, sizeof message), out);
    fputc('\n', out);
}

void jobs_print_csv(const struct job *jobs, size_t count, FILE *out)
{
    fputs("script,outcome,peak_bytes,limit_bytes,refused,exceeded,instructions,seconds,"
          "is_output_cut,message\n",
          out);
    for (size_t i = 0; i < count; i++) print_row(&jobs[i], out);
}
