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

/* JSON is UTF-8 and nothing else: what is not becomes question marks. */
static json_t *describe_text(const char *text)
{
    char plain[4096];
    json_t *string = json_string(text);
    if (string) return string;
    snprintf(plain, sizeof plain, "%s", text);
    for (char *at = plain; *at; at++) *at = (*at & 0x80) ? '?' : *at;
    return json_string(plain);
}

static json_t *describe_provenance(const struct provenance *provenance)
{
    json_t *reason = provenance->is_available ? json_null() : describe_text(provenance->reason);
    json_t *object =
        json_pack("{s:o, s:o, s:s, s:b, s:o}", "file", describe_text(shorten(provenance->file)),
                  "version", describe_text(provenance->version), "sha256", provenance->digest,
                  "available", provenance->is_available, "reason", reason);
    if (*provenance->backing_file) {
        json_object_set_new(object, "backing_file", describe_text(provenance->backing_file));
        json_object_set_new(object, "backing_sha256", json_string(provenance->backing_digest));
    }
    return object;
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
        json_int_t threads = workload->threads > 1 ? workload->threads : 1;
        json_t *object = describe_provenance(&plan->tasks[i].provenance);
        json_object_set_new(object, "name", json_string(workload->name));
        json_object_set_new(object, "kind", json_string(workload->kind->name));
        json_object_set_new(object, "threads", json_integer(threads));
        json_object_set_new(object, "summary", describe_text(workload->summary));
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

static bool is_digest(const json_t *object, const char *key, const char *now)
{
    const char *then = json_string_value(json_object_get(object, key));
    return !strcmp(then ? then : "", now);
}

static bool check_digest(const json_t *object, const struct provenance *now, const char *name,
                         struct error *error)
{
    if (is_digest(object, "sha256", now->digest) &&
        is_digest(object, "backing_sha256", now->backing_digest)) {
        return true;
    }
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
    if (rounds < 1 || rounds > 1000 || timeout < 1) return false;
    plan->rounds = (unsigned)rounds;
    plan->timeout_seconds = (unsigned)timeout;
    plan->seed = (uint64_t)seed;
    return true;
}

/* A run is of one machine, one kernel, one compiler. */
static bool check_key(const json_t *root, const char *path, struct error *error)
{
    json_t *machine = facts_machine(), *program = facts_program();
    json_t *key = draw_key(machine, program);
    bool is_same = json_equal(key, json_object_get(root, "key"));
    json_decref(key);
    json_decref(program);
    json_decref(machine);
    return is_same || error_set(error,
                                "%s: begun on another machine, kernel or compiler (the key "
                                "differs): measure anew",
                                path);
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
    return check_key(root, path, error) && read_contenders(allocators, plan, error) &&
           read_tasks(workloads, plan, error) && plan_identify(plan, error) &&
           check_provenance(allocators, workloads, plan, error);
}

bool machine_read_plan(const struct folder *folder, struct plan *plan, size_t *cell_count,
                       struct error *error)
{
    char path[PATH_MAX + 32];
    json_error_t why;
    machine_path(folder, path);
    json_t *root = json_load_file(path, 0, &why);
    if (!root && why.line < 0) return error_set(error, "%s", why.text);
    if (!root) return error_set(error, "%s: line %d: %s", path, why.line, why.text);
    bool is_read = read_plan(root, path, plan, error);
    json_t *cells = json_object_get(json_object_get(root, "plan"), "cells");
    *cell_count = (size_t)json_integer_value(cells);
    json_decref(root);
    return is_read;
}
