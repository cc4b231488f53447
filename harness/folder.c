/* runs.csv grows by one write a row, so that a run killed at any moment loses at most the cell in
 * flight; what a write left half done is cut off at once, or when the folder is opened again. */
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static bool open_rows(struct folder *folder, int flags, struct error *error)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/runs.csv", folder->path);
    folder->rows_file = open(path, O_RDWR | O_APPEND | O_CLOEXEC | flags, 0666);
    if (folder->rows_file >= 0 && !flock(folder->rows_file, LOCK_EX | LOCK_NB)) return true;
    if (errno == EWOULDBLOCK) {
        return error_set(error, "%s: another heapbench is measuring into it", folder->path);
    }
    if (errno == EEXIST) {
        return error_set(error,
                         "%s already holds a run: go on with it by --resume, or name "
                         "another folder by -o",
                         folder->path);
    }
    return error_set(error, "%s: %s", path, strerror(errno));
}

static bool append(const struct folder *folder, const char *line, size_t length,
                   struct error *error)
{
    struct stat before;
    if (fstat(folder->rows_file, &before)) before.st_size = 0;
    ssize_t written = write(folder->rows_file, line, length);
    if (written == (ssize_t)length) return true;
    const char *why = strerror(written < 0 ? errno : ENOSPC);
    bool is_clean = written <= 0 || !ftruncate(folder->rows_file, before.st_size);
    return error_set(error,
                     "%s/runs.csv: %s%s; the rows before are safe: mend that, then go on "
                     "with heapbench run --resume -o %s",
                     folder->path, why, is_clean ? "" : " (and the last row is cut off)",
                     folder->path);
}

bool folder_append(const struct folder *folder, const struct record *record, struct error *error)
{
    char line[RECORD_LINE];
    return append(folder, line, record_format(record, line), error);
}

/* mkdir -p */
static bool make_folders(char *path, struct error *error)
{
    for (char *at = path + 1;; at++) {
        if (*at && *at != '/') continue;
        char kept = *at;
        *at = '\0';
        bool is_made = !mkdir(path, 0777) || errno == EEXIST;
        if (!is_made) return error_set(error, "%s: %s", path, strerror(errno));
        *at = kept;
        if (!kept) return true;
    }
}

static void draw_path(struct folder *folder, const char *profile)
{
    char stamp[32];
    time_t now = time(NULL);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", gmtime(&now));
    snprintf(folder->path, sizeof folder->path, "results/%s-%s", stamp, profile);
    size_t length = strlen(folder->path);
    for (unsigned i = 2; !access(folder->path, F_OK); i++) { /* begun in the same second */
        snprintf(folder->path + length, sizeof folder->path - length, "-%u", i);
    }
}

/* Every later run would find a folder where its link goes. */
static bool is_latest(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    return !strcmp(basename(copy), "latest");
}

bool folder_create(struct folder *folder, const char *path, const char *profile,
                   struct error *error)
{
    char header[RECORD_LINE];
    if (path) snprintf(folder->path, sizeof folder->path, "%s", path);
    else draw_path(folder, profile);
    if (is_latest(folder->path)) {
        return error_set(error, "%s points at the newest run: name another folder", path);
    }
    return make_folders(folder->path, error) && open_rows(folder, O_CREAT | O_EXCL, error) &&
           append(folder, header, record_format_header(header), error);
}

/* The rows as memory, ending with a NUL; *length is 0 for an empty file. */
static char *map_rows(const struct folder *folder, size_t *length, struct error *error)
{
    struct stat status;
    if (fstat(folder->rows_file, &status)) {
        error_set(error, "%s/runs.csv: %s", folder->path, strerror(errno));
        return NULL;
    }
    *length = (size_t)status.st_size;
    char *rows = malloc(*length + 1);
    if (!rows || pread(folder->rows_file, rows, *length, 0) != status.st_size) {
        error_set(error, "%s/runs.csv cannot be read whole", folder->path);
        free(rows);
        return NULL;
    }
    rows[*length] = '\0';
    return rows;
}

static bool check_header(const struct folder *folder, const char *rows, struct error *error)
{
    char header[RECORD_LINE];
    size_t length = record_format_header(header);
    if (!strncmp(rows, header, length)) return true;
    return error_set(error,
                     "%s/runs.csv has other columns than this heapbench writes: measure "
                     "anew into another folder",
                     folder->path);
}

static bool cut_partial_row(const struct folder *folder, struct error *error)
{
    size_t length;
    char *rows = map_rows(folder, &length, error);
    if (!rows) return false;
    /* After a loss of power a file system may leave zeros. */
    const char *last = memrchr(rows, '\n', strlen(rows));
    size_t whole = last ? (size_t)(last + 1 - rows) : 0;
    bool is_good = check_header(folder, rows, error);
    free(rows);
    if (!is_good || whole == length) return is_good;
    fprintf(stderr, "heapbench: %s/runs.csv: the last row was cut off and is measured again\n",
            folder->path);
    return !ftruncate(folder->rows_file, (off_t)whole) ||
           error_set(error, "%s/runs.csv: %s", folder->path, strerror(errno));
}

bool folder_open(struct folder *folder, const char *path, struct error *error)
{
    if (!realpath(path ? path : "results/latest", folder->path)) {
        return error_set(error, "%s: %s: no run to resume", path ? path : "results/latest",
                         strerror(errno));
    }
    return open_rows(folder, 0, error) && cut_partial_row(folder, error);
}

bool folder_read(const struct folder *folder,
                 bool (*take)(void *receiver, const struct record *record, struct error *error),
                 void *receiver, struct error *error)
{
    size_t length, line_number = 1;
    char *rows = map_rows(folder, &length, error);
    bool is_good = rows && check_header(folder, rows, error);
    struct record *record = malloc(sizeof *record);
    const char *line = is_good ? strchr(rows, '\n') + 1 : NULL, *end;
    for (; is_good && *line && (end = strchr(line, '\n')); line = end + 1) {
        line_number++;
        is_good = record_parse(record, line, end + 1) ||
                  error_set(error, "%s/runs.csv:%zu: not a row of this heapbench", folder->path,
                            line_number);
        is_good = is_good && take(receiver, record, error);
    }
    free(record);
    free(rows);
    return is_good;
}

bool folder_link_latest(const struct folder *folder, struct error *error)
{
    char absolute[PATH_MAX], link[PATH_MAX + 16], fresh[PATH_MAX + 32];
    if (!realpath(folder->path, absolute)) return true;
    char *name = strrchr(absolute, '/');
    *name++ = '\0';
    const char *parent = strrchr(absolute, '/');
    if (!parent || strcmp(parent, "/results") || !strcmp(name, "reference")) return true;
    snprintf(link, sizeof link, "%s/latest", absolute);
    snprintf(fresh, sizeof fresh, "%s.new", link);
    unlink(fresh);
    if (!symlink(name, fresh) && !rename(fresh, link)) return true;
    int why = errno;
    unlink(fresh);
    return error_set(error, "%s does not point at this run: %s", link, strerror(why));
}

void folder_discard(struct folder *folder)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/runs.csv", folder->path);
    unlink(path);
    rmdir(folder->path);
    folder_close(folder);
}

void folder_close(struct folder *folder)
{
    close(folder->rows_file);
}
