/* Statistics are gathered when they are asked for: each thread counts for itself, the back end
 * under its lock. */
#include <inttypes.h>
#include <stdio.h>

#include "back_end.h"
#include "corona.h"
#include "thread_data.h"

void corona_statistics(struct corona_statistics *out)
{
    struct call_counts counts;
    struct back_end_statistics memory;
    size_t threads;
    thread_sum_counts(&counts, &threads);
    back_end_statistics(&memory);
    *out = (struct corona_statistics){
        .allocations = counts.small_allocations + counts.large_allocations,
        .frees = counts.frees,
        .small_allocations = counts.small_allocations,
        .large_allocations = counts.large_allocations,
        .cross_thread_frees = counts.cross_thread_frees,
        .cache_hits = counts.cache_hits,
        .cache_misses = counts.cache_misses,
        .block_takes = counts.block_takes,
        .block_adoptions = counts.block_adoptions,
        .reserved_bytes = memory.reserved_bytes,
        .committed_bytes = memory.committed_bytes,
        .used_bytes = memory.used_bytes,
        .dirty_bytes = memory.dirty_bytes,
        .metadata_bytes = memory.metadata_bytes,
        .purged_bytes = memory.purged_bytes,
        .threads = threads,
    };
    out->live_objects = (size_t)(out->allocations - out->frees);
}

enum { LINE_BYTES = 128 };

static const struct {
    const char *name;
    size_t offset;
    bool is_bytes;
} rows[] = {
#define ROW(field, text, is_bytes)                                \
    {                                                             \
        text, offsetof(struct corona_statistics, field), is_bytes \
    }
    ROW(allocations, "allocations", false),
    ROW(frees, "frees", false),
    ROW(live_objects, "live objects", false),
    ROW(small_allocations, "small allocations", false),
    ROW(large_allocations, "large allocations", false),
    ROW(cross_thread_frees, "cross-thread frees", false),
    ROW(cache_hits, "large cache hits", false),
    ROW(cache_misses, "large cache misses", false),
    ROW(block_takes, "blocks taken", false),
    ROW(block_adoptions, "blocks adopted", false),
    ROW(threads, "threads", false),
    ROW(reserved_bytes, "reserved", true),
    ROW(committed_bytes, "committed", true),
    ROW(used_bytes, "used", true),
    ROW(dirty_bytes, "free, not yet given back", true),
    ROW(metadata_bytes, "metadata", true),
    ROW(purged_bytes, "given back so far", true),
#undef ROW
};

void corona_report(void (*line)(void *out, const char *text), void *out)
{
    struct corona_statistics statistics;
    corona_statistics(&statistics);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t figure = *(const uint64_t *)((const char *)&statistics + rows[i].offset);
        char text[LINE_BYTES];
        if (rows[i].is_bytes)
            snprintf(text, sizeof text, "%-26s %14.1f KiB", rows[i].name, (double)figure / 1024);
        else snprintf(text, sizeof text, "%-26s %14" PRIu64, rows[i].name, figure);
        line(out, text);
    }
}
