/* The workloads that come with the checkout as files: scripts in workloads/lua, recorded traces in
 * workloads/recorded. */
#ifndef SHIPPED_H
#define SHIPPED_H

#include "workload.h"

struct shipped_folder {
    const char *path;   /* from the checkout's top */
    const char *ending; /* of the files' names */
    bool is_optional;   /* none when it is not there */
    bool (*describe)(const char *path, struct workload *out, struct error *error);
    const struct workload_kind *kind;
};

/* Adds those of a folder to a list of `count`, in the order of their names; the list moves. One
 * that is broken is there with its fault. False says why the folder cannot be read. */
bool shipped_add(const struct shipped_folder *folder, struct workload **list, size_t *count,
                 struct error *error);

#endif
