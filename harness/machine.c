/* machine.json by jansson. The comparison key is a digest of what must be equal for two results to
 * be comparable: the machine's stable facts, the compiler and its flags. */
#include "machine.h"

#include <errno.h>
#include <jansson.h>
#include <sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts.h"

enum { KEY_LENGTH = 16 };

/* Relative to the current folder where it is below it: a run does not tell where a checkout was. */
static const char *shorten(const char *file)
{
    char folder[PATH_MAX];
    size_t length = getcwd(folder, sizeof folder) ? strlen(folder) : 0;
    bool is_below = length && !strncmp(file, folder, length) && file[length] == '/';
    return is_below ? file + length + 1 : file;
}

static json_t *describe_provenance(const struct provenance *provenance)
{
    return json_pack("{s:s, s:s, s:s, s:b, s:s?}", "file", shorten(provenance->file), "version",
                     provenance->version, "sha256", provenance->digest, "available",
                     provenance->is_available, "reason",
                     provenance->is_available ? NULL : provenance->reason);
}

static json_t *describe_contenders(const struct plan *plan)
{
    json_t *list = json_array();
    for (size_t i = 0; i < plan->contender_count; i++) {
        const struct contender *contender = &plan->contenders[i];
        struct spec_description description;
        struct error error;
        json_t *object = describe_provenance(&contender->provenance);
        if (spec_describe(contender->spec, &description, &error)) {
            json_object_set_new(object, "summary", json_string(description.allocator->summary));
        }
        json_object_set_new(object, "spec", json_string(contender->spec));
        json_object_set_new(object, "replay_only", json_boolean(contender->is_replay_only));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *describe_tasks(const struct plan *plan)
{
    json_t *list = json_array();
    for (size_t i = 1; i < plan->task_count; i++) {
        const struct workload *workload = &plan->tasks[i].workload;
        json_t *object = describe_provenance(&plan->tasks[i].provenance);
        json_object_set_new(object, "name", json_string(workload->name));
        json_object_set_new(object, "kind", json_string(workload->kind->name));
        json_object_set_new(object, "summary", json_string(workload->summary));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *describe_plan(const struct plan *plan)
{
    return json_pack("{s:s, s:i, s:I, s:i, s:I, s:o, s:o}", "profile", plan->profile, "rounds",
                     (int)plan->rounds, "seed", (json_int_t)plan->seed, "timeout_s",
                     (int)plan->timeout_seconds, "cells", (json_int_t)plan->cell_count,
                     "allocators", describe_contenders(plan), "workloads", describe_tasks(plan));
}

static json_t *describe_columns(void)
{
    json_t *list = json_array();
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        const struct metric_row *row = &metric_rows[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "name", row->name, "unit",
                                              row->unit, "meaning", row->meaning));
    }
    return list;
}

static json_t *draw_key(const json_t *machine, const json_t *program)
{
    char digest[SHA256_DIGEST_STRING_LENGTH];
    json_t *stable =
        json_pack("{s:O, s:O, s:O}", "machine", machine, "compiler",
                  json_object_get(program, "compiler"), "flags", json_object_get(program, "flags"));
    char *text = json_dumps(stable, JSON_COMPACT | JSON_SORT_KEYS);
    SHA256Data((const uint8_t *)text, strlen(text), digest);
    free(text);
    json_decref(stable);
    return json_stringn(digest, KEY_LENGTH);
}

static void machine_path(const struct folder *folder, char path[PATH_MAX + 32])
{
    snprintf(path, PATH_MAX + 32, "%s/machine.json", folder->path);
}

static bool save(const struct folder *folder, json_t *root, struct error *error)
{
    char path[PATH_MAX + 32], fresh[PATH_MAX + 64];
    machine_path(folder, path);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    errno = 0;
    bool is_saved = !json_dump_file(root, fresh, JSON_INDENT(1)) && !rename(fresh, path);
    json_decref(root);
    if (is_saved) return true;
    int why = errno ? errno : ENOSPC;
    unlink(fresh);
    return error_set(error, "%s: %s", path, strerror(why));
}

/* "started" is kept from the file that is there when a run is resumed or finished. */
static json_t *moment_of_start(const struct folder *folder)
{
    char path[PATH_MAX + 32];
    machine_path(folder, path);
    json_t *former = json_load_file(path, 0, NULL);
    json_t *started = json_incref(json_object_get(former, "started"));
    json_decref(former);
    return started ? started : facts_moment();
}

bool machine_write(const struct folder *folder, const struct plan *plan, bool is_finished,
                   struct error *error)
{
    json_t *machine = facts_machine(), *program = facts_program();
    json_t *root = json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "format", MACHINE_FORMAT, "key",
                             draw_key(machine, program), "heapbench", program, "machine", machine,
                             "started", moment_of_start(folder), "plan", describe_plan(plan),
                             "columns", describe_columns());
    if (!root) return error_set(error, "%s: machine.json cannot be made", folder->path);
    if (is_finished) json_object_set_new(root, "finished", facts_moment());
    return save(folder, root, error);
}

static bool check_digest(const json_t *object, const struct provenance *now, const char *name,
                         struct error *error)
{
    const char *then = json_string_value(json_object_get(object, "sha256"));
    if (then && !strcmp(then, now->digest)) return true;
    return error_set(error, "%s is not what it was when the run began (%s): measure anew", name,
                     *now->file ? now->file : "its file is gone");
}

static bool read_contenders(const json_t *list, struct plan *plan, struct error *error)
{
    size_t i;
    json_t *object;
    json_array_foreach(list, i, object)
    {
        const char *spec = json_string_value(json_object_get(object, "spec"));
        if (!spec || !plan_add_contender(plan, spec, error)) return false;
    }
    return true;
}

static bool read_tasks(const json_t *list, struct plan *plan, struct error *error)
{
    size_t i;
    json_t *object;
    json_array_foreach(list, i, object)
    {
        const char *name = json_string_value(json_object_get(object, "name"));
        if (!name || !plan_add_task(plan, name, error)) return false;
    }
    return true;
}

static bool check_provenance(const json_t *allocators, const json_t *workloads,
                             const struct plan *plan, struct error *error)
{
    for (size_t i = 0; i < plan->contender_count; i++) {
        const struct contender *contender = &plan->contenders[i];
        if (!check_digest(json_array_get(allocators, i), &contender->provenance, contender->spec,
                          error))
            return false;
    }
    for (size_t i = 1; i < plan->task_count; i++) {
        const struct task *task = &plan->tasks[i];
        if (!check_digest(json_array_get(workloads, i - 1), &task->provenance, task->workload.name,
                          error))
            return false;
    }
    return true;
}

static bool read_numbers(const json_t *object, struct plan *plan)
{
    const char *profile;
    int rounds, timeout;
    json_int_t seed;
    if (json_unpack((json_t *)object, "{s:s, s:i, s:i, s:I}", "profile", &profile, "rounds",
                    &rounds, "timeout_s", &timeout, "seed", &seed))
        return false;
    snprintf(plan->profile, sizeof plan->profile, "%s", profile);
    plan->rounds = (unsigned)rounds;
    plan->timeout_seconds = (unsigned)timeout;
    plan->seed = (uint64_t)seed;
    return true;
}

static bool read_plan(const json_t *root, const char *path, struct plan *plan, struct error *error)
{
    const json_t *object = json_object_get(root, "plan");
    const json_t *allocators = json_object_get(object, "allocators");
    const json_t *workloads = json_object_get(object, "workloads");
    json_int_t format = json_integer_value(json_object_get(root, "format"));
    if (format > MACHINE_FORMAT) {
        return error_set(error, "%s: format %d, this heapbench knows %d: use a newer one", path,
                         (int)format, MACHINE_FORMAT);
    }
    if (!read_numbers(object, plan)) return error_set(error, "%s has no plan", path);
    return read_contenders(allocators, plan, error) && read_tasks(workloads, plan, error) &&
           plan_identify(plan, error) && check_provenance(allocators, workloads, plan, error);
}

bool machine_read_plan(const struct folder *folder, struct plan *plan, struct error *error)
{
    char path[PATH_MAX + 32];
    json_error_t why;
    machine_path(folder, path);
    json_t *root = json_load_file(path, 0, &why);
    if (!root) return error_set(error, "%s: line %d: %s", path, why.line, why.text);
    bool is_read = read_plan(root, path, plan, error);
    json_decref(root);
    return is_read;
}
