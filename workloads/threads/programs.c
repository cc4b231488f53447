/* Names and options of programs of several threads, from programs.h alone.
 *
 * All have the same options, but for those whose threads have one life each. Bounds: the low end
 * of sizes has room for a stamp, the high end fits half of its word.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "../../allocators/settings.h"
#include "options.h"
#include "threads.h"

#define PROGRAM(name) extern const struct thread_program program_##name;
#include "programs.h"
#undef PROGRAM

static const struct thread_program *const programs[] = {
#define PROGRAM(name) &program_##name,
#include "programs.h"
#undef PROGRAM
};

enum { THREADS, REPLACEMENTS, BLOCKS, LOW, HIGH, LIVES, ROW_COUNT };

const struct option_row thread_option_rows[] = {
    [THREADS] = {"threads", OPTION_COUNT, "2", 1, CROWD_THREADS, NULL, "that work at a time"},
    [REPLACEMENTS] = {"replacements", OPTION_COUNT, "500000", 1, (size_t)1 << 40, NULL,
                      "of a block by a new one, by each thread"},
    [BLOCKS] = {"blocks", OPTION_COUNT, "1000", 1, 1 << 24, NULL,
                "alive at a time, or in queues, for each thread"},
    [LOW] = {"low", OPTION_BYTES, "16", HAND_LEAST_BYTES, 1 << 30, NULL, "the smallest block"},
    [HIGH] = {"high", OPTION_BYTES, "512", HAND_LEAST_BYTES, 1 << 30, NULL, "the largest block"},
    [LIVES] = {"lives", OPTION_COUNT, "100", 1, 1 << 20, NULL,
               "of scale-generations: threads that follow each other, for each of `threads`"},
    [ROW_COUNT] = {.name = NULL},
};

const struct thread_program *thread_program_at(size_t index)
{
    return index < sizeof programs / sizeof *programs ? programs[index] : NULL;
}

bool thread_program_describe(const char *name, size_t length, struct workload *out)
{
    const struct thread_program *program;
    for (size_t i = 0; (program = thread_program_at(i)); i++) {
        if (strlen(program->name) != length || strncmp(program->name, name, length)) continue;
        *out = (struct workload){.kind = &workload_kind_threads, .program = program};
        snprintf(out->name, sizeof out->name, "%s", program->name);
        snprintf(out->summary, sizeof out->summary, "%s", program->summary);
        return true;
    }
    return false;
}

static void choose_rows(const struct thread_program *program, struct option_row *rows)
{
    memcpy(rows, thread_option_rows, sizeof thread_option_rows);
    if (!program->has_lives) rows[LIVES].name = NULL;
}

bool thread_options_read(const struct workload *workload, struct crowd_settings *out,
                         struct error *error)
{
    struct option_row rows[ROW_COUNT + 1];
    char text[sizeof workload->options];
    struct settings settings = {.name = workload->name};
    choose_rows(workload->program, rows);
    snprintf(text, sizeof text, "%s", workload->options);
    if (!settings_parse(workload->program->name, rows, text, &settings, error)) return false;
    *out = (struct crowd_settings){
        .threads = settings.values[THREADS].number,
        .replacements = settings.values[REPLACEMENTS].number,
        .blocks = settings.values[BLOCKS].number,
        .low = settings.values[LOW].number,
        .high = settings.values[HIGH].number,
        .lives = workload->program->has_lives ? settings.values[LIVES].number : 1,
    };
    if (out->low <= out->high) return true;
    return error_set(error, "%s: low=%zu is above high=%zu", workload->program->name, out->low,
                     out->high);
}

bool thread_program_take_options(struct workload *workload, const char *options,
                                 struct error *error)
{
    struct crowd_settings settings;
    if (strlen(options) >= sizeof workload->options) {
        return error_set(error, "%s: its options have at most %zu characters", workload->name,
                         sizeof workload->options - 1);
    }
    snprintf(workload->options, sizeof workload->options, "%s", options);
    if (!thread_options_read(workload, &settings, error)) return false;
    workload->threads = (unsigned)settings.threads + 1;
    return true;
}
