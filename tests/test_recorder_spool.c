/* What a recorder writes into windows is what is read from them: a Lua state's calls, to the call
 * and to the byte, through several windows; and its collector, where the state is known. */
#include "heap_test.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdlib.h>

#include "../allocators/wrappers/count.h"
#include "../lalloc/lua_host.h"
#include "../recorder/image.h"
#include "../lalloc/lua_host.h"
#include "../recorder/lua_recorder.h"
#include "../recorder/spool_folder.h"

static char folder[SPOOL_FOLDER_BYTES];

static const char script[] = "local all = {} for i = 1, 60000 do all[i % 999 + 1] = {i .. ''} end";

static int begin(void **state)
{
    struct error error;
    (void)state;
    return !spool_folder_make(folder, &error);
}

static int end(void **state)
{
    (void)state;
    spool_folder_remove(folder);
    return access(folder, F_OK) == 0;
}

static void convert(struct conversion *conversion, struct image *image)
{
    size_t count;
    const struct raw_event *events;
    while ((events = image_events(image, folder, &count))) {
        for (size_t i = 0; i < count; i++) assert_true(conversion_add(conversion, &events[i]));
        image_pass(image, count);
    }
}

static void run_recorded(struct heap *heap)
{
    static struct lua_recorder recorder;
    static struct lua_host host;
    assert_true(lua_recorder_open(&recorder, heap, folder, "x/script.lua"));
    lua_State *L = lua_newstate(recorder.heap.resize, recorder.heap.state);
    lua_host_watch(&host, heap, L);
    heap_mark(&recorder.heap, HEAP_FRAME, 17);
    assert_int_equal(luaL_dostring(L, script), 0);
    heap_mark(&recorder.heap, HEAP_CLOSING, 0);
    lua_host_detach(&host);
    lua_close(L);
}

static size_t count_marks(const struct trace *trace, enum trace_mark mark)
{
    size_t count = 0;
    for (size_t i = 0; i < trace->event_count; i++) {
        const struct trace_event *event = &trace->events[i];
        count += event->slot == TRACE_MARK && event->old_size == mark;
    }
    return count;
}

static void a_trace_has_the_calls_and_bytes_that_the_heap_has_counted(void **state)
{
    struct error error;
    struct trace trace;
    struct image image = {.process = (uint32_t)getpid()};
    struct conversion conversion = {.trace = &trace};
    struct heap *heap = count_open("libc", &error);
    (void)state;
    trace_open(&trace);
    run_recorded(heap);
    assert_true(image_begin(&image, folder));
    assert_string_equal(image.program, "script.lua");
    convert(&conversion, &image);
    const struct call_counts *counts = count_calls(heap);
    assert_true(trace.operation_count > SPOOL_WINDOW_EVENTS);
    assert_int_equal(trace.operation_count, count_all_calls(counts));
    assert_int_equal(trace.peak_live_bytes, counts->peak_live_bytes);
    assert_int_equal(trace.allocated_bytes, counts->allocated_bytes);
    assert_int_equal(trace.live_bytes, 0);
    assert_int_equal(conversion.losses.unknown_blocks + conversion.losses.unseen_frees, 0);
    assert_int_equal(count_marks(&trace, MARK_STATE), 2);
    assert_int_equal(count_marks(&trace, MARK_FRAME), 1);
    assert_true(count_marks(&trace, MARK_COLLECTION) >= 4);
    image_end(&image, folder);
    conversion_close(&conversion);
    trace_close(&trace);
    heap_close(heap);
}

/* Told by the host at each call: every phase is met, in the order of a cycle. */
static unsigned phases_met;

static void *resize_and_ask(void *state, void *block, size_t old_size, size_t new_size)
{
    struct heap *heap = state;
    const struct host *host = heap->host;
    if (host->collector) phases_met |= 1u << host->collector(host->program);
    return heap->resize(heap->state, block, old_size, new_size);
}

static void the_host_tells_what_the_collector_is_at(void **state)
{
    struct heap *heap = open_spec("libc");
    struct lua_host host = {0};
    (void)state;
    lua_State *L = lua_newstate(resize_and_ask, heap);
    lua_host_watch(&host, heap, L);
    assert_non_null(heap->host->collector);
    assert_int_equal(heap->host->collector(heap->host->program), COLLECTOR_RESTS);
    assert_int_equal(luaL_dostring(L, script), 0);
    unsigned sweeps = 1u << COLLECTOR_SWEEPS_STRINGS | 1u << COLLECTOR_SWEEPS;
    assert_int_equal(phases_met & sweeps, sweeps);
    assert_true(phases_met & 1u << COLLECTOR_MARKS);
    lua_host_detach(&host);
    assert_null(heap->host->collector);
    lua_close(L);
    heap_close(heap);
}

static void an_image_without_a_folder_records_nothing_and_runs(void **state)
{
    static struct lua_recorder recorder;
    struct heap *heap = open_spec("libc");
    (void)state;
    assert_false(lua_recorder_open(&recorder, heap, "/no/such/folder", "script.lua"));
    lua_State *L = lua_newstate(recorder.heap.resize, recorder.heap.state);
    assert_int_equal(luaL_dostring(L, script), 0);
    lua_close(L);
    heap_close(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trace_has_the_calls_and_bytes_that_the_heap_has_counted),
        cmocka_unit_test(the_host_tells_what_the_collector_is_at),
        cmocka_unit_test(an_image_without_a_folder_records_nothing_and_runs),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
