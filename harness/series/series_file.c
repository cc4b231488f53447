/* A series takes seconds to measure and is worth nothing in part, so it appears at once. */
#include "series_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool series_file_open(struct series_file *out, const struct folder *folder, const char *name,
                      struct error *error)
{
    snprintf(out->path, sizeof out->path, "%s/series/%s.csv", folder->path, name);
    snprintf(out->fresh, sizeof out->fresh, "%s.new", out->path);
    out->file = fopen(out->fresh, "we");
    return out->file || error_set(error, "%s: %s", out->fresh, strerror(errno));
}

void series_file_write(const struct series_file *out, const char *text, char end)
{
    char shortened[RECORD_TEXT], field[2 * RECORD_TEXT + 2];
    snprintf(shortened, sizeof shortened, "%s", text);
    *record_format_text(field, shortened) = '\0';
    fprintf(out->file, "%s%c", field, end);
}

void series_file_keep(const struct series_file *out, bool (*is_kept)(const void *of, const char *),
                      const void *of)
{
    char line[RECORD_LINE], first[RECORD_LINE];
    FILE *old = fopen(out->path, "re");
    if (!old) return;
    for (bool is_header = true; fgets(line, sizeof line, old); is_header = false) {
        snprintf(first, sizeof first, "%.*s", (int)strcspn(line, ","), line);
        if (!is_header && is_kept(of, first)) fputs(line, out->file);
    }
    fclose(old);
}

bool series_file_close(struct series_file *out, bool is_whole, struct error *error)
{
    errno = 0;
    bool is_written = !ferror(out->file);
    is_written = !fclose(out->file) && is_written;
    if (is_whole && is_written && !rename(out->fresh, out->path)) return true;
    int why = errno ? errno : EIO;
    unlink(out->fresh);
    return is_whole ? error_set(error, "%s: %s", out->path, strerror(why)) : false;
}
