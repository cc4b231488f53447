/* What the commands have in common. */
#include "command.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../allocators/nearest.h"

int command_fail(int status, const char *text)
{
    fprintf(stderr, "heapbench: %s\n", text);
    return status;
}

static bool is_known(const struct argp_option *options, const char *name, size_t length)
{
    if (!strncmp("help", name, length) || !strncmp("usage", name, length)) return true;
    for (; options->name || options->doc; options++) {
        if (options->name && !strncmp(options->name, name, length)) return true;
    }
    return false;
}

/* getopt names an unknown option but does not say which was meant. */
static void check_option(const struct argp *argp, const char *command, const char *argument)
{
    char name[64], advice[128];
    size_t length = strcspn(argument + 2, "=");
    struct nearest nearest = {.wanted = name};
    if (is_known(argp->options, argument + 2, length)) return;
    snprintf(name, sizeof name, "%.*s", (int)length, argument + 2);
    for (const struct argp_option *option = argp->options; option->name || option->doc; option++) {
        if (option->name) nearest_offer(&nearest, option->name);
    }
    fprintf(stderr, "heapbench: %s has no option --%s%s (heapbench %s --help)\n", command, name,
            nearest_advice(&nearest, advice, sizeof advice), command);
    exit(2);
}

void command_parse(const struct argp *argp, int argc, char **argv, unsigned flags, void *input)
{
    static char program_name[64];
    for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
        if ((flags & ARGP_IN_ORDER) && argv[i][0] != '-') break;
        if (!strncmp(argv[i], "--", 2)) check_option(argp, argv[0], argv[i]);
    }
    snprintf(program_name, sizeof program_name, "heapbench %s", argv[0]);
    argv[0] = program_name;
    argp_err_exit_status = 2;
    argp_parse(argp, argc, argv, flags, NULL, input);
}
