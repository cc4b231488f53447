/* All workloads: the synthetic traces of list.h, the recorded traces and the scripts that come with
 * the checkout, families and programs of several threads with whatever options, and files of the
 * user's by their paths. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../allocators/nearest.h"
#include "family.h"
#include "replay/describe.h"
#include "script.h"
#include "shipped.h"
#include "threads/threads.h"
#include "workload.h"

const char *outcome_name(enum outcome outcome)
{
    static const char *const names[] = {
        "ok", "unavailable", "wrong answer", "out of memory", "crashed", "timed out",
    };
    return names[outcome];
}

static const struct shipped_folder recordings = {
    .path = "workloads/recorded",
    .ending = ".hbt",
    .is_optional = true,
    .describe = trace_describe,
    .kind = &workload_kind_replay,
};
static const struct shipped_folder scripts = {
    .path = "workloads/lua",
    .ending = ".lua",
    .describe = script_describe,
    .kind = &workload_kind_lua,
};

/* What no file describes. */
static bool is_made(const char *name, size_t length, struct workload *out)
{
    return synthetic_describe(name, length, out) || thread_program_describe(name, length, out);
}

static bool are_names_free(const struct workload *list, size_t first_shipped, struct error *error)
{
    struct workload other;
    for (const struct workload *at = list + first_shipped; *at->name; at++) {
        bool is_taken = !strcmp(at->name, workload_contract.name) ||
                        is_made(at->name, strlen(at->name), &other);
        for (const struct workload *before = list; before < at; before++) {
            is_taken = is_taken || !strcmp(before->name, at->name);
        }
        if (!is_taken) continue;
        return error_set(error, "%s: another workload is called %s: rename the file", at->path,
                         at->name);
    }
    return true;
}

static bool add_synthetic(struct workload **list, size_t *count)
{
    struct workload each;
    while (synthetic_at(*count, &each)) ++*count;
    *list = calloc(*count + 1, sizeof **list);
    for (size_t i = 0; *list && i < *count; i++) synthetic_at(i, &(*list)[i]);
    return *list != NULL;
}

/* Recorded traces of each kind but not all: a compiler, a tool that keeps all it reads, and a
 * database, which returns it. Of our own Lua programs the programs themselves are measured. */
static void mark_rare(struct workload *list)
{
    static const char *const frequent[] = {"recorded-gcc", "recorded-git-log", "recorded-sqlite3"};
    for (; *list->name; list++) {
        list->is_rare = list->kind == &workload_kind_replay && *list->path;
        for (size_t i = 0; i < sizeof frequent / sizeof *frequent; i++) {
            list->is_rare = list->is_rare && strcmp(list->name, frequent[i]) != 0;
        }
    }
}

const struct workload *workload_list(struct error *error)
{
    struct workload *list = NULL;
    size_t count = 0;
    if (!add_synthetic(&list, &count)) {
        error_set(error, "no memory for a list of workloads");
        return NULL;
    }
    size_t first_shipped = count;
    if (shipped_add(&scripts, &list, &count, error) &&
        shipped_add(&recordings, &list, &count, error) &&
        are_names_free(list, first_shipped, error)) {
        mark_rare(list);
        return list;
    }
    free(list);
    return NULL;
}

static bool is_script_path(const char *name)
{
    size_t length = strlen(name);
    return strchr(name, '/') || (length > 4 && !strcmp(name + length - 4, ".lua"));
}

/* Of name[:options]: what stands behind the colon, or "". */
static const char *options_of(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon ? colon + 1 : "";
}

/* `name` is what the user wrote, options and all. */
static bool take_options(struct workload *workload, const char *name, const char *options,
                         struct error *error)
{
    if (*options && workload->kind == &workload_kind_lua) {
        return error_set(error, "%s: a Lua script takes no options, so `%.60s` means nothing to it",
                         workload->name, options);
    }
    if (workload->kind == &workload_kind_replay && !*workload->fault &&
        !trace_take_options(workload, options, error)) {
        return false;
    }
    if (workload->program && !thread_program_take_options(workload, options, error)) return false;
    snprintf(workload->name, sizeof workload->name, "%s", name);
    return true;
}

