/* `heapbench list`: what there is, whether it can be had here, and what can be set. With --csv the
 * same as rows for scripts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../allocators/settings.h"
#include "../allocators/variants.h"
#include "../workloads/family.h"
#include "../workloads/replay/options.h"
#include "../workloads/threads/threads.h"
#include "command.h"
#include "plan.h"
#include "record.h"

struct list_options {
    bool is_csv;
    const char *what; /* NULL: everything but metrics */
};

static void print_csv(const char *const *fields, size_t count)
{
    char line[RECORD_LINE];
    char *at = line;
    for (size_t i = 0; i < count; i++) {
        if (i) *at++ = ',';
        at = record_format_text(at, fields[i]);
    }
    *at = '\0';
    puts(line);
}

static const char *describe_traits(const struct allocator *allocator, char *text, size_t length)
{
    static const char *const names[] = {"thread-safe", "bounded", "never reuses",
                                        "replay only", "wrapper", "by name"};
    size_t used = (size_t)snprintf(text, length, "%zu-byte aligned", allocator->alignment);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!(allocator->traits >> i & 1)) continue;
        used += (size_t)snprintf(text + used, length - used, ", %s", names[i]);
    }
    if (allocator->backing) {
        snprintf(text + used, length - used, ", backing %s", allocator->backing);
    }
    return text;
}

/* "ok", or the reason why not. A wrapper is tried over libc. */
static void find_availability(const struct allocator *allocator, char reason[REASON_LENGTH])
{
    char spec[128];
    struct error error = {""};
    struct provenance provenance = {0};
    bool is_wrapper = allocator->traits & TRAIT_WRAPPER;
    snprintf(spec, sizeof spec, "%s%s", allocator->name, is_wrapper ? "+libc" : "");
    bool is_asked = identify_spec(spec, &provenance, &error);
    const char *why = is_asked ? provenance.reason : error.text;
    snprintf(reason, REASON_LENGTH, "%s", provenance.is_available ? "ok" : why);
}

static void print_options(const struct option_row *option)
{
    char range[256];
    for (; option && option->name; option++) {
        printf("    :%s=%s  %s (%s)\n", option->name, *option->standard ? option->standard : "…",
               option->help, settings_range(option, range, sizeof range));
    }
}

static const char *options_text(const struct option_row *option, char *text, size_t length)
{
    size_t used = 0;
    text[0] = '\0';
    for (; option && option->name; option++) {
        used += (size_t)snprintf(text + used, length - used, "%s%s=%s", used ? " " : "",
                                 option->name, option->standard);
    }
    return text;
}

static void list_allocators(bool is_csv, bool wants_wrappers)
{
    char traits[256], reason[REASON_LENGTH], options[512];
    const struct allocator *allocator;
    if (is_csv) printf("name,available,traits,options,summary\n");
    else printf("%s\n", wants_wrappers ? "Wrappers (WRAPPER+ALLOCATOR)" : "Allocators");
    for (size_t i = 0; (allocator = registry_at(i)); i++) {
        if (!(allocator->traits & TRAIT_WRAPPER) == wants_wrappers) continue;
        find_availability(allocator, reason);
        describe_traits(allocator, traits, sizeof traits);
        if (is_csv) {
            print_csv(
                (const char *const[]){allocator->name, reason, traits,
                                      options_text(allocator->options, options, sizeof options),
                                      allocator->summary},
                5);
            continue;
        }
        printf("  %-14s %s\n%17s%s\n", allocator->name, allocator->summary, "", traits);
        if (strcmp(reason, "ok")) printf("%17sUNAVAILABLE: %s\n", "", reason);
        print_options(allocator->options);
    }
}

static void list_families(bool is_csv)
{
    char options[1024];
    const struct trace_family *family;
    if (is_csv) printf("name,threads,options,summary\n");
    else printf("Families of synthetic traces (NAME:option=value,...)\n");
    for (size_t i = 0; (family = family_at(i)); i++) {
        if (!is_csv) {
            printf("  %-16s %s\n", family->name, family->summary);
            print_options(family->options);
            continue;
        }
        char threads[16];
        snprintf(threads, sizeof threads, "%u", family->threads ? family->threads : 1);
        options_text(family->options, options, sizeof options);
        print_csv((const char *const[]){family->name, threads, options, family->summary}, 4);
    }
    if (is_csv) return;
    printf("Options of every trace, synthetic or recorded\n");
    print_options(replay_option_rows);
}

