/* Compares live bytes with those of a period ago; where they have grown by more than the bound it
 * warns and asks the program to collect at its next safe point.
 *
 * The clock is asked once in CALLS_OF_A_LOOK growths, so a period ends that much late. The request
 * ends with the next look that finds no such growth. Cost: about 8 instructions a call.
 */
#include "../wrappers/wrapped.h"

#include "../pages.h"

enum { PERIOD, GROWTH };
enum { CALLS_OF_A_LOOK = 256 };

static const uint64_t NS_OF_MS = 1000000;

struct growth_monitor {
    struct wrapped wrapped;
    size_t live_bytes, growth_calls;
    size_t born, freed; /* blocks */
    size_t bound;       /* bytes of growth a period that are not warned of */
    size_t last_bytes;  /* live at the last look */
    uint64_t period_ns, looked_at;
    size_t looks, warnings, requests, largest_growth;
    bool has_looked, is_wanted, is_adopted;
};

static const struct option_row options[] = {
    [PERIOD] = {"period", OPTION_COUNT, "1000", 1, 1000000000, NULL,
                "milliseconds between two looks at live bytes"},
    [GROWTH] = {"growth", OPTION_BYTES, "1M", 1, (size_t)1 << 50, NULL,
                "growth in one period that is not warned of"},
    {0},
};

static void want_collection(struct growth_monitor *monitor, bool is_wanted)
{
    const struct host *host = monitor->wrapped.inner->host;
    if (!host->collect || (!is_wanted && !monitor->is_wanted)) return;
    host->collect(host->program, is_wanted);
    monitor->requests += is_wanted;
    monitor->is_wanted = is_wanted;
}

static void judge(struct growth_monitor *monitor, size_t growth, uint64_t elapsed_ns)
{
    bool is_too_much = growth > monitor->bound;
    if (growth > monitor->largest_growth) monitor->largest_growth = growth;
    if (is_too_much) {
        monitor->warnings++;
        host_say(monitor->wrapped.inner->host,
                 "growth-monitor: live bytes grew by %zu to %zu in %.3f s, %.0f a second", growth,
                 monitor->live_bytes, (double)elapsed_ns / 1e9,
                 elapsed_ns ? (double)growth * 1e9 / (double)elapsed_ns : 0);
    }
    want_collection(monitor, is_too_much);
}

static __attribute__((noinline)) void look(struct growth_monitor *monitor)
{
    uint64_t now = host_now_ns(monitor->wrapped.inner->host), elapsed = now - monitor->looked_at;
    size_t live = monitor->live_bytes;
    if (monitor->has_looked && elapsed < monitor->period_ns) return;
    if (monitor->has_looked) {
        monitor->looks++;
        judge(monitor, live > monitor->last_bytes ? live - monitor->last_bytes : 0, elapsed);
    }
    monitor->has_looked = true;
    monitor->looked_at = now;
    monitor->last_bytes = live;
}

static void *grow(struct growth_monitor *monitor, void *block, size_t old_size, size_t new_size)
{
    if (monitor->growth_calls++ % CALLS_OF_A_LOOK == 0) look(monitor);
    void *result = wrapped_resize(&monitor->wrapped, block, old_size, new_size);
    if (result == NULL) return NULL;
    monitor->born += block == NULL;
    monitor->live_bytes += new_size - old_size;
    return result;
}

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct growth_monitor *monitor = heap;
    if (block == NULL) return new_size ? grow(monitor, NULL, 0, new_size) : NULL;
    if (new_size > old_size) return grow(monitor, block, old_size, new_size);
    size_t given = old_size - new_size;
    monitor->freed += new_size == 0;
    monitor->live_bytes -= given < monitor->live_bytes ? given : monitor->live_bytes;
    return wrapped_resize(&monitor->wrapped, block, old_size, new_size);
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    struct growth_monitor *monitor = wrapped_open(self, inner, sizeof *monitor, error);
    if (!monitor) return NULL;
    monitor->period_ns = settings->values[PERIOD].number * NS_OF_MS;
    monitor->bound = settings->values[GROWTH].number;
    return monitor;
}

static void close_heap(void *heap)
{
    pages_unmap(heap, sizeof(struct growth_monitor));
}

static void adopt(void *heap, size_t live_bytes)
{
    struct growth_monitor *monitor = heap;
    monitor->live_bytes += live_bytes;
    monitor->is_adopted |= live_bytes > 0;
}

static void read_statistics(const void *heap, struct heap_statistics *out)
{
    const struct growth_monitor *monitor = heap;
    wrapped_statistics(heap, out);
    out->live_bytes = monitor->live_bytes;
    out->live_blocks = monitor->is_adopted ? UNKNOWN : monitor->born - monitor->freed;
}

static bool read_figure(const void *heap, size_t index, struct heap_figure *out)
{
    const struct growth_monitor *monitor = heap;
    const struct heap_figure rows[] = {
        {"looks", "count", (double)monitor->looks},
        {"warnings of growth", "count", (double)monitor->warnings},
        {"collections asked for", "count", (double)monitor->requests},
        {"largest growth in a period", "bytes", (double)monitor->largest_growth},
    };
    return wrapped_figure(rows, sizeof rows / sizeof *rows, index, out);
}

static const struct wrapper_methods methods = {.adopt = adopt};

const struct allocator allocator_growth_monitor = {
    .name = "growth-monitor",
    .summary = "warns when live bytes grow too fast",
    .traits = TRAIT_WRAPPER,
    .alignment = 16,
    .options = options,
    .wrapper = &methods,
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
    .statistics = read_statistics,
    .figure = read_figure,
};