static bool refuse_name(const struct workload *list, const char *name, size_t length,
                        struct error *error)
{
    char wanted[512], advice[128];
    struct nearest nearest = {.wanted = wanted};
    const struct trace_family *family;
    const struct thread_program *program;
    snprintf(wanted, sizeof wanted, "%.*s", (int)length, name);
    for (; *list->name; list++) nearest_offer(&nearest, list->name);
    for (size_t i = 0; (family = family_at(i)); i++) nearest_offer(&nearest, family->name);
    for (size_t i = 0; (program = thread_program_at(i)); i++) {
        nearest_offer(&nearest, program->name);
    }
    return error_set(error,
                     "no workload is called `%s`%s (heapbench list workloads shows all; a script "
                     "or a trace is given by its path: ./my.lua, ./my.hbt:touch=all)",
                     wanted, nearest_advice(&nearest, advice, sizeof advice));
}

static bool find_shipped(const char *name, size_t length, struct workload *out, struct error *error)
{
    const struct workload *list = workload_list(error), *at = list;
    if (!list) return false;
    while (*at->name && (strlen(at->name) != length || strncmp(at->name, name, length))) at++;
    bool is_found = *at->name || refuse_name(list, name, length, error);
    *out = *at;
    free((void *)list);
    return is_found;
}

static bool find_trace(const char *name, const char *path_end, struct workload *out,
                       struct error *error)
{
    char path[sizeof out->path];
    snprintf(path, sizeof path, "%.*s", (int)(path_end - name), name);
    return trace_describe(path, out, error) &&
           take_options(out, name, *path_end ? path_end + 1 : "", error);
}

bool workload_find(const char *name, struct workload *out, struct error *error)
{
    const char *path_end = trace_path_end(name);
    if (path_end) return find_trace(name, path_end, out, error);
    if (is_script_path(name)) return script_describe(name, out, error);
    size_t length = strcspn(name, ":");
    bool is_found = is_made(name, length, out) || find_shipped(name, length, out, error);
    return is_found && take_options(out, name, options_of(name), error);
}

/* A file that cannot be read any more is found out when it is prepared. */
static bool reopen_trace(const char *name, const char *path, struct workload *out)
{
    struct error ignored;
    const char *path_end = trace_path_end(name);
    const char *options = path_end ? path_end + (*path_end == ':') : options_of(name);
    if (*path) trace_describe(path, out, &ignored);
    snprintf(out->path, sizeof out->path, "%s", path);
    return trace_take_options(out, options, &ignored);
}

bool workload_reopen(const char *name, const char *path, struct workload *out)
{
    size_t path_length = strlen(path);
    struct error ignored;
    bool is_trace = path_length > 4 && !strcmp(path + path_length - 4, recordings.ending);
    *out = (struct workload){.kind = &workload_kind_lua, .threads = 1};
    if (!strcmp(name, workload_contract.name)) *out = workload_contract;
    else if (thread_program_describe(name, strcspn(name, ":"), out)) {
        if (!thread_program_take_options(out, options_of(name), &ignored)) return false;
    } else if (is_trace || synthetic_describe(name, strcspn(name, ":"), out)) {
        if (!reopen_trace(name, path, out)) return false;
    } else if (!*path) return false;
    snprintf(out->name, sizeof out->name, "%s", name);
    snprintf(out->path, sizeof out->path, "%s", path);
    return true;
}

const struct workload workload_contract = {
    .kind = &workload_kind_contract,
    .name = "contract",
    .summary = "what every allocator promises, held against a shadow model",
    .threads = 1,
};

bool workload_available(const struct workload *workload, struct error *reason)
{
    if (*workload->fault) return error_set(reason, "%s", workload->fault);
    return script_modules_found(workload, reason);
}
