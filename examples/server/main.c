/* A server of scripts: server [FOLDER [REQUESTS]]
 *
 * Each request runs in a sandbox with a limit of its own; all of them share one budget. A request's
 * sandbox stays open as a session until its slot is wanted again. When the budget is used up, new
 * requests are rejected and the sessions go on. Some requests are hostile.
 */
#include <lalloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SESSIONS = 48, KINDS = 4, SCRIPT_BYTES = 4096, REJECTED = LALLOC_ERROR + 1 };

#define LIMIT_BYTES ((size_t)4 << 20)
#define BUDGET_BYTES ((size_t)32 << 20)
#define INSTRUCTIONS 500000

struct script {
    const char *name;
    char text[SCRIPT_BYTES];
    size_t length;
};

struct server {
    struct lalloc_budget *budget;
    struct lalloc_sandbox *sessions[SESSIONS]; /* NULL: free */
    struct script scripts[KINDS];
    size_t served[KINDS][REJECTED + 1]; /* by kind of request and outcome */
    size_t output_bytes, peak_resident_kib;
};

static const char *const names[KINDS] = {"page.lua", "session.lua", "bomb.lua", "loop.lua"};

static void stop(const char *what, const char *why)
{
    fprintf(stderr, "server: %s: %s\n", what, why);
    exit(1);
}

static size_t resident_kib(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*u %lu", &pages) != 1) stop("/proc/self/statm", "unreadable");
    fclose(file);
    return pages * ((size_t)sysconf(_SC_PAGESIZE) >> 10);
}

static void read_script(struct script *script, const char *folder, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (!file) stop(path, "cannot be read");
    script->name = name;
    script->length = fread(script->text, 1, sizeof script->text, file);
    fclose(file);
}

static void send_answer(void *outlet, const char *text, size_t length)
{
    struct server *server = outlet;
    (void)text;
    server->output_bytes += length;
}

static struct lalloc_sandbox *open_sandbox(struct server *server)
{
    const struct lalloc_sandbox_options options = {
        .spec = "hard-limit:collect+tiered",
        .memory = LIMIT_BYTES,
        .strict = true,
        .instructions = INSTRUCTIONS,
        .budget = server->budget,
        .write = send_answer,
        .outlet = server,
    };
    return lalloc_sandbox_open(&options, NULL, 0);
}

/* Out of memory below its own limit means that the others have taken it: the request may come back,
 * and is no fault of its script. */
static int outcome_of(const struct lalloc_sandbox_result *result)
{
    bool is_others =
        result->outcome == LALLOC_OUT_OF_MEMORY && result->peak_bytes < result->limit_bytes / 2;
    return is_others ? (int)REJECTED : (int)result->outcome;
}

/* A session that was refused memory is closed at once. */
static int serve(struct server *server, size_t number, const struct script *script)
{
    struct lalloc_sandbox **slot = &server->sessions[number % SESSIONS];
    struct lalloc_sandbox_result result;
    char header[64];
    lalloc_sandbox_close(*slot);
    *slot = open_sandbox(server);
    if (!*slot) return REJECTED;
    int length = snprintf(header, sizeof header, "request = %zu", number);
    lalloc_sandbox_run(*slot, "=header", header, (size_t)length, &result);
    if (result.outcome == LALLOC_FINISHED) {
        lalloc_sandbox_run(*slot, script->name, script->text, script->length, &result);
    }
    if (result.outcome != LALLOC_FINISHED) {
        lalloc_sandbox_close(*slot);
        *slot = NULL;
    }
    return outcome_of(&result);
}

static void serve_all(struct server *server, size_t count)
{
    for (size_t number = 0; number < count; number++) {
        size_t kind = number % 10 == 7 ? 2 : number % 10 == 9 ? 3 : number % 2;
        server->served[kind][serve(server, number, &server->scripts[kind])]++;
        size_t resident = resident_kib();
        if (resident > server->peak_resident_kib) server->peak_resident_kib = resident;
    }
}

static void print_outcomes(const struct server *server)
{
    printf("%-12s", "");
    for (int outcome = 0; outcome < REJECTED; outcome++) {
        printf("  %s", lalloc_outcome_name((enum lalloc_outcome)outcome));
    }
    printf("  rejected\n");
    for (size_t kind = 0; kind < KINDS; kind++) {
        printf("%-12s", server->scripts[kind].name);
        for (int outcome = 0; outcome < REJECTED; outcome++) {
            int width = (int)strlen(lalloc_outcome_name((enum lalloc_outcome)outcome)) + 2;
            printf("%*zu", width, server->served[kind][outcome]);
        }
        printf("%10zu\n", server->served[kind][REJECTED]);
    }
}

int main(int argument_count, char **arguments)
{
    static struct server server;
    struct lalloc_budget_statistics budget;
    const char *folder = argument_count > 1 ? arguments[1] : "server";
    for (size_t i = 0; i < KINDS; i++) read_script(&server.scripts[i], folder, names[i]);
    server.budget = lalloc_budget_open(BUDGET_BYTES);
    if (!server.budget) stop("budget", "the system refuses memory");
    size_t before = resident_kib();
    serve_all(&server, argument_count > 2 ? (size_t)atol(arguments[2]) : 400);
    for (size_t i = 0; i < SESSIONS; i++) lalloc_sandbox_close(server.sessions[i]);
    lalloc_budget_read(server.budget, &budget);
    print_outcomes(&server);
    printf("answered:  %zu bytes\n", server.output_bytes);
    printf("budget:    %zu KiB, at most %zu KiB used, %zu KiB now\n", budget.bytes >> 10,
           budget.peak_bytes >> 10, budget.used_bytes >> 10);
    printf("resident:  %zu KiB before, %zu KiB at the peak, %zu KiB after\n", before,
           server.peak_resident_kib, resident_kib());
    lalloc_budget_close(server.budget);
    return 0;
}
