/* All workloads: the synthetic traces of list.h, then the scripts of workloads/lua in the order of
 * their names. The folder is looked for from the executable upwards, so a checkout works wherever
 * it stands and from whichever folder it is called. */
#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../allocators/nearest.h"
#include "script.h"
#include "synthetic/generators.h"
#include "workload.h"

const char *outcome_name(enum outcome outcome)
{
    static const char *const names[] = {
        "ok", "unavailable", "wrong answer", "out of memory", "crashed", "timed out",
    };
    return names[outcome];
}

static const struct {
    const char *name, *summary;
    unsigned passes;
    bool (*generate)(struct trace *trace, struct random *random);
} synthetic[] = {
#define SYNTHETIC(name, passes, summary) {#name, summary, passes, generate_##name},
#include "list.h"
#undef SYNTHETIC
};

enum { SYNTHETIC_COUNT = sizeof synthetic / sizeof *synthetic };

static struct workload describe_synthetic(size_t index)
{
    struct workload workload = {
        .kind = &workload_kind_replay,
        .generate = synthetic[index].generate,
        .passes = synthetic[index].passes,
    };
    snprintf(workload.name, sizeof workload.name, "%s", synthetic[index].name);
    snprintf(workload.summary, sizeof workload.summary, "%s", synthetic[index].summary);
    for (char *at = workload.name; *at; at++) *at = *at == '_' ? '-' : *at;
    return workload;
}

static bool scripts_folder(char folder[PATH_MAX], struct error *error)
{
    char executable[PATH_MAX / 2] = "";
    if (readlink("/proc/self/exe", executable, sizeof executable - 1) < 0) {
        return error_set(error, "/proc/self/exe: %s", strerror(errno));
    }
    for (char *at = dirname(executable);; at = dirname(at)) {
        snprintf(folder, PATH_MAX, "%s/workloads/lua", strcmp(at, "/") ? at : "");
        if (!access(folder, R_OK)) return true;
        if (!strcmp(at, "/")) {
            return error_set(error, "no folder workloads/lua above the executable: run it inside "
                                    "its checkout");
        }
    }
}

static int is_script(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && !strcmp(dot, ".lua");
}

/* One broken script is unavailable; the others are none the worse. */
static void describe_script(const char *folder, const char *file, struct workload *out)
{
    char path[2 * PATH_MAX];
    struct error error = {""};
    snprintf(path, sizeof path, "%s/%s", folder, file);
    if (!script_describe(path, out, &error)) {
        *out = (struct workload){.kind = &workload_kind_lua};
        snprintf(out->path, sizeof out->path, "%s", path);
        snprintf(out->fault, sizeof out->fault, "%s", error.text);
    }
    snprintf(out->name, sizeof out->name, "%.*s", (int)strlen(file) - 4, file);
}

static bool name_is_free(const struct workload *list, const struct workload *script,
                         struct error *error)
{
    bool is_free = strcmp(script->name, workload_contract.name) != 0;
    for (size_t i = 0; i < SYNTHETIC_COUNT; i++) is_free &= strcmp(script->name, list[i].name) != 0;
    return is_free || error_set(error, "%s: another workload is called %s: rename the script",
                                script->path, script->name);
}

const struct workload *workload_list(struct error *error)
{
    char folder[PATH_MAX];
    struct dirent **entries;
    if (!scripts_folder(folder, error)) return NULL;
    int script_count = scandir(folder, &entries, is_script, alphasort);
    struct workload *list = calloc((size_t)(script_count + SYNTHETIC_COUNT + 1), sizeof *list);
    if (script_count < 0 || !list) {
        error_set(error, "%s: %s", folder, strerror(errno));
        return NULL;
    }
    for (size_t i = 0; i < SYNTHETIC_COUNT; i++) list[i] = describe_synthetic(i);
    bool is_good = true;
    for (int i = 0; i < script_count; i++) {
        struct workload *script = &list[SYNTHETIC_COUNT + i];
        describe_script(folder, entries[i]->d_name, script);
        is_good = is_good && name_is_free(list, script, error);
        free(entries[i]);
    }
    free(entries);
    return is_good ? list : NULL;
}

static bool is_path(const char *name)
{
    size_t length = strlen(name);
    return strchr(name, '/') || (length > 4 && !strcmp(name + length - 4, ".lua"));
}

bool workload_find(const char *name, struct workload *out, struct error *error)
{
    char advice[128];
    struct nearest nearest = {.wanted = name};
    if (is_path(name)) return script_describe(name, out, error);
    const struct workload *list = workload_list(error);
    if (!list) return false;
    for (const struct workload *at = list; *at->name; at++) {
        if (strcmp(at->name, name)) {
            nearest_offer(&nearest, at->name);
            continue;
        }
        *out = *at;
        free((void *)list);
        return true;
    }
    error_set(error,
              "no workload is called `%s`%s (heapbench list workloads shows all; a script "
              "is given by its path: ./%s.lua)",
              name, nearest_advice(&nearest, advice, sizeof advice), name);
    free((void *)list);
    return false;
}

bool workload_reopen(const char *name, const char *path, struct workload *out)
{
    *out = (struct workload){.kind = &workload_kind_lua};
    snprintf(out->name, sizeof out->name, "%s", name);
    snprintf(out->path, sizeof out->path, "%s", path);
    if (*path) return true;
    if (!strcmp(name, workload_contract.name)) *out = workload_contract;
    for (size_t i = 0; i < SYNTHETIC_COUNT; i++) {
        struct workload candidate = describe_synthetic(i);
        if (!strcmp(candidate.name, name)) *out = candidate;
    }
    return out->kind != &workload_kind_lua;
}

const struct workload workload_contract = {
    .kind = &workload_kind_contract,
    .name = "contract",
    .summary = "what every allocator promises, held against a shadow model",
};

bool workload_available(const struct workload *workload, struct error *reason)
{
    if (*workload->fault) return error_set(reason, "%s", workload->fault);
    return script_modules_found(workload, reason);
}
