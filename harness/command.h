/* The commands of heapbench. Each takes its own arguments, its name first, and returns the exit
 * status: 0, 1 for a failure, 2 for a mistake in the call. */
#ifndef COMMAND_H
#define COMMAND_H

#include <argp.h>
#include <stdint.h>

#include "../allocators/allocator.h"
#include "names.h"

int run_main(int argc, char **argv);
int series_main(int argc, char **argv);
int list_main(int argc, char **argv);
int lua_main(int argc, char **argv);
int record_main(int argc, char **argv);
int check_main(int argc, char **argv);
int sandbox_main(int argc, char **argv);
int generate_main(int argc, char **argv);
int inspect_main(int argc, char **argv);
int latency_main(int argc, char **argv);

/* Prints "heapbench: TEXT" as one line on standard error and returns the status. */
int command_fail(int status, const char *text);

/* Seconds that one cell may take. */
enum { TIMEOUT_STANDARD = 60, TIMEOUT_MAXIMUM = 86400 };

/* For use while argp parses: each ends the process with one line when the value is wrong. */
uint64_t command_number(const char *text, const char *option, uint64_t minimum, uint64_t maximum,
                        struct argp_state *state);
void command_add_name(struct names *names, const char *name, struct argp_state *state);

/* False says why no trace can be written there; its name must end in .hbt, by which it is known. */
bool command_check_trace_output(const char *path, struct error *error);

/* argp_parse, with the nearest name offered for an option that does not exist. */
void command_parse(const struct argp *argp, int argc, char **argv, unsigned flags, void *input);

#endif
