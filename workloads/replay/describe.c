/* Names of traces: lines of list.h, families, files; each with options behind a colon. */
#include "describe.h"

#include <stdio.h>
#include <string.h>

#include "../family.h"
#include "../synthetic/generators.h"
#include "../traces/about.h"
#include "source.h"

static const struct {
    const char *name, *summary;
    unsigned passes;
    bool (*generate)(struct trace *trace, struct random *random);
} synthetic[] = {
#define SYNTHETIC(name, passes, summary) {#name, summary, passes, generate_##name},
#include "../list.h"
#undef SYNTHETIC
};

bool synthetic_at(size_t index, struct workload *out)
{
    if (index >= sizeof synthetic / sizeof *synthetic) return false;
    *out = (struct workload){
        .kind = &workload_kind_replay,
        .generate = synthetic[index].generate,
        .passes = synthetic[index].passes,
        .threads = 1,
    };
    snprintf(out->name, sizeof out->name, "%s", synthetic[index].name);
    snprintf(out->summary, sizeof out->summary, "%s", synthetic[index].summary);
    for (char *at = out->name; *at; at++) *at = *at == '_' ? '-' : *at;
    return true;
}

static bool family_describe(const char *name, size_t length, struct workload *out)
{
    const struct trace_family *family;
    for (size_t i = 0; (family = family_at(i)); i++) {
        if (strlen(family->name) != length || strncmp(family->name, name, length)) continue;
        *out = (struct workload){.kind = &workload_kind_replay, .family = family};
        out->threads = family->threads ? family->threads : 1;
        snprintf(out->name, sizeof out->name, "%s", family->name);
        snprintf(out->summary, sizeof out->summary, "%s", family->summary);
        return true;
    }
    return false;
}

bool synthetic_describe(const char *name, size_t length, struct workload *out)
{
    struct workload each;
    for (size_t i = 0; synthetic_at(i, &each); i++) {
        if (strlen(each.name) != length || strncmp(each.name, name, length)) continue;
        *out = each;
        return true;
    }
    return family_describe(name, length, out);
}

const char *trace_path_end(const char *name)
{
    static const char ending[] = ".hbt";
    size_t length = strlen(ending);
    for (const char *at = name; (at = strstr(at, ending)); at += length) {
        if (at != name && (at[length] == '\0' || at[length] == ':')) return at + length;
    }
    return NULL;
}

/* What was recorded or generated; of other traces the first line of their text. */
static void summarise(const char *about, struct workload *out)
{
    size_t length, program_length;
    const char *command = about_value(about, "command", &length);
    const char *program = about_value(about, "program", &program_length);
    if (length == 0) {
        snprintf(out->summary, sizeof out->summary, "%.*s", (int)strcspn(about, "\n"), about);
        return;
    }
    snprintf(out->summary, sizeof out->summary, "%.*s, recorded in: %.*s", (int)program_length,
             program, (int)length, command);
}

bool trace_describe(const char *path, struct workload *out, struct error *error)
{
    *out = (struct workload){.kind = &workload_kind_replay};
    if (strlen(path) >= sizeof out->name) {
        return error_set(error, "a trace's path has at most %zu characters: %.60s...",
                         sizeof out->name - 1, path);
    }
    struct trace_reader *reader = trace_reader_open(path, error);
    if (reader == NULL) return false;
    const char *about = trace_reader_about(reader);
    unsigned threads = trace_reader_totals(reader)->thread_count;
    out->threads = threads ? threads : 1;
    snprintf(out->name, sizeof out->name, "%s", path);
    snprintf(out->path, sizeof out->path, "%s", path);
    summarise(about, out);
    trace_reader_close(reader);
    return true;
}

bool trace_take_options(struct workload *workload, const char *options, struct error *error)
{
    struct replay_options read;
    if (strlen(options) >= sizeof workload->options) {
        return error_set(error, "%s: its options have at most %zu characters", workload->name,
                         sizeof workload->options - 1);
    }
    snprintf(workload->options, sizeof workload->options, "%s", options);
    if (!replay_options_read(workload, &read, error)) return false;
    if (read.order == ORDER_ONE) workload->threads = 1;
    return true;
}
