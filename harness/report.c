/* The report of an open heap: a figure that the allocator does not keep is left out. */
#include "report.h"

#include "../allocators/wrappers/count.h"

static void print_figure(FILE *out, const char *name, size_t value, const char *unit)
{
    if (value != UNKNOWN) fprintf(out, "  %-22s %14zu %s\n", name, value, unit);
}

static void print_ratio(FILE *out, const char *name, size_t part, size_t whole)
{
    if (part == UNKNOWN || whole == UNKNOWN || whole == 0) return;
    fprintf(out, "  %-22s %14.1f %%\n", name, 100.0 * (double)part / (double)whole);
}

static void print_statistics(FILE *out, const struct heap_statistics *statistics)
{
    print_figure(out, "live", statistics->live_bytes, "bytes");
    print_figure(out, "live", statistics->live_blocks, "blocks");
    print_figure(out, "usable", statistics->usable_bytes, "bytes");
    print_figure(out, "footprint", statistics->footprint_bytes, "bytes");
    print_figure(out, "metadata", statistics->metadata_bytes, "bytes");
    print_figure(out, "free", statistics->free_bytes, "bytes");
    print_figure(out, "largest free", statistics->largest_free_bytes, "bytes");
    print_figure(out, "passed to the backing", statistics->backing_calls, "requests");
    print_figure(out, "held by the backing", statistics->backing_live_bytes, "bytes");
    print_ratio(out, "live of usable", statistics->live_bytes, statistics->usable_bytes);
}

static void print_tiers(FILE *out, const struct heap *heap)
{
    struct tier_statistics tier;
    if (!heap->allocator->tier) return;
    fprintf(out, "  %10s %10s %10s %10s %7s\n", "size", "total", "used", "free", "usage");
    for (size_t i = 0; heap->allocator->tier(heap->state, i, &tier); i++) {
        double usage =
            tier.total_blocks ? 100.0 * (double)tier.used_blocks / (double)tier.total_blocks : 0;
        fprintf(out, "  %10zu %10zu %10zu %10zu %6.1f%%\n", tier.block_bytes, tier.total_blocks,
                tier.used_blocks, tier.free_blocks, usage);
    }
}

static void print_calls(FILE *out, const struct call_counts *counts)
{
    fprintf(out, "  %-22s new %llu, free %llu, grow %llu, shrink %llu, query %llu, failed %llu\n",
            "calls", (unsigned long long)counts->new_calls, (unsigned long long)counts->free_calls,
            (unsigned long long)counts->grow_calls, (unsigned long long)counts->shrink_calls,
            (unsigned long long)counts->query_calls, (unsigned long long)counts->failed_calls);
    print_figure(out, "peak live", counts->peak_live_bytes, "bytes");
    print_figure(out, "allocated in all", (size_t)counts->allocated_bytes, "bytes");
}

void report_print(FILE *out, const struct heap *heap)
{
    for (; heap; heap = heap->inner) {
        struct heap_statistics statistics;
        heap_statistics(heap, &statistics);
        fprintf(out, "%s\n", heap->allocator->name);
        if (heap->allocator == &allocator_count) {
            print_calls(out, count_calls(heap)); /* its other figures are the inner heap's */
            continue;
        }
        if (!heap->allocator->statistics) fprintf(out, "  keeps no figures\n");
        print_statistics(out, &statistics);
        print_tiers(out, heap);
    }
}
