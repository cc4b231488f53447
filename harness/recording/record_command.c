/* `heapbench record`: runs a program as it would run without, and turns what its recorder writes
 * into traces meanwhile. Nothing is written to standard output; the program's own streams, folder
 * and exit status are its own. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../allocators/text.h"
#include "../../recorder/program.h"
#include "../../recorder/spool_folder.h"
#include "../child.h"
#include "../command.h"
#include "record_child.h"
#include "record_outcome.h"
#include "replay_error.h"
#include "../lua/tunables.h"

struct record_command {
    const char *output, *only;
    bool is_quiet, is_command, is_verified;
    unsigned verify_rounds;
    struct record_child child;
    struct workload workload; /* where it is no script's path */
    char library[PATH_MAX];
    char about[TRACE_ABOUT_MAXIMUM];
};

enum { KEY_ONLY = 256, KEY_VERIFY };

static void take_arguments(struct record_command *command, struct argp_state *state)
{
    int first = state->next - 1;
    command->is_command = state->quoted > 0 && state->quoted <= first;
    command->child.arguments = &state->argv[first];
    command->child.argument_count = state->argc - first;
    state->next = state->argc;
}

static error_t take_option(int key, char *value, struct argp_state *state)
{
    struct record_command *command = state->input;
    switch (key) {
    case 'o': command->output = value; return 0;
    case 'a': command->child.spec = value; return 0;
    case 'q': command->is_quiet = true; return 0;
    case KEY_ONLY: command->only = value; return 0;
    case KEY_VERIFY:
        command->is_verified = true;
        if (!value) return 0;
        command->verify_rounds =
            (unsigned)command_number(value, "verify", 1, REPLAY_ERROR_ROUNDS_MAXIMUM, state);
        return 0;
    case ARGP_KEY_ARG: take_arguments(command, state); return 0;
    case ARGP_KEY_END:
        if (!command->output) argp_failure(state, 2, 0, "into which file? -o FILE.hbt comes first");
        if (!command->child.arguments) {
            argp_failure(state, 2, 0, "record what? give a Lua script, or -- and a command");
        }
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option rows[] = {
    {"output", 'o', "FILE", 0, "the trace to write; further programs get FILE.2.hbt and so on", 0},
    {"allocator", 'a', "SPEC", 0, "the heap that a script runs on (default libc)", 0},
    {"only", KEY_ONLY, "NAME", 0,
     "of a command's programs keep those called NAME alone: cc1 of a gcc, say", 0},
    {"verify", KEY_VERIFY, "ROUNDS", OPTION_ARG_OPTIONAL,
     "measure program and trace side by side on five allocators, and tell how far the replay is "
     "from the run: of a workload, or of a script without arguments, run as workloads are "
     "(standard 15 rounds)",
     0},
    {"quiet", 'q', NULL, 0, "say nothing but what went wrong", 0},
    {0},
};

static const struct argp record_argp = {
    rows,
    take_option,
    "SCRIPT [ARGS...]\nWORKLOAD\n-- COMMAND [ARGS...]",
    "Record what a program asks of its allocator, as a trace to inspect and to replay.\v"
    "A Lua 5.1 script runs as `heapbench lua` runs it, and old sizes and collector are recorded "
    "exactly; a Lua workload of this suite is recorded by its name. Behind -- stands any command "
    "of dynamically linked programs, whose calls to malloc and its family are recorded by "
    "preloading a library, in all its threads and in all processes that it starts. A process "
    "that clears its environment starts processes that are not recorded; nor are programs that "
    "are statically linked, setuid, or bring their own malloc. Exit status: the program's; 128 "
    "and the signal that ended it; 1 when not all was recorded.",
    NULL,
    NULL,
    NULL,
};

/* ---- before the program runs */

/* A folder in the list of what is preloaded may hold no separator. */
static bool find_library(struct record_command *command, struct error *error)
{
    ssize_t length = readlink("/proc/self/exe", command->library, PATH_MAX - 64);
    if (length < 0) return error_set(error, "/proc/self/exe: %s", strerror(errno));
    command->library[length] = '\0';
    strcpy(strrchr(command->library, '/') + 1, "libheapbench-record.so");
    if (access(command->library, R_OK)) {
        return error_set(error, "%s: %s; `make` builds it", command->library, strerror(errno));
    }
    if (!strpbrk(command->library, ": \t\n")) return true;
    return error_set(error,
                     "%s: cannot be preloaded from a folder with a space or a colon in its "
                     "name",
                     command->library);
}

/* A program or a trace given as a script would be told of as Lua that cannot be parsed. */
static bool is_text(const char *script)
{
    char first = '\n';
    FILE *file = strcmp(script, "-") ? fopen(script, "re") : NULL;
    size_t got = file ? fread(&first, 1, 1, file) : 0;
    if (file) fclose(file);
    return got == 0 || ((unsigned char)first < 0x7f && first != '\33');
}

static bool check_workload(struct record_command *command, struct error *error)
{
    const char *name = command->child.arguments[0];
    if (!workload_find(name, &command->workload, error)) return false;
    command->child.workload = &command->workload;
    return command->workload.kind->is_program ||
           error_set(error, "%s is a trace already (heapbench generate writes a synthetic one)",
                     name);
}

static bool check_script(struct record_command *command, struct error *error)
{
    const char *script = command->child.arguments[0];
    struct spec_description description;
    if (!spec_describe(command->child.spec, &description, error)) return false;
    if (description.traits & TRAIT_REPLAY_ONLY) {
        return error_set(error, "null hands out overlapping blocks: it can only replay traces");
    }
    if (command->only) return error_set(error, "--only is for commands; a script is one program");
    bool is_there = !strcmp(script, "-") || access(script, R_OK) == 0;
    if (is_there && !is_text(script)) {
        return error_set(error, "%s: no Lua script; is it a command? put -- before it", script);
    }
    if (is_there && !command->is_verified) return true;
    int why = errno;
    if (command->child.argument_count == 1 && check_workload(command, error)) return true;
    if (command->child.workload) return false;
    if (is_there) return error_set(error, "--verify takes a workload, or a script alone");
    return error_set(error, "%s: %s; is it a command? put -- before it", script, strerror(why));
}

static bool check(struct record_command *command, struct error *error)
{
    if (!command_check_trace_output(command->output, error)) return false;
    if (!command->is_command) {
        if (!command->child.spec) command->child.spec = "libc";
        return check_script(command, error);
    }
    command->child.library = command->library;
    if (command->is_verified) return error_set(error, "--verify is for Lua programs");
    if (command->child.spec) {
        return error_set(error, "-a is for scripts; a command's malloc is preloaded: "
                                "LD_PRELOAD=... heapbench record ...");
    }
    return program_is_recordable(command->child.arguments[0], error) &&
           find_library(command, error);
}

static void describe(struct record_command *command)
{
    struct text about = text_in(command->about, sizeof command->about / 2);
    const char *preloaded = getenv("LD_PRELOAD");
    const char *heap = command->child.spec;
    if (!heap) heap = preloaded && *preloaded ? preloaded : "libc";
    text_add(&about, "recorder: %s\nheap: %.400s\nheapbench: %s\ncommand:",
             command->is_command ? "preload" : "lua", heap, HEAPBENCH_VERSION);
    char *start = about.at;
    for (int i = 0; i < command->child.argument_count; i++) {
        text_add(&about, " %s", command->child.arguments[i]);
    }
    for (; *start; start++) {
        if ((unsigned char)*start < ' ' || *start == 0x7f) *start = ' ';
    }
    strcpy(about.at, "\n");
}

/* ---- while it runs, and after */

static void gather(void *argument)
{
    harvest_gather(argument);
}

static int status_of(int wait_status, const struct record_command *command)
{
    char text[512];
    if (WIFEXITED(wait_status)) return WEXITSTATUS(wait_status);
    int number = WTERMSIG(wait_status);
    snprintf(text, sizeof text, "%.300s: ended by signal %d (%s)", command->child.arguments[0],
             number, strsignal(number));
    return command_fail(128 + number, text);
}

static int run(struct record_command *command, pid_t process)
{
    struct harvest harvest = {.folder = command->child.folder,
                              .output = command->output,
                              .only = command->only,
                              .about = command->about,
                              .process = (uint32_t)process};
    int wait_status = record_child_wait(process, gather, &harvest);
    bool has_room = harvest_finish(&harvest);
    int status = status_of(wait_status, command);
    /* A script whose heap cannot be opened has said so, and was never run. */
    bool is_told = !command->is_command && status != 0 && harvest.image_count == 0;
    bool is_whole = is_told || record_outcome_tell(&harvest, command->is_quiet);
    harvest_close(&harvest);
    if (!has_room) return command_fail(1, "not enough memory to record");
    return is_whole ? status : 1;
}

static int verify(const struct record_command *command)
{
    struct error error = {""};
    bool is_good = replay_error_print(command->child.arguments[0], command->output,
                                      command->verify_rounds, stdout, &error);
    return is_good ? 0 : command_fail(1, error.text);
}

int record_main(int argc, char **argv)
{
    struct record_command command = {.verify_rounds = REPLAY_ERROR_ROUNDS};
    struct error error = {""};
    char *first = argv[0];
    command_parse(&record_argp, argc, argv, ARGP_IN_ORDER, &command);
    argv[0] = first;
    if (!check(&command, &error)) return command_fail(2, error.text);
    if (!command.is_command) tunables_start_again(command.child.spec, argv - 1);
    describe(&command);
    if (!spool_folder_make(command.child.folder, &error)) return command_fail(1, error.text);
    pid_t process = record_child_start(&command.child);
    int status = process < 0 ? command_fail(1, strerror(errno)) : run(&command, process);
    spool_folder_remove(command.child.folder);
    return status == 0 && command.is_verified ? verify(&command) : status;
}
