/* Warns once each time that use rises above a soft limit, refuses beyond 1.2 times it.
 *
 * With collections asked for, none is before the soft limit is passed. Cost: that of limit.c.
 */
#include "limit.h"

static const struct option_row options[] = {
    [LIMIT_BYTES] = LIMIT_BYTES_ROW("64M", "warn above it, refuse above 1.2 times it"),
    [LIMIT_COLLECT] = LIMIT_COLLECT_ROW,
    {0},
};

static void set_bounds(struct limit *limit)
{
    limit->soft = limit->nominal;
    limit->hard = limit->nominal + limit->nominal / 5;
}

static void notice(struct limit *limit, enum limit_event event, size_t bytes)
{
    if (event != LIMIT_ABOVE_SOFT) return;
    host_say(limit->wrapped.inner->host,
             "soft-limit: %zu bytes are used, above the soft limit of %zu; above %zu memory is "
             "refused",
             bytes, limit->soft, limit_with_leniency(limit, limit->hard));
}

static const struct limit_kind kind = {.set_bounds = set_bounds, .notice = notice};

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    struct limit *limit = limit_open(self, settings, inner, sizeof *limit, &kind, error);
    if (limit) limit_begin(limit);
    return limit;
}

static bool read_figure(const void *heap, size_t index, struct heap_figure *out)
{
    const struct limit *limit = heap;
    double use = limit->soft ? 100.0 * (double)limit->used / (double)limit->soft : 0;
    const struct heap_figure rows[] = {
        {"soft limit", "bytes", (double)limit->soft},
        {"use of the soft limit", "%", use},
        {"soft violations", "count", (double)limit->soft_violations},
        {"hard violations", "count", (double)limit->hard_violations},
    };
    if (limit_figure(heap, index, out)) return true;
    return wrapped_figure(rows, sizeof rows / sizeof *rows, index - LIMIT_FIGURES, out);
}

const struct allocator allocator_soft_limit = {
    .name = "soft-limit",
    .summary = "warns above a limit, refuses above 1.2 times it",
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
