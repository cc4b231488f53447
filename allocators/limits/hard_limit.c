/* Refuses what would go beyond so many bytes. Cost: that of limit.c. */
#include "limit.h"

enum { LENIENT = LIMIT_OPTIONS };

static const struct option_row options[] = {
    [LIMIT_BYTES] = LIMIT_BYTES_ROW("64M", "what would go beyond is refused"),
    [LIMIT_COLLECT] = LIMIT_COLLECT_ROW,
    [LENIENT] = {"lenient", OPTION_BOOLEAN, "no", 0, 1, NULL,
                 "refuse beyond 1.1 times the limit only, and count how often it is exceeded"},
    {0},
};

static void set_bounds(struct limit *limit)
{
    limit->hard = limit->nominal;
}

static const struct limit_kind kind = {.set_bounds = set_bounds};

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    struct limit *limit = limit_open(self, settings, inner, sizeof *limit, &kind, error);
    if (!limit) return NULL;
    limit->is_strict = !settings->values[LENIENT].number;
    limit_begin(limit);
    return limit;
}

static bool read_figure(const void *heap, size_t index, struct heap_figure *out)
{
    const struct limit *limit = heap;
    if (limit_figure(heap, index, out)) return true;
    if (index > LIMIT_FIGURES) return false;
    *out = (struct heap_figure){"hard violations", "count", (double)limit->hard_violations};
    return true;
}

const struct allocator allocator_hard_limit = {
    .name = "hard-limit",
    .summary = "refuses above a limit",
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
