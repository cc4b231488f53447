/* Events in memory are one part, all of them; those of a long file as many as its reader decodes at
 * once. A file's head is believed for the room it asks for, as pages cost nothing until they are
 * written, and its reader refuses a file with more events than its head says. */
#include "source.h"

#include <assert.h>
#include <string.h>

#include "../../allocators/pages.h"
#include "../family.h"
#include "../traces/about.h"
#include "../random.h"

/* A processor that has done other work for so long has forgotten all of a malloc. */
enum { OUTSIDE_MOST_NS = 1000 };

static bool has_memory(const struct workload *workload, bool is_had, struct error *error)
{
    if (is_had || *error->text) return is_had;
    return error_set(error, "%s: not enough memory for its trace", workload->name);
}

static bool generate(struct trace_source *source, const struct workload *workload,
                     const struct replay_options *options, uint64_t seed, struct error *error)
{
    struct random random;
    struct trace *trace = &source->trace;
    random_seed(&random, options->seed ? options->seed : seed);
    bool is_whole = workload->family
                        ? workload->family->generate(trace, &options->family, &random, error)
                        : workload->generate(trace, &random);
    if (!has_memory(workload, is_whole && !trace->is_full, error)) return false;
    unsigned threads = workload->family ? workload->family->threads : 1;
    source->touches_blocks = trace->touches_blocks;
    source->slot_count = trace->slot_count;
    source->thread_count = threads ? threads : 1;
    source->operation_count = trace->operation_count;
    return true;
}

static bool read_whole(struct trace_source *source, const struct workload *workload,
                       struct error *error)
{
    struct trace *trace = &source->trace;
    const struct trace_event *events;
    size_t count, most = trace_reader_totals(source->reader)->event_count;
    trace->events = pages_map((most + 1) * sizeof *trace->events);
    if (!has_memory(workload, trace->events != NULL, error)) return false;
    trace->event_capacity = most + 1;
    trace->slot_count = source->slot_count; /* its sizes alone are needed for building */
    while ((count = trace_reader_next(source->reader, &events, error))) {
        assert(count <= most - trace->event_count);
        memcpy(trace->events + trace->event_count, events, count * sizeof *events);
        trace->event_count += count;
    }
    return *error->text == '\0';
}

static bool read_file(struct trace_source *source, const struct workload *workload,
                      const struct replay_options *options, struct error *error)
{
    source->reader = trace_reader_open(workload->path, error);
    if (source->reader == NULL) return false;
    const struct trace_totals *totals = trace_reader_totals(source->reader);
    uint64_t outside_ns = about_number(trace_reader_about(source->reader), TRACE_OUTSIDE);
    source->outside_ns = outside_ns < OUTSIDE_MOST_NS ? (uint32_t)outside_ns : OUTSIDE_MOST_NS;
    source->touches_blocks = totals->touches_blocks;
    source->slot_count = totals->slot_count;
    source->thread_count = totals->thread_count ? totals->thread_count : 1;
    source->operation_count = totals->operation_count;
    if (totals->event_count > options->memory_bytes / sizeof(struct trace_event)) return true;
    if (!read_whole(source, workload, error)) return false;
    trace_reader_close(source->reader);
    source->reader = NULL;
    return true;
}

bool trace_source_open(struct trace_source *source, const struct workload *workload,
                       const struct replay_options *options, uint64_t seed, struct error *error)
{
    error->text[0] = '\0';
    *source = (struct trace_source){0};
    trace_open(&source->trace);
    bool is_open = *workload->path ? read_file(source, workload, options, error)
                                   : generate(source, workload, options, seed, error);
    if (!is_open) trace_source_close(source);
    return is_open;
}

size_t trace_source_next(struct trace_source *source, const struct trace_event **events,
                         struct error *error)
{
    error->text[0] = '\0';
    if (source->reader != NULL) return trace_reader_next(source->reader, events, error);
    *events = source->trace.events;
    size_t count = source->has_given ? 0 : source->trace.event_count;
    source->has_given = true;
    return count;
}

void trace_source_rewind(struct trace_source *source)
{
    source->has_given = false;
    if (source->reader != NULL) trace_reader_rewind(source->reader);
}

void trace_source_close(struct trace_source *source)
{
    trace_reader_close(source->reader);
    trace_close(&source->trace);
    *source = (struct trace_source){0};
}
