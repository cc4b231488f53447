/* A layer over the heap that writes down each call that succeeded. One thread, so the events are in
 * the order of the calls; a call that failed has changed nothing and is left out. Collector phases
 * are compared at every call: one load and one comparison. */
#include "lua_recorder.h"

#include <stdint.h>

static void write_event(struct lua_recorder *recorder, enum raw_kind kind, const void *old_block,
                        const void *new_block, size_t bytes)
{
    struct raw_event *event = spool_take(&recorder->spool);
    if (!event) return;
    event->old_address = (uintptr_t)old_block;
    event->new_address = (uintptr_t)new_block;
    event->new_size = bytes;
    event->outside = recorder->outside;
    recorder->outside = 0;
    spool_publish(event, kind);
}

static void look_at_collector(struct lua_recorder *recorder)
{
    const struct host *host = recorder->heap.host;
    if (!host->collector) return;
    enum collector_phase phase = host->collector(host->program);
    if (phase == recorder->phase) return;
    recorder->phase = phase;
    write_event(recorder, RAW_COLLECT, NULL, NULL, phase);
}

static void *pass(struct lua_recorder *recorder, void *block, size_t old_size, size_t new_size)
{
    const struct heap *inner = recorder->heap.inner;
    look_at_collector(recorder);
    if (new_size == 0) {
        write_event(recorder, block ? RAW_FREE : RAW_QUERY, block, NULL, 0);
        return inner->resize(inner->state, block, old_size, 0);
    }
    void *moved = inner->resize(inner->state, block, old_size, new_size);
    if (moved) write_event(recorder, block ? RAW_RESIZE : RAW_NEW, block, moved, new_size);
    return moved;
}

static void *resize(void *state, void *block, size_t old_size, size_t new_size)
{
    struct lua_recorder *recorder = state;
    recorder->outside = outside_end(&recorder->clock);
    void *moved = pass(recorder, block, old_size, new_size);
    outside_begin(&recorder->clock);
    return moved;
}

static void note_mark(void *state, enum heap_mark mark, size_t number)
{
    static const enum raw_kind kinds[] = {
        [HEAP_FRAME] = RAW_FRAME, [HEAP_PHASE] = RAW_PHASE, [HEAP_CLOSING] = RAW_STATE};
    write_event(state, kinds[mark], NULL, NULL, mark == HEAP_CLOSING ? 0 : number);
}

static const struct wrapper_methods methods = {.mark = note_mark};
static const struct allocator allocator_recorder = {
    .name = "recorder",
    .summary = "writes calls into a spool",
    .wrapper = &methods,
    .resize = resize,
};

bool lua_recorder_open(struct lua_recorder *recorder, struct heap *inner, const char *folder,
                       const char *script)
{
    *recorder = (struct lua_recorder){.heap = {.allocator = &allocator_recorder,
                                               .resize = resize,
                                               .state = recorder,
                                               .inner = inner,
                                               .host = inner->host}};
    bool is_begun = spool_begin(&recorder->spool, folder, script);
    write_event(recorder, RAW_STATE, NULL, NULL, 1);
    return is_begun;
}