static void list_programs(bool is_csv)
{
    char options[512];
    const struct thread_program *program;
    if (is_csv) printf("name,options,summary\n");
    else printf("Programs of several threads (NAME:option=value,...)\n");
    options_text(thread_option_rows, options, sizeof options);
    for (size_t i = 0; (program = thread_program_at(i)); i++) {
        if (is_csv) print_csv((const char *const[]){program->name, options, program->summary}, 3);
        else printf("  %-18s %s\n", program->name, program->summary);
    }
    if (!is_csv) print_options(thread_option_rows);
}

static bool list_workloads(bool is_csv, struct error *error)
{
    const struct workload *list = workload_list(error);
    if (!list) return false;
    if (is_csv) printf("name,kind,available,summary\n");
    else
        printf(
            "Workloads (paths of Lua scripts and of traces, ./x.lua and ./x.hbt, are some, too)\n");
    for (const struct workload *at = list; *at->name; at++) {
        struct provenance found = {0};
        if (!identify_workload(at, &found, error)) return false;
        const char *reason = found.is_available ? "ok" : found.reason;
        if (is_csv) {
            print_csv((const char *const[]){at->name, at->kind->name, reason, at->summary}, 4);
            continue;
        }
        printf("  %-16s %-7s %s\n", at->name, at->kind->name, at->summary);
        if (!found.is_available) printf("%26sUNAVAILABLE: %s\n", "", reason);
    }
    free((void *)list);
    if (!is_csv) list_families(false), list_programs(false);
    return true;
}

static void list_metrics(bool is_csv)
{
    if (is_csv) printf("name,unit,meaning\n");
    else printf("Columns of runs.csv\n");
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        const struct metric_row *row = &metric_rows[i];
        if (is_csv) print_csv((const char *const[]){row->name, row->unit, row->meaning}, 3);
        else printf("  %-22s %-6s %s\n", row->name, row->unit, row->meaning);
    }
}

static void print_spec(void *is_csv, const char *spec)
{
    if (*(bool *)is_csv) print_csv(&spec, 1);
    else puts(spec);
}

static void list_specs(bool is_csv)
{
    if (is_csv) printf("name\n");
    variants_each(print_spec, &is_csv);
}

static error_t take_option(int key, char *value, struct argp_state *state)
{
    struct list_options *options = state->input;
    switch (key) {
    case 'c': options->is_csv = true; return 0;
    case ARGP_KEY_ARG:
        if (options->what) argp_failure(state, 2, 0, "one list at a time: `%s`?", value);
        options->what = value;
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option rows[] = {
    {"csv", 'c', NULL, 0, "rows for scripts, with the column `name` first", 0},
    {0},
};

static const struct argp list_argp = {
    rows,
    take_option,
    "[allocators|workloads|families|threads|wrappers|metrics|specs]",
    "Show what there is and whether it can be had here. `specs` are the local allocators and each "
    "of their policies and switches: what make soak and make fuzz go over.",
    NULL,
    NULL,
    NULL,
};

int list_main(int argc, char **argv)
{
    struct list_options options = {0};
    struct error error = {""};
    command_parse(&list_argp, argc, argv, 0, &options);
    bool wants_all = !options.what;
    const char *what = wants_all ? "" : options.what;
    if (wants_all && options.is_csv) what = "allocators";
    bool is_allocators = !strcmp(what, "allocators"), is_wrappers = !strcmp(what, "wrappers");
    bool is_workloads = !strcmp(what, "workloads"), is_metrics = !strcmp(what, "metrics");
    bool is_specs = !strcmp(what, "specs"), is_families = !strcmp(what, "families");
    bool is_programs = !strcmp(what, "threads");
    if (*what && !is_allocators && !is_wrappers && !is_workloads && !is_metrics && !is_specs &&
        !is_families && !is_programs) {
        error_set(&error,
                  "there is no list of `%s`: allocators, workloads, families, threads, wrappers, "
                  "metrics, specs",
                  what);
        return command_fail(2, error.text);
    }
    if (is_allocators || !*what) list_allocators(options.is_csv, false);
    if (is_wrappers || !*what) list_allocators(options.is_csv, true);
    if (is_metrics) list_metrics(options.is_csv);
    if (is_specs) list_specs(options.is_csv);
    if (is_families) list_families(options.is_csv);
    if (is_programs) list_programs(options.is_csv);
    bool is_done = (!is_workloads && *what) || list_workloads(options.is_csv, &error);
    if (!is_done) return command_fail(1, error.text);
    return fflush(stdout) ? command_fail(1, "standard output cannot be written") : 0;
}
