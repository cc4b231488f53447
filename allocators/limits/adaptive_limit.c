/* A limit that follows the load: use above 0.9 of the base lowers it to 0.9 × base, use below 0.5
 * raises it to 1.2 × base.
 *
 * The clock is asked when use has moved by 1/64 of the base since it was asked last, and before
 * anything is refused: between these moments the load is what it was. Cost: that of limit.c.
 */
#include "limit.h"

enum { PERIOD = LIMIT_OPTIONS };

static const uint64_t NS_OF_MS = 1000000;

struct adaptive_limit {
    struct limit limit;
    uint64_t period_ns, looked_at;
    uint64_t looks, changes;
    bool has_looked;
};

static const struct option_row options[] = {
    [LIMIT_BYTES] = LIMIT_BYTES_ROW("64M", "the base, which 0.9 to 1.2 times are allowed of"),
    [LIMIT_COLLECT] = LIMIT_COLLECT_ROW,
    [PERIOD] = {"period", OPTION_COUNT, "1000", 1, 1000000000, NULL,
                "milliseconds between two looks at the load"},
    {0},
};

static size_t bound_for(size_t used, size_t base)
{
    if (used > base - base / 10) return base - base / 10;
    if (used < base / 2) return base + base / 5;
    return base;
}

static void set_bounds(struct limit *limit)
{
    limit->hard = limit->nominal;
    limit->stride = limit->nominal / 64 + 1;
}

static void look(struct limit *limit)
{
    struct adaptive_limit *adaptive = (struct adaptive_limit *)limit;
    uint64_t now = host_now_ns(limit->wrapped.inner->host);
    bool is_first = !adaptive->has_looked;
    if (!is_first && now - adaptive->looked_at < adaptive->period_ns) return;
    adaptive->has_looked = true;
    adaptive->looked_at = now;
    if (is_first) return; /* the first period begins */
    size_t bound = bound_for(limit->used, limit->nominal);
    adaptive->looks++;
    adaptive->changes += bound != limit->hard;
    limit->hard = bound;
}

static const struct limit_kind kind = {.set_bounds = set_bounds, .look = look};

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    struct adaptive_limit *adaptive =
        limit_open(self, settings, inner, sizeof *adaptive, &kind, error);
    if (!adaptive) return NULL;
    adaptive->period_ns = settings->values[PERIOD].number * NS_OF_MS;
    limit_begin(&adaptive->limit);
    return adaptive;
}

static bool read_figure(const void *heap, size_t index, struct heap_figure *out)
{
    const struct adaptive_limit *adaptive = heap;
    const struct limit *limit = &adaptive->limit;
    double load = limit->nominal ? 100.0 * (double)limit->used / (double)limit->nominal : 0;
    const struct heap_figure rows[] = {
        {"load", "%", load},
        {"looks at the load", "count", (double)adaptive->looks},
        {"changes of the limit", "count", (double)adaptive->changes},
    };
    if (limit_figure(heap, index, out)) return true;
    return wrapped_figure(rows, sizeof rows / sizeof *rows, index - LIMIT_FIGURES, out);
}

const struct allocator allocator_adaptive_limit = {
    .name = "adaptive-limit",
    .summary = "a limit that follows the load",
    .traits = TRAIT_WRAPPER | TRAIT_BOUNDED,
    .alignment = 16,
    .options = options,
    .wrapper = &limit_methods,
    .open = open_heap,
    .resize = limit_resize,
    .close = limit_close,
    .statistics = limit_statistics,
    .figure = read_figure,
};
