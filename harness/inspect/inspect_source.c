/* A file is walked a part at a time, so that it may be longer than memory; a workload's trace is
 * generated whole, as for a run.
 */
#include "inspect_source.h"

#include <stdio.h>

#include "../../workloads/replay/source.h"

static bool find_workload(const char *name, struct workload *workload, struct error *error)
{
    if (!workload_find(name, workload, error)) return false;
    if (workload->program) {
        return error_set(error, "%s is a program of several threads: it has no trace", name);
    }
    if (workload->kind != &workload_kind_replay) {
        return error_set(error,
                         "%s is a script: heapbench record -o FILE.hbt %s makes a trace of it",
                         name, workload->path);
    }
    return true;
}

static bool walk_file(const char *path, struct inspected *out, struct error *error)
{
    const struct trace_event *events;
    size_t count;
    struct trace_reader *reader = trace_reader_open(path, error);
    if (!reader) return false;
    snprintf(out->about, sizeof out->about, "%s", trace_reader_about(reader));
    error->text[0] = '\0';
    while ((count = trace_reader_next(reader, &events, error))) {
        survey_take(out->survey, events, count);
    }
    trace_reader_close(reader);
    return *error->text == '\0';
}

static bool walk_workload(const struct workload *workload, const struct replay_options *options,
                          uint64_t seed, struct inspected *out, struct error *error)
{
    struct trace_source source;
    const struct trace_event *events;
    size_t count;
    if (!trace_source_open(&source, workload, options, seed, error)) return false;
    snprintf(out->about, sizeof out->about, "summary: %s\nseed: %llu\n", workload->summary,
             (unsigned long long)(options->seed ? options->seed : seed));
    while ((count = trace_source_next(&source, &events, error))) {
        survey_take(out->survey, events, count);
    }
    trace_source_close(&source);
    return *error->text == '\0';
}

bool inspect_read(const char *name, uint64_t seed, struct inspected *out, bool *is_mistake,
                  struct error *error)
{
    struct workload workload;
    struct replay_options options;
    out->survey = NULL;
    *is_mistake = true;
    if (!find_workload(name, &workload, error)) return false;
    if (!replay_options_read(&workload, &options, error)) return false;
    *is_mistake = false;
    out->survey = survey_open();
    if (!out->survey) return error_set(error, "%s: not enough memory", name);
    bool is_read = *workload.path ? walk_file(workload.path, out, error)
                                  : walk_workload(&workload, &options, seed, out, error);
    if (!is_read) return false;
    return survey_finish(out->survey) || error_set(error, "%s: not enough memory", name);
}

void inspect_free(struct inspected *inspected)
{
    if (inspected->survey) survey_close(inspected->survey);
    inspected->survey = NULL;
}
