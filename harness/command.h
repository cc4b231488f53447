/* The commands of heapbench. Each takes its own arguments, its name first, and returns the exit
 * status: 0, 1 for a failure, 2 for a mistake in the call. */
#ifndef COMMAND_H
#define COMMAND_H

#include <argp.h>

int run_main(int argc, char **argv);
int list_main(int argc, char **argv);
int lua_main(int argc, char **argv);
int check_main(int argc, char **argv);

/* Prints "heapbench: TEXT" as one line on standard error and returns the status. */
int command_fail(int status, const char *text);

/* argp_parse, with the nearest name offered for an option that does not exist. */
void command_parse(const struct argp *argp, int argc, char **argv, unsigned flags, void *input);

#endif
