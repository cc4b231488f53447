/* heapbench cell MODE SPEC WORKLOAD PATH SEED CPU: read and written side by side, so that both stay
 * the same. */
#include "child.h"

#include <stdio.h>
#include <stdlib.h>

void child_write_arguments(const struct cell_request *request, struct child_arguments *out)
{
    snprintf(out->numbers[0], sizeof out->numbers[0], "%d", (int)request->mode);
    snprintf(out->numbers[1], sizeof out->numbers[1], "%llu", (unsigned long long)request->seed);
    snprintf(out->numbers[2], sizeof out->numbers[2], "%d", request->cpu);
    out->argv[0] = "cell";
    out->argv[1] = out->numbers[0];
    out->argv[2] = (char *)request->spec;
    out->argv[3] = (char *)request->workload;
    out->argv[4] = (char *)request->path;
    out->argv[5] = out->numbers[1];
    out->argv[6] = out->numbers[2];
    out->argv[7] = NULL;
}

bool child_read_arguments(int argc, char **argv, struct cell_request *out)
{
    if (argc != CHILD_ARGUMENTS - 1) return false;
    *out = (struct cell_request){
        .mode = (enum cell_mode)atoi(argv[1]),
        .spec = argv[2],
        .workload = argv[3],
        .path = argv[4],
        .seed = strtoull(argv[5], NULL, 10),
        .cpu = atoi(argv[6]),
    };
    return true;
}
