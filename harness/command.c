/* What the commands have in common. */
#include "command.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../allocators/nearest.h"

int command_fail(int status, const char *text)
{
    fputs("heapbench: ", stderr);
    for (; *text; text++) fputc(iscntrl((unsigned char)*text) ? '?' : *text, stderr);
    fputc('\n', stderr);
    return status;
}

uint64_t command_number(const char *text, const char *option, uint64_t minimum, uint64_t maximum,
                        struct argp_state *state)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || number < minimum || number > maximum) {
        argp_failure(state, 2, 0, "--%s %s: give a whole number from %llu to %llu", option, text,
                     (unsigned long long)minimum, (unsigned long long)maximum);
    }
    return number;
}

void command_add_name(struct names *names, const char *name, struct argp_state *state)
{
    if (names->count == NAMES_MAXIMUM) {
        argp_failure(state, 2, 0, "%s: at most %d of a kind in one run", name, NAMES_MAXIMUM);
    }
    names->at[names->count++] = name;
}

/* How many long options begin so; 1 for one that is spelt out. */
static size_t count_matches(const struct argp_option *options, const char *name, size_t length)
{
    size_t count = !strncmp("help", name, length) || !strncmp("usage", name, length);
    for (; options->name || options->doc; options++) {
        if (!options->name || strncmp(options->name, name, length)) continue;
        if (strlen(options->name) == length) return 1;
        count++;
    }
    return count;
}

/* getopt says neither which option was meant nor all in one line. */
static void check_option(const struct argp *argp, const char *command, const char *argument)
{
    char name[64], advice[128];
    size_t length = strcspn(argument + 2, "=");
    struct nearest nearest = {.wanted = name};
    size_t matches = count_matches(argp->options, argument + 2, length);
    if (matches == 1) return;
    snprintf(name, sizeof name, "%.*s", (int)length, argument + 2);
    for (const struct argp_option *option = argp->options; option->name || option->doc; option++) {
        if (option->name) nearest_offer(&nearest, option->name);
    }
    fprintf(stderr, "heapbench: %s %s --%s%s (heapbench %s --help)\n", command,
            matches ? "has several options that begin with" : "has no option", name,
            matches ? "" : nearest_advice(&nearest, advice, sizeof advice), command);
    exit(2);
}

/* Whether the next argument is this one's value: a short option that takes one, alone. */
static bool takes_next(const struct argp_option *options, const char *argument)
{
    for (; argument[0] == '-' && argument[1] && !argument[2] && options->name; options++) {
        if (options->key != argument[1]) continue;
        return options->arg != NULL && !(options->flags & OPTION_ARG_OPTIONAL);
    }
    return false;
}

void command_parse(const struct argp *argp, int argc, char **argv, unsigned flags, void *input)
{
    static char program_name[64];
    for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
        if ((flags & ARGP_IN_ORDER) && argv[i][0] != '-') break;
        if (!strncmp(argv[i], "--", 2)) check_option(argp, argv[0], argv[i]);
        else if (takes_next(argp->options, argv[i])) i++;
    }
    snprintf(program_name, sizeof program_name, "heapbench %s", argv[0]);
    argv[0] = program_name;
    argp_err_exit_status = 2;
    argp_parse(argp, argc, argv, flags, NULL, input);
}

static bool is_trace_name(const char *path)
{
    size_t length = strlen(path);
    return length > 4 && !strcmp(path + length - 4, ".hbt");
}

bool command_check_trace_output(const char *path, struct error *error)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    struct stat status;
    if (strlen(path) + sizeof ".4294967295" > sizeof folder) {
        return error_set(error, "%.100s...: the name is too long", path);
    }
    if (!is_trace_name(slash ? slash + 1 : path)) {
        return error_set(error, "-o '%s': give a name that ends in .hbt", path);
    }
    if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        return error_set(error, "%s: is there and no plain file: give another name", path);
    }
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1,
             slash ? path : ".");
    return !access(folder, W_OK) || error_set(error, "%s: %s", path, strerror(errno));
}
