/* The figures of a heap: the few that programs act on, and all of them for people. */
#include "handle.h"

#include <math.h>
#include <string.h>

#include "../allocators/limits/limit.h"
#include "../allocators/debugging/records.h"
#include "../allocators/wrappers/track.h"

enum { LEAK_GROUPS = 100 };

static void add_known(size_t *sum, size_t figure)
{
    if (figure == UNKNOWN) return;
    *sum = *sum == UNKNOWN ? figure : *sum + figure;
}

/* The pools of a stack add up: what a backing holds is not in the figures of the pool over it. A
 * backing that knows nothing of itself, like libc, holds at least what the pool has of it. */
static void add_pools(const struct heap *layer, struct lalloc_statistics *out)
{
    struct heap_statistics figures;
    for (; layer; layer = layer->inner) {
        if (layer->allocator->traits & TRAIT_WRAPPER) continue;
        heap_statistics(layer, &figures);
        add_known(&out->footprint_bytes, figures.footprint_bytes);
        add_known(&out->metadata_bytes, figures.metadata_bytes);
        add_known(&out->free_bytes, figures.free_bytes);
        if (!layer->inner) out->capacity_bytes = figures.capacity_bytes;
    }
}

/* Where no limit counts it. */
static size_t peak_of(const struct heap *layers)
{
    const struct heap *track = heap_layer((struct heap *)layers, allocator_track.name);
    return track ? track_calls(track)->peak_bytes : UNKNOWN;
}

void lalloc_statistics(const struct lalloc_heap *heap, struct lalloc_statistics *out)
{
    struct heap_statistics figures;
    struct limit_state limit;
    memset(out, 0xff, sizeof *out);
    heap_statistics(heap->layers, &figures);
    out->live_bytes = figures.live_bytes;
    out->live_blocks = figures.live_blocks;
    out->fault_count = heap->layers->host->fault_count;
    add_pools(heap->layers, out);
    if (!limit_read(heap->layers, &limit)) {
        out->peak_live_bytes = peak_of(heap->layers);
        return;
    }
    out->peak_live_bytes = limit.peak;
    out->limit_bytes = limit.limit;
    out->refused_calls = limit.refused;
}

size_t lalloc_check(struct lalloc_heap *heap)
{
    return heap_audit(heap->layers);
}

static void print_figure(FILE *out, const char *name, double value, const char *unit)
{
    if (!strcmp(unit, "count")) unit = "";
    int decimals = value == floor(value) ? 0 : 2;
    fprintf(out, "  %-28s %14.*f%s%s\n", name, decimals, value, *unit ? " " : "", unit);
}

static void print_bytes(FILE *out, const char *name, size_t figure)
{
    if (figure != UNKNOWN) print_figure(out, name, (double)figure, "bytes");
}

static void print_statistics(const struct heap *heap, FILE *out)
{
    struct heap_statistics figures;
    heap_statistics(heap, &figures);
    print_bytes(out, "live", figures.live_bytes);
    if (figures.live_blocks != UNKNOWN) {
        print_figure(out, "live blocks", (double)figures.live_blocks, "count");
    }
    print_bytes(out, "usable", figures.usable_bytes);
    print_bytes(out, "footprint", figures.footprint_bytes);
    print_bytes(out, "metadata", figures.metadata_bytes);
    print_bytes(out, "free", figures.free_bytes);
    print_bytes(out, "largest free", figures.largest_free_bytes);
    print_bytes(out, "capacity", figures.capacity_bytes);
    print_bytes(out, "live in the backing", figures.backing_live_bytes);
}

static void print_line(void *out, const char *text)
{
    fprintf(out, "  %s\n", text);
}

static void print_layer(const struct heap *layer, FILE *out)
{
    const struct allocator *allocator = layer->allocator;
    struct heap_figure figure;
    fprintf(out, "%s: %s\n", allocator->name, allocator->summary);
    if (!(allocator->traits & TRAIT_WRAPPER)) print_statistics(layer, out);
    for (size_t i = 0; allocator->figure && allocator->figure(layer->state, i, &figure); i++) {
        print_figure(out, figure.name, figure.value, figure.unit);
    }
    if (allocator->wrapper && allocator->wrapper->report) {
        allocator->wrapper->report(layer->state, print_line, out);
    }
}

void lalloc_report(const struct lalloc_heap *heap, FILE *out)
{
    struct lalloc_statistics totals;
    lalloc_statistics(heap, &totals);
    fprintf(out, "heap\n");
    print_bytes(out, "live", totals.live_bytes);
    print_bytes(out, "peak of live bytes", totals.peak_live_bytes);
    print_bytes(out, "limit", totals.limit_bytes);
    print_figure(out, "faults of the program", (double)totals.fault_count, "count");
    for (const struct heap *layer = heap->layers; layer; layer = layer->inner) {
        print_layer(layer, out);
    }
}

size_t lalloc_leaks(const struct lalloc_heap *heap, FILE *out)
{
    const struct heap *records = heap_layer(heap->layers, allocator_records.name);
    return records ? records_report_leaks(records, 0, LEAK_GROUPS, print_line, out)
                   : LALLOC_UNKNOWN;
}
