/* Two walks over the trace: the first counts, so that each array is taken once, the second places.
 *
 * Where threads run freely a block has a name of its own in the place of its slot, so that a slot
 * which one thread frees and another takes anew binds nobody. A name that was freed is used again
 * by the thread that freed it: then no thread ever waits for a name, only for a block that another
 * had last. Cost: 16 bytes an event, and 8 a name while replaying.
 */
#include "split.h"

#include <assert.h>

#include "../../allocators/pages.h"

/* What was last done to a name. */
struct history {
    uint32_t event; /* its position + 1; 0: none yet */
    uint32_t thread;
    uint32_t handovers; /* so far */
    uint32_t next_free; /* name + 1 */
};

struct splitter {
    struct split *split;
    enum thread_order order;
    bool has_visits;
    uint32_t thread;               /* that does what comes now */
    size_t *counts;                /* of each thread: events placed so far */
    uint32_t *first_free;          /* of each thread: name + 1 */
    uint32_t *names;               /* of each slot */
    struct history *histories;     /* of each name */
    size_t slot_count, name_count; /* name_count grows where names are given out */
};

static bool is_kept(const struct splitter *splitter, const struct trace_event *event)
{
    return event->slot != TRACE_MARK || (splitter->has_visits && event->old_size == MARK_VISIT);
}

static bool is_thread_mark(const struct trace_event *event)
{
    return event->slot == TRACE_MARK && event->old_size == MARK_THREAD;
}

struct counts {
    size_t kept, births, changes;
    uint32_t threads;
};

static void count(const struct splitter *splitter, const struct trace *trace, struct counts *out)
{
    *out = (struct counts){.changes = 1, .threads = 1};
    for (size_t i = 0; i < trace->event_count; i++) {
        const struct trace_event *event = &trace->events[i];
        bool is_call = event->slot != TRACE_MARK;
        out->kept += is_kept(splitter, event);
        out->births += is_call && event->old_size == 0;
        if (!is_thread_mark(event)) continue;
        out->changes++;
        if (event->new_size >= out->threads) out->threads = event->new_size + 1;
    }
}

/* ---- names */

static uint32_t take_name(struct splitter *splitter)
{
    uint32_t free_name = splitter->first_free[splitter->thread];
    if (free_name == 0) return (uint32_t)splitter->name_count++;
    splitter->first_free[splitter->thread] = splitter->histories[free_name - 1].next_free;
    return free_name - 1;
}

static void give_name(struct splitter *splitter, uint32_t name)
{
    splitter->histories[name].next_free = splitter->first_free[splitter->thread];
    splitter->first_free[splitter->thread] = name + 1;
}

static uint32_t name_of(struct splitter *splitter, const struct split_event *event)
{
    if (splitter->order != ORDER_FREE) return event->slot;
    uint32_t *name = &splitter->names[event->slot];
    bool is_birth = event->old_size == 0 && !(event->order & SPLIT_VISIT);
    if (is_birth) *name = take_name(splitter);
    return *name;
}

/* ---- who waits for whom */

static void bind_to_block(struct splitter *splitter, size_t position)
{
    struct split_event *events = splitter->split->events;
    struct history *history = &splitter->histories[events[position].slot];
    if (history->event != 0 && history->thread != splitter->thread) {
        events[history->event - 1].order |= SPLIT_HANDS_ON;
        assert(history->handovers < SPLIT_NUMBER);
        history->handovers++;
        events[position].order |= SPLIT_WAITS;
    }
    events[position].order |= history->handovers;
    history->event = (uint32_t)position + 1;
    history->thread = splitter->thread;
}

/* The first of a run waits for the run before it. */
static void bind_to_run(struct splitter *splitter, size_t position, bool is_first)
{
    struct split *split = splitter->split;
    size_t run = split->run_count - 1;
    assert(run < SPLIT_NUMBER);
    split->events[position].order |= (uint32_t)run;
    if (!is_first || run == 0) return;
    uint32_t former = split->runs[run - 1].thread;
    split->events[splitter->counts[former] - 1].order |= SPLIT_HANDS_ON;
    split->events[position].order |= SPLIT_WAITS;
}

/* True when it begins a run. */
static bool extend_run(struct splitter *splitter)
{
    struct split *split = splitter->split;
    struct split_run *last = split->run_count ? &split->runs[split->run_count - 1] : NULL;
    bool is_first = last == NULL || last->thread != splitter->thread;
    if (is_first) split->runs[split->run_count++] = (struct split_run){splitter->thread, 0};
    split->runs[split->run_count - 1].count++;
    return is_first;
}

