/* Files are digested here, in the parent: a child under test is not asked what it is made of. */
#include "identify.h"

#include <sha256.h>
#include <stdio.h>
#include <string.h>

enum { IDENTIFY_TIMEOUT_SECONDS = 20 };

static void digest_file(const char *file, char digest[DIGEST_LENGTH])
{
    if (!*file || !SHA256File(file, digest)) digest[0] = '\0';
}

static bool ask(struct cell_request request, struct cell_result *result, struct provenance *out,
                struct error *error)
{
    request.workload = "";
    request.cpu = -1;
    request.timeout_seconds = IDENTIFY_TIMEOUT_SECONDS;
    memset(result, 0, sizeof *result);
    if (!cell_spawn(&request, result, error)) return false;
    out->is_available = result->outcome == OUTCOME_OK;
    snprintf(out->reason, sizeof out->reason, "%s", result->error.text);
    return true;
}

bool identify_spec(const char *spec, struct provenance *out, struct error *error)
{
    struct cell_result result;
    struct cell_request request = {.mode = CELL_IDENTIFY, .spec = spec, .path = ""};
    if (!ask(request, &result, out, error)) return false;
    snprintf(out->file, sizeof out->file, "%s", result.identity.file);
    snprintf(out->version, sizeof out->version, "%s", result.identity.version);
    snprintf(out->backing_file, sizeof out->backing_file, "%s", result.backing.file);
    digest_file(out->file, out->digest);
    digest_file(out->backing_file, out->backing_digest);
    return true;
}

static bool read_change(const char *file, struct timespec *out)
{
    struct stat status;
    if (stat(file, &status)) return false;
    *out = status.st_mtim;
    return true;
}

bool identify_workload(const struct workload *workload, struct provenance *out, struct error *error)
{
    struct cell_result result;
    struct cell_request request = {.mode = CELL_REQUIRE, .spec = "", .path = workload->path};
    out->is_available = true;
    if (!*workload->path) return true;
    snprintf(out->file, sizeof out->file, "%s", workload->path);
    read_change(out->file, &out->changed);
    digest_file(out->file, out->digest);
    bool is_asked = *workload->needs || *workload->fault;
    return !is_asked || ask(request, &result, out, error);
}

bool identify_is_same(const struct provenance *provenance)
{
    struct timespec now;
    if (!provenance->changed.tv_sec) return true;
    return read_change(provenance->file, &now) && now.tv_sec == provenance->changed.tv_sec &&
           now.tv_nsec == provenance->changed.tv_nsec;
}
