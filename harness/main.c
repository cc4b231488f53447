/* heapbench measures memory allocators under Lua 5.1. This file is the table of its commands. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../allocators/nearest.h"
#include "child.h"
#include "command.h"

static const struct {
    const char *name;
    int (*main)(int argc, char **argv);
    const char *summary; /* NULL: not for people */
} commands[] = {
    {"list", list_main, "show allocators, workloads, wrappers and columns"},
    {"check", check_main, "hold allocators to the contract"},
    {"run", run_main, "measure allocators on workloads"},
    {"series", series_main,
     "measure waste, metadata, growth, fragmentation, latency, locality, threads"},
    {"generate", generate_main, "write a synthetic workload as a trace"},
    {"inspect", inspect_main, "tell what a trace asks of an allocator"},
    {"latency", latency_main, "tell how long calls of a workload take, and which were slowest"},
    {"lua", lua_main, "run a Lua 5.1 script on an allocator"},
    {"record", record_main, "record what a program asks of its allocator, as a trace"},
    {"sandbox", sandbox_main, "run untrusted Lua 5.1 scripts within limits"},
    {"cell", cell_main, NULL},
};

enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static int print_help(FILE *out, int status)
{
    fprintf(out, "Usage: heapbench COMMAND [OPTION...]\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (commands[i].summary) fprintf(out, "  %-10s%s\n", commands[i].name, commands[i].summary);
    }
    fprintf(out, "\nheapbench COMMAND --help tells a command's options; --version the version.\n");
    return status;
}

static int refuse(const char *name)
{
    char advice[128], line[256];
    struct nearest nearest = {.wanted = name};
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (commands[i].summary) nearest_offer(&nearest, commands[i].name);
    }
    snprintf(line, sizeof line, "no command is called `%.64s`%s (heapbench --help)", name,
             nearest_advice(&nearest, advice, sizeof advice));
    return command_fail(2, line);
}

/* A closed standard stream's number would go to the next file opened, runs.csv perhaps. */
static void fill_standard_streams(void)
{
    int file;
    while ((file = open("/dev/null", O_RDWR)) >= 0 && file <= STDERR_FILENO) continue;
    if (file > STDERR_FILENO) close(file);
}

int main(int argc, char **argv)
{
    fill_standard_streams();
    if (argc < 2) return print_help(stderr, 2);
    /* A cell is started with the command as its own first argument. */
    int first = strcmp(argv[0], "cell") ? 1 : 0;
    const char *name = argv[first];
    if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")) {
        return print_help(stdout, 0);
    }
    if (!strcmp(name, "--version")) return printf("heapbench %s\n", HEAPBENCH_VERSION), 0;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (!strcmp(commands[i].name, name)) return commands[i].main(argc - first, argv + first);
    }
    return refuse(name);
}