static void place(struct splitter *splitter, const struct trace_event *event)
{
    struct split *split = splitter->split;
    struct split_event placed = {event->slot, event->old_size, event->new_size, 0};
    if (event->slot == TRACE_MARK)
        placed = (struct split_event){event->new_size, 0, 0, SPLIT_VISIT};
    bool is_first = extend_run(splitter);
    placed.slot = name_of(splitter, &placed);
    size_t position = splitter->counts[splitter->thread]++;
    split->events[position] = placed;
    if (splitter->order == ORDER_FREE) bind_to_block(splitter, position);
    else bind_to_run(splitter, position, is_first);
    if (placed.order & SPLIT_VISIT) return;
    held_note(&split->held, placed.slot, placed.new_size);
    if (splitter->order == ORDER_FREE && placed.new_size == 0) give_name(splitter, placed.slot);
}

static void place_all(struct splitter *splitter, const struct trace *trace)
{
    splitter->thread = 0;
    for (size_t i = 0; i < trace->event_count; i++) {
        const struct trace_event *event = &trace->events[i];
        if (is_thread_mark(event)) splitter->thread = event->new_size;
        if (is_kept(splitter, event)) place(splitter, event);
    }
}

/* ---- room */

static bool map_split(struct split *split, const struct counts *counts, size_t slot_count)
{
    split->event_count = counts->kept;
    split->thread_count = counts->threads;
    split->slot_count = slot_count;
    split->events = pages_map((counts->kept + 1) * sizeof *split->events);
    split->run_capacity = counts->changes;
    split->runs = pages_map(split->run_capacity * sizeof *split->runs);
    split->starts = pages_map((counts->threads + 1) * sizeof *split->starts);
    bool has_blocks = held_open(&split->held, slot_count);
    return split->events && split->runs && split->starts && has_blocks;
}

static size_t names_bytes(const struct splitter *splitter)
{
    return (splitter->slot_count + 1) * sizeof *splitter->names;
}

static size_t histories_bytes(const struct splitter *splitter)
{
    return (splitter->split->slot_count + 1) * sizeof *splitter->histories;
}

static bool map_splitter(struct splitter *splitter, uint32_t threads)
{
    splitter->names = pages_map(names_bytes(splitter));
    splitter->histories = pages_map(histories_bytes(splitter));
    splitter->counts = pages_map(threads * sizeof *splitter->counts);
    splitter->first_free = pages_map(threads * sizeof *splitter->first_free);
    return splitter->names && splitter->histories && splitter->counts && splitter->first_free;
}

static void unmap(void *pages, size_t bytes)
{
    if (pages) pages_unmap(pages, bytes);
}

static void unmap_splitter(struct splitter *splitter, uint32_t threads)
{
    unmap(splitter->names, names_bytes(splitter));
    unmap(splitter->histories, histories_bytes(splitter));
    unmap(splitter->counts, threads * sizeof *splitter->counts);
    unmap(splitter->first_free, threads * sizeof *splitter->first_free);
}

/* Where each thread's events begin, by counting them once more. */
static void find_starts(struct splitter *splitter, const struct trace *trace)
{
    size_t *starts = splitter->split->starts;
    uint32_t thread = 0;
    for (size_t i = 0; i < trace->event_count; i++) {
        if (is_thread_mark(&trace->events[i])) thread = trace->events[i].new_size;
        starts[thread + 1] += is_kept(splitter, &trace->events[i]);
    }
    for (uint32_t i = 0; i < splitter->split->thread_count; i++) {
        starts[i + 1] += starts[i];
        splitter->counts[i] = starts[i];
    }
}

bool split_open(struct split *split, const struct trace *trace, enum thread_order order,
                bool has_visits, uint32_t most_threads, struct error *error)
{
    struct counts counts;
    struct splitter splitter = {
        .split = split, .order = order, .has_visits = has_visits, .slot_count = trace->slot_count};
    *split = (struct split){0};
    count(&splitter, trace, &counts);
    if (counts.threads > most_threads || counts.threads == 0 || counts.kept >= UINT32_MAX) {
        return error_set(error,
                         "its %u threads and %zu calls are more than %u and 4 billion: take "
                         "order=one",
                         counts.threads, counts.kept, most_threads);
    }
    size_t slot_count = order == ORDER_FREE ? counts.births : trace->slot_count;
    bool is_mapped =
        map_split(split, &counts, slot_count) && map_splitter(&splitter, counts.threads);
    if (is_mapped) {
        find_starts(&splitter, trace);
        place_all(&splitter, trace);
    }
    unmap_splitter(&splitter, counts.threads);
    if (is_mapped) return true;
    split_close(split);
    return error_set(error, "not enough memory to split its events by threads");
}

void split_close(struct split *split)
{
    unmap(split->events, (split->event_count + 1) * sizeof *split->events);
    unmap(split->starts, (split->thread_count + 1) * sizeof *split->starts);
    unmap(split->runs, split->run_capacity * sizeof *split->runs);
    held_close(&split->held);
    *split = (struct split){0};
}
