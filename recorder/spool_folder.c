/* Windows live for moments, so a file system in memory is the place for them: writing them to a disk
 * would be the recording's largest cost. A small /dev/shm, as containers have, is passed over. */
#include "spool_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { ROOM_BYTES = 2 * SPOOL_WINDOWS_AHEAD * (int)sizeof(struct spool_window), REMOVALS = 3 };

static bool has_room(const char *place)
{
    struct statvfs status;
    return statvfs(place, &status) == 0 &&
           (unsigned long long)status.f_bavail * status.f_frsize >= ROOM_BYTES;
}

static bool make_in(const char *place, char path[SPOOL_FOLDER_BYTES])
{
    int length = snprintf(path, SPOOL_FOLDER_BYTES, "%s/heapbench-XXXXXX", place);
    return length < SPOOL_FOLDER_BYTES && mkdtemp(path);
}

bool spool_folder_make(char path[SPOOL_FOLDER_BYTES], struct error *error)
{
    const char *temporary = getenv("TMPDIR");
    if (has_room("/dev/shm") && make_in("/dev/shm", path)) return true;
    if (temporary && *temporary == '/' && make_in(temporary, path)) return true;
    if (make_in("/tmp", path)) return true;
    return error_set(error, "no folder for what is being recorded: /tmp: %s; set TMPDIR",
                     strerror(errno));
}

static void remove_files(const char *path)
{
    char file[SPOOL_FOLDER_BYTES + 8 + 256];
    DIR *folder = opendir(path);
    for (const struct dirent *entry; folder && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') continue;
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        unlink(file);
    }
    if (folder) closedir(folder);
}

/* Under another name no further window begins in it, but one that is just being made. */
void spool_folder_remove(const char *path)
{
    char over[SPOOL_FOLDER_BYTES + 8];
    snprintf(over, sizeof over, "%s-over", path);
    if (rename(path, over)) return;
    for (int i = 0; i < REMOVALS; i++) {
        remove_files(over);
        if (rmdir(over) == 0) return;
    }
}
