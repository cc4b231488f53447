/* A results folder: machine.json, runs.csv, and what the scripts add. */
#ifndef FOLDER_H
#define FOLDER_H

#include <limits.h>

#include "record.h"

struct folder {
    char path[PATH_MAX];
    int rows_file; /* runs.csv, opened for appending */
};

/* Makes the folder and an empty runs.csv; path NULL draws results/<time>-<profile>. A folder that
 * already holds a run is refused. */
bool folder_create(struct folder *folder, const char *path, const char *profile,
                   struct error *error);

/* Opens one that is there, path NULL meaning results/latest, for appending. A last row that was cut
 * off is removed. */
bool folder_open(struct folder *folder, const char *path, struct error *error);

/* Adds a row with one write: it is there for good when this returns. When the disk is full nothing
 * of the row stays. */
bool folder_append(const struct folder *folder, const struct record *record, struct error *error);

/* Calls take for every row in order, until it returns false. */
bool folder_read(const struct folder *folder,
                 bool (*take)(void *receiver, const struct record *record, struct error *error),
                 void *receiver, struct error *error);

/* Takes back a folder in which nothing has been measured. */
void folder_discard(struct folder *folder);

/* Points results/latest at the folder, when that is where it stands. */
bool folder_link_latest(const struct folder *folder, struct error *error);

void folder_close(struct folder *folder);

#endif
