/* A folder is looked for from the executable upwards, so a checkout works wherever it stands and
 * from whichever folder it is called. */
#include "shipped.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* False, without an error where that is no mistake, when there is none. */
static bool find_folder(const struct shipped_folder *folder, char path[PATH_MAX],
                        struct error *error)
{
    char executable[PATH_MAX / 2] = "";
    if (readlink("/proc/self/exe", executable, sizeof executable - 1) < 0) {
        return error_set(error, "/proc/self/exe: %s", strerror(errno));
    }
    for (char *at = dirname(executable);; at = dirname(at)) {
        snprintf(path, PATH_MAX, "%s/%s", strcmp(at, "/") ? at : "", folder->path);
        if (!access(path, R_OK)) return true;
        if (strcmp(at, "/")) continue;
        if (folder->is_optional) return false;
        return error_set(error, "no folder %s above the executable: run it inside its checkout",
                         folder->path);
    }
}

static bool ends_with(const char *name, const char *ending)
{
    size_t length = strlen(name), ending_length = strlen(ending);
    return length > ending_length && !strcmp(name + length - ending_length, ending);
}

/* One broken file is unavailable; the others are none the worse. */
static void describe(const struct shipped_folder *folder, const char *path, const char *file,
                     struct workload *out)
{
    char whole[2 * PATH_MAX];
    struct error error = {""};
    snprintf(whole, sizeof whole, "%s/%s", path, file);
    if (!folder->describe(whole, out, &error)) {
        *out = (struct workload){.kind = folder->kind, .threads = 1};
        snprintf(out->path, sizeof out->path, "%s", whole);
        snprintf(out->fault, sizeof out->fault, "%s", error.text);
    }
    snprintf(out->name, sizeof out->name, "%.*s", (int)(strlen(file) - strlen(folder->ending)),
             file);
}

static bool add_files(const struct shipped_folder *folder, const char *path,
                      struct dirent **entries, size_t entry_count, struct workload **list,
                      size_t *count)
{
    struct workload *grown = realloc(*list, (*count + entry_count + 1) * sizeof **list);
    if (!grown) return false;
    *list = grown;
    for (size_t i = 0; i < entry_count; i++) {
        if (!ends_with(entries[i]->d_name, folder->ending)) continue;
        describe(folder, path, entries[i]->d_name, &grown[(*count)++]);
    }
    memset(&grown[*count], 0, sizeof *grown);
    return true;
}

bool shipped_add(const struct shipped_folder *folder, struct workload **list, size_t *count,
                 struct error *error)
{
    char path[PATH_MAX];
    struct dirent **entries;
    error->text[0] = '\0';
    if (!find_folder(folder, path, error)) return *error->text == '\0';
    int entry_count = scandir(path, &entries, NULL, alphasort);
    if (entry_count < 0) return error_set(error, "%s: %s", path, strerror(errno));
    bool is_added = add_files(folder, path, entries, (size_t)entry_count, list, count);
    for (int i = 0; i < entry_count; i++) free(entries[i]);
    free(entries);
    return is_added || error_set(error, "%s: no memory for a list of its files", path);
}
