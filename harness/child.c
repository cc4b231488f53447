/* heapbench cell MODE SPEC WORKLOAD PATH SEED CPU OPERATIONS PARAMETER PEAK: read and written side
 * by side, so that both stay the same. */
#include "child.h"

#include <stdio.h>
#include <stdlib.h>

void child_write_arguments(const struct cell_request *request, struct child_arguments *out)
{
    snprintf(out->numbers[0], sizeof out->numbers[0], "%d", (int)request->mode);
    snprintf(out->numbers[1], sizeof out->numbers[1], "%llu", (unsigned long long)request->seed);
    snprintf(out->numbers[2], sizeof out->numbers[2], "%d", request->cpu);
    snprintf(out->numbers[3], sizeof out->numbers[3], "%llu",
             (unsigned long long)request->operations);
    snprintf(out->numbers[4], sizeof out->numbers[4], "%llu",
             (unsigned long long)request->parameter);
    snprintf(out->numbers[5], sizeof out->numbers[5], "%llu",
             (unsigned long long)request->peak_live_bytes);
    out->argv[0] = "cell";
    out->argv[1] = out->numbers[0];
    out->argv[2] = (char *)request->spec;
    out->argv[3] = (char *)request->workload;
    out->argv[4] = (char *)request->path;
    out->argv[5] = out->numbers[1];
    out->argv[6] = out->numbers[2];
    out->argv[7] = out->numbers[3];
    out->argv[8] = out->numbers[4];
    out->argv[9] = out->numbers[5];
    out->argv[10] = NULL;
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
        .operations = strtoull(argv[7], NULL, 10),
        .parameter = strtoull(argv[8], NULL, 10),
        .peak_live_bytes = strtoull(argv[9], NULL, 10),
    };
    return true;
}
