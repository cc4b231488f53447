/* A file of a series: written beside the old one, whose place it takes when it is whole. */
#ifndef SERIES_FILE_H
#define SERIES_FILE_H

#include <stdio.h>

#include "../folder.h"

struct series_file {
    FILE *file;
    char path[PATH_MAX + 64], fresh[PATH_MAX + 72];
};

/* series/NAME.csv of the folder. */
bool series_file_open(struct series_file *out, const struct folder *folder, const char *name,
                      struct error *error);

/* Takes over the lines of the old file, behind its header, whose first field is_kept. */
void series_file_keep(const struct series_file *out, bool (*is_kept)(const void *of, const char *),
                      const void *of);

/* A text as a CSV field, and what stands behind it: a comma or the line's end. */
void series_file_write(const struct series_file *out, const char *text, char end);

/* Keeps the file when it is whole and could be written; false otherwise. */
bool series_file_close(struct series_file *out, bool is_whole, struct error *error);

#endif
