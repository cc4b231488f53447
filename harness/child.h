/* How a cell's request becomes the child's arguments, and those a request again. */
#ifndef CHILD_H
#define CHILD_H

#include "cell.h"

#define HEAPBENCH_VERSION "0.1.0"

enum { CHILD_RESULT_FD = 3, CHILD_ARGUMENTS = 11 };

/* Texts of the numbers in a request, for as long as the arguments are used. */
struct child_arguments {
    char *argv[CHILD_ARGUMENTS];
    char numbers[6][24];
};

void child_write_arguments(const struct cell_request *request, struct child_arguments *out);

/* False when they are not what child_write_arguments writes. */
bool child_read_arguments(int argc, char **argv, struct cell_request *out);

#endif
