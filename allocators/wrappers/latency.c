/* Times each call, or every Nth, by the host's clock, and keeps a histogram for each kind of call.
 *
 * Nothing is subtracted: every time contains one reading of the clock, whose cost is measured at
 * open and told beside the others as the floor. Queries pass without being timed. Cost: two
 * readings of the clock for a timed call, about 60 ns; a subtraction for others.
 */
#include "../pages.h"
#include "call.h"
#include "histogram.h"

enum { TIMED_KINDS = CALL_QUERY, CLOCK_READINGS = 1000 };

struct latency {
    struct wrapped wrapped;
    struct live live;
    size_t every, until_next; /* calls, queries not among them */
    uint64_t floor_ns;
    struct histogram histograms[TIMED_KINDS];
};

static const struct option_row options[] = {
    {"every", OPTION_COUNT, "1", 1, 1000000000, NULL, "time every Nth call alone"},
    {0},
};

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct latency *latency = heap;
    const struct host *host = latency->wrapped.inner->host;
    enum call_kind kind = call_kind_of(block, old_size, new_size);
    bool is_timed = kind != CALL_QUERY && --latency->until_next == 0;
    uint64_t start = is_timed ? host_now_ns(host) : 0;
    void *result = wrapped_resize(&latency->wrapped, block, old_size, new_size);
    if (is_timed) {
        histogram_note(&latency->histograms[kind], host_now_ns(host) - start);
        latency->until_next = latency->every;
    }
    if (call_is_granted(result, new_size)) live_note(&latency->live, block, old_size, new_size);
    return result;
}

/* The middle one of many readings right after each other. Uses a histogram that is still empty. */
static uint64_t measure_clock(const struct host *host, struct histogram *histogram)
{
    for (size_t i = 0; i < CLOCK_READINGS; i++) {
        uint64_t start = host_now_ns(host);
        histogram_note(histogram, host_now_ns(host) - start);
    }
    uint64_t middle = histogram_quantile(histogram, 0.5);
    *histogram = (struct histogram){0};
    return middle;
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    struct latency *latency = wrapped_open(self, inner, sizeof *latency, error);
    if (latency == NULL) return NULL;
    latency->every = latency->until_next = settings->values[0].number;
    latency->floor_ns = measure_clock(inner->host, &latency->histograms[CALL_NEW]);
    return latency;
}

static void close_heap(void *heap)
{
    pages_unmap(heap, sizeof(struct latency));
}

/* ---- figures: the clock's, then those of each kind */

enum { FIGURES = 6 };

#define NAMES(kind)                                                                             \
    {                                                                                           \
        kind " calls timed", kind " mean", kind " p50", kind " p99", kind " p99.9", kind " max" \
    }

static const char *const names[TIMED_KINDS][FIGURES] = {
    [CALL_NEW] = NAMES("new"),
    [CALL_GROW] = NAMES("grow"),
    [CALL_SHRINK] = NAMES("shrink"),
    [CALL_FREE] = NAMES("free"),
};

static double value_of(const struct histogram *histogram, size_t figure)
{
    switch (figure) {
    case 0: return (double)histogram->count;
    case 1: return histogram_mean(histogram);
    case 2: return (double)histogram_quantile(histogram, 0.5);
    case 3: return (double)histogram_quantile(histogram, 0.99);
    case 4: return (double)histogram_quantile(histogram, 0.999);
    default: return (double)histogram->maximum;
    }
}

static bool read_figure(const void *heap, size_t index, struct heap_figure *out)
{
    const struct latency *latency = heap;
    size_t kind = (index - 1) / FIGURES, figure = (index - 1) % FIGURES;
    if (index > TIMED_KINDS * FIGURES) return false;
    if (index == 0) {
        *out = (struct heap_figure){"a reading of the clock", "ns", (double)latency->floor_ns};
    } else {
        *out = (struct heap_figure){names[kind][figure], figure == 0 ? "count" : "ns",
                                    value_of(&latency->histograms[kind], figure)};
    }
    return true;
}

const struct allocator allocator_latency = {
    .name = "latency",
    .summary = "times each call",
    .traits = TRAIT_WRAPPER,
    .alignment = 16,
    .options = options,
    .wrapper = &live_methods,
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
    .statistics = live_statistics,
    .figure = read_figure,
};
