/* Looked at before it is run, as the dynamic linker says nothing, or says it in the program's own
 * output: a program without an interpreter of its own (PT_INTERP) preloads nothing. A script is what
 * its first line says; any other text is run by sh. */
#include "program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_BYTES = 4096, SCRIPTS_DEEP = 4 };

static bool is_program(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* As execvp does. False when no folder of PATH has it. */
static bool find(const char *command, char path[PATH_MAX])
{
    const char *folders = getenv("PATH");
    if (strchr(command, '/')) return snprintf(path, PATH_MAX, "%s", command) < PATH_MAX;
    if (!folders) folders = "/bin:/usr/bin";
    while (*command) {
        size_t length = strcspn(folders, ":");
        snprintf(path, PATH_MAX, "%.*s%s%s", (int)length, folders, length ? "/" : "", command);
        if (is_program(path)) return true;
        if (!folders[length]) break;
        folders += length + 1;
    }
    return false;
}

static size_t read_head(const char *path, char head[HEAD_BYTES])
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? 0 : read(file, head, HEAD_BYTES - 1);
    if (file >= 0) close(file);
    head[length > 0 ? length : 0] = '\0';
    return length > 0 ? (size_t)length : 0;
}

/* The table of parts may stand anywhere in the file: tools that change a program move it. */
static bool has_interpreter(const char *path, const char *head)
{
    Elf64_Ehdr header;
    Elf64_Phdr part = {.p_type = PT_NULL};
    memcpy(&header, head, sizeof header);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    for (size_t i = 0; file >= 0 && i < header.e_phnum && part.p_type != PT_INTERP; i++) {
        off_t place = (off_t)(header.e_phoff + i * sizeof part);
        if (pread(file, &part, sizeof part, place) != sizeof part) break;
    }
    if (file >= 0) close(file);
    return part.p_type == PT_INTERP;
}

static bool check_binary(const char *path, const char *head, size_t length, struct error *error)
{
    if (length < sizeof(Elf64_Ehdr) || head[EI_CLASS] != ELFCLASS64) {
        return error_set(error, "%s: no 64-bit program: the recorder cannot be preloaded", path);
    }
    if (!has_interpreter(path, head)) {
        return error_set(error, "%s: statically linked: preloading the recorder has no effect",
                         path);
    }
    return true;
}

static bool check_rights(const char *path, struct error *error)
{
    struct stat status;
    if (stat(path, &status)) return error_set(error, "%s: %s", path, strerror(errno));
    if (S_ISDIR(status.st_mode)) return error_set(error, "%s: is a folder", path);
    if (access(path, X_OK)) return error_set(error, "%s: %s", path, strerror(errno));
    bool changes_user = (status.st_mode & S_ISUID) && status.st_uid != getuid();
    bool changes_group = (status.st_mode & S_ISGID) && status.st_gid != getgid();
    if (!changes_user && !changes_group) return true;
    return error_set(error, "%s: runs with other rights (setuid): nothing can be preloaded", path);
}

/* The interpreter of a script, or NULL. */
static char *interpreter_of(char *head)
{
    if (strncmp(head, "#!", 2)) return NULL;
    char *name = head + 2 + strspn(head + 2, " \t");
    name[strcspn(name, " \t\n")] = '\0';
    return *name ? name : NULL;
}

static bool check(const char *path, int depth, struct error *error)
{
    char head[HEAD_BYTES], *interpreter;
    if (!check_rights(path, error)) return false;
    size_t length = read_head(path, head);
    if (length >= SELFMAG && !memcmp(head, ELFMAG, SELFMAG)) {
        return check_binary(path, head, length, error);
    }
    interpreter = interpreter_of(head);
    return !interpreter || depth == SCRIPTS_DEEP || check(interpreter, depth + 1, error);
}

bool program_is_recordable(const char *command, struct error *error)
{
    char path[PATH_MAX];
    if (find(command, path)) return check(path, 0, error);
    return error_set(error, "%s: no such command", command);
}
