/* What each allocator's code and each script really is: file, version and digest, found out by a
 * child process for each allocator, so that a library that hangs or crashes when loaded is a reason
 * for being unavailable and nothing worse. */
#include <errno.h>
#include <sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"

enum { IDENTIFY_TIMEOUT_SECONDS = 20 };

static void digest_file(struct provenance *provenance)
{
    if (!SHA256File(provenance->file, provenance->digest)) provenance->digest[0] = '\0';
}

static bool identify_contender(struct contender *contender, struct error *error)
{
    struct cell_result result = {0};
    struct provenance *provenance = &contender->provenance;
    struct cell_request request = {.mode = CELL_IDENTIFY,
                                   .spec = contender->spec,
                                   .workload = "",
                                   .path = "",
                                   .cpu = -1,
                                   .timeout_seconds = IDENTIFY_TIMEOUT_SECONDS};
    if (!cell_spawn(&request, &result, error)) return false;
    provenance->is_available = result.outcome == OUTCOME_OK;
    snprintf(provenance->reason, sizeof provenance->reason, "%s", result.error.text);
    snprintf(provenance->file, sizeof provenance->file, "%s", result.identity.file);
    snprintf(provenance->version, sizeof provenance->version, "%s", result.identity.version);
    digest_file(provenance);
    return true;
}

static void identify_task(struct task *task)
{
    struct error reason = {""};
    struct provenance *provenance = &task->provenance;
    provenance->is_available = workload_available(&task->workload, &reason);
    snprintf(provenance->reason, sizeof provenance->reason, "%s", reason.text);
    if (!*task->workload.path) return;
    snprintf(provenance->file, sizeof provenance->file, "%s", task->workload.path);
    digest_file(provenance);
}

bool plan_identify(struct plan *plan, struct error *error)
{
    for (size_t i = 0; i < plan->contender_count; i++) {
        if (!identify_contender(&plan->contenders[i], error)) return false;
    }
    for (size_t i = 0; i < plan->task_count; i++) identify_task(&plan->tasks[i]);
    return true;
}
