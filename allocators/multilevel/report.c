/* What a multilevel heap says of itself: the pools' counts, the sum of all thread caches, and what
 * the tuners chose beside the hit rates that made them choose.
 *
 * A pool's blocks in use are those that it gave out less those that caches hold. Each level is read
 * under its own lock, or as whole counters; differences of two levels are therefore cut off at 0
 * while other threads run, and exact when none does. Cost: O(pools x caches).
 */
#include "multilevel.h"

#include <math.h>

enum group { SMALL, MIDDLE, LARGE, GROUPS };

/* Of all caches together. */
struct cache_totals {
    size_t live_bytes, wide_bytes;
    size_t cached_blocks[CLASS_COUNT];
    size_t calls[GROUPS], refills[GROUPS], flushes[GROUPS];
    size_t capacity[GROUPS], bins[GROUPS]; /* of bins that were ever used */
    size_t doublings, halvings;
};

struct pool_totals {
    size_t batches, chunks;
    size_t chunk_blocks[GROUPS], pools[GROUPS]; /* of pools that were ever used */
    size_t doublings, halvings;
};

static enum group group_of(unsigned size_class)
{
    return size_class < FIRST_MIDDLE ? SMALL : size_class < FIRST_LARGE ? MIDDLE : LARGE;
}

static size_t less(size_t whole, size_t part)
{
    return whole > part ? whole - part : 0;
}

/* NAN of nothing. */
static double ratio(size_t part, size_t whole)
{
    return whole > 0 ? (double)part / (double)whole : NAN;
}

static void add_bin(struct cache_totals *totals, const struct thread_cache *cache, unsigned index)
{
    const struct cache_bin *bin = &cache->bins[index];
    const struct bin_record *record = &cache->records[index];
    enum group group = group_of(index);
    size_t refills = counter_read(&record->refills), gives = thread_cache_gives(cache, index);
    bool is_wide = __atomic_load_n(&record->wide_slots, __ATOMIC_RELAXED) != NULL;
    totals->cached_blocks[index] += counter_read(&bin->count);
    if (refills + gives == 0) return;
    totals->calls[group] += counter_read(&bin->hits) + refills + gives;
    totals->refills[group] += refills;
    totals->flushes[group] += counter_read(&record->flushes);
    totals->capacity[group] += counter_read(&bin->capacity);
    totals->bins[group]++;
    totals->wide_bytes += is_wide * CACHE_MAXIMUM * sizeof(void *);
    totals->doublings += counter_read(&record->tuner.doublings);
    totals->halvings += counter_read(&record->tuner.halvings);
}

static void add_cache(void *visitor, const struct thread_cache *cache)
{
    struct cache_totals *totals = visitor;
    totals->live_bytes += counter_read(&cache->live_bytes);
    for (unsigned i = 0; i < CLASS_COUNT; i++) add_bin(totals, cache, i);
}

/* Statistics promise not to change the heap; reading takes its locks all the same. */
static struct multilevel *unlocked(const void *heap)
{
    return (struct multilevel *)heap;
}

static void read_caches(const void *heap, struct cache_totals *out)
{
    *out = (struct cache_totals){0};
    cache_set_each(&unlocked(heap)->caches, add_cache, out);
}

static void add_pool(struct pool_totals *totals, struct class_pool *pool)
{
    struct pool_report report;
    enum group group = group_of(pool->size_class);
    class_pool_read(pool, &report);
    if (report.counts.chunks == 0) return;
    totals->batches += report.counts.batches;
    totals->chunks += report.counts.chunks;
    totals->chunk_blocks[group] += report.chunk_blocks;
    totals->pools[group]++;
    totals->doublings += report.chunk_doublings;
    totals->halvings += report.chunk_halvings;
}

bool multilevel_tier(const void *heap, size_t index, struct tier_statistics *out)
{
    struct multilevel *multilevel = unlocked(heap);
    struct cache_totals caches;
    struct pool_report report;
    if (index >= CLASS_COUNT) return false;
    read_caches(heap, &caches);
    class_pool_read(&multilevel->pools[index], &report);
    const struct pool_counts *counts = &report.counts;
    size_t used = less(counts->out_blocks, caches.cached_blocks[index]);
    *out = (struct tier_statistics){
        .block_bytes = multilevel->pools[index].block_bytes,
        .total_blocks = counts->total_blocks,
        .used_blocks = used,
        .free_blocks = less(counts->total_blocks, used),
        .full_pages = counts->full_spans,
        .partial_pages = counts->spans - counts->full_spans - report.empty_spans,
        .empty_pages = report.empty_spans,
    };
    return true;
}

struct use {
    size_t blocks, bytes, largest_free_bytes, untouched_bytes;
};

static struct use read_use(struct multilevel *heap, const struct cache_totals *caches)
{
    struct use use = {0};
    struct pool_report report;
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        size_t block_bytes = heap->pools[i].block_bytes;
        class_pool_read(&heap->pools[i], &report);
        size_t used = less(report.counts.out_blocks, caches->cached_blocks[i]);
        use.blocks += used;
        use.bytes += used * block_bytes;
        use.untouched_bytes += report.untouched_bytes;
        if (report.counts.total_blocks > used + report.untouched_blocks) {
            use.largest_free_bytes = block_bytes;
        }
    }
    return use;
}

static size_t least(size_t one, size_t other)
{
    return one < other ? one : other;
}

/* One free run in the span heap serves every pool whose spans are not larger. */
static size_t largest_free(const struct use *use, const struct span_heap_statistics *spans)
{
    size_t from_run = least(spans->largest_run_bytes, POOLED_BYTES);
    return from_run > use->largest_free_bytes ? from_run : use->largest_free_bytes;
}

void multilevel_statistics(const void *heap, struct heap_statistics *out)
{
    struct multilevel *multilevel = unlocked(heap);
    struct cache_totals caches;
    struct span_heap_statistics spans;
    struct direct_counts direct;
    struct cache_set_counts counts;
    read_caches(heap, &caches);
    cache_set_read(&multilevel->caches, &counts);
    struct use use = read_use(multilevel, &caches);
    span_heap_read(&multilevel->span_heap, &spans);
    direct_map_read(&multilevel->direct, &direct);
    size_t own_bytes =
        sizeof *multilevel + counts.mapped_bytes + caches.wide_bytes + direct.table_bytes;
    out->live_bytes = caches.live_bytes > SIZE_MAX / 2 ? 0 : caches.live_bytes;
    out->live_blocks = use.blocks + direct.blocks;
    out->usable_bytes = use.bytes + direct.mapped_bytes;
    out->metadata_bytes = own_bytes + spans.metadata_bytes;
    out->footprint_bytes =
        own_bytes + direct.mapped_bytes + less(spans.footprint_bytes, use.untouched_bytes);
    out->free_bytes = less(out->footprint_bytes, out->metadata_bytes + out->usable_bytes);
    out->largest_free_bytes = largest_free(&use, &spans);
}

/* Names and units in the order of the figures. */
enum {
    CACHES,
    CACHES_LEFT,
    CACHE_HITS,
    CACHE_REFILLS,
    CACHE_FLUSHES,
    CACHE_HIT_RATE,
    SMALL_HIT_RATE,
    MIDDLE_HIT_RATE,
    LARGE_HIT_RATE,
    SMALL_CAPACITY,
    MIDDLE_CAPACITY,
    LARGE_CAPACITY,
    CACHES_DOUBLED,
    CACHES_HALVED,
    CHUNK_HITS,
    CHUNK_MISSES,
    CHUNK_HIT_RATE,
    SMALL_CHUNK,
    MIDDLE_CHUNK,
    LARGE_CHUNK,
    CHUNKS_DOUBLED,
    CHUNKS_HALVED,
    DOUBLES_BELOW,
    HALVES_ABOVE,
    RETAINED,
    PURGED,
    MAPPINGS,
    MAPPED,
    FRAGMENTATION,
    FIGURES
};

static const struct {
    const char *name, *unit;
} figure_rows[FIGURES] = {
    [CACHES] = {"thread caches in use", "count"},
    [CACHES_LEFT] = {"thread caches left by ended threads", "count"},
    [CACHE_HITS] = {"calls that a cache answered", "count"},
    [CACHE_REFILLS] = {"caches refilled", "count"},
    [CACHE_FLUSHES] = {"caches flushed", "count"},
    [CACHE_HIT_RATE] = {"hit rate of the caches", "%"},
    [SMALL_HIT_RATE] = {"hit rate, blocks to 128 bytes", "%"},
    [MIDDLE_HIT_RATE] = {"hit rate, blocks below 4 KiB", "%"},
    [LARGE_HIT_RATE] = {"hit rate, blocks to 512 KiB", "%"},
    [SMALL_CAPACITY] = {"chosen cache, blocks to 128 bytes", "blocks, mean"},
    [MIDDLE_CAPACITY] = {"chosen cache, blocks below 4 KiB", "blocks, mean"},
    [LARGE_CAPACITY] = {"chosen cache, blocks to 512 KiB", "blocks, mean"},
    [CACHES_DOUBLED] = {"cache sizes doubled", "count"},
    [CACHES_HALVED] = {"cache sizes halved", "count"},
    [CHUNK_HITS] = {"refills from a chunk at hand", "count"},
    [CHUNK_MISSES] = {"chunks added", "count"},
    [CHUNK_HIT_RATE] = {"hit rate of the chunks", "%"},
    [SMALL_CHUNK] = {"chosen chunk, blocks to 128 bytes", "blocks, mean"},
    [MIDDLE_CHUNK] = {"chosen chunk, blocks below 4 KiB", "blocks, mean"},
    [LARGE_CHUNK] = {"chosen chunk, blocks to 512 KiB", "blocks, mean"},
    [CHUNKS_DOUBLED] = {"chunk sizes doubled", "count"},
    [CHUNKS_HALVED] = {"chunk sizes halved", "count"},
    [DOUBLES_BELOW] = {"sizes double below a hit rate of", "%"},
    [HALVES_ABOVE] = {"sizes halve above a hit rate of", "%"},
    [RETAINED] = {"free spans retained", "bytes"},
    [PURGED] = {"spans purged in all", "bytes"},
    [MAPPINGS] = {"blocks with a mapping of their own", "count"},
    [MAPPED] = {"mapped for them", "bytes"},
    [FRAGMENTATION] = {"footprint to live bytes", "ratio"},
};

static size_t sum(const size_t parts[GROUPS])
{
    return parts[SMALL] + parts[MIDDLE] + parts[LARGE];
}

static double hit_percent(size_t misses, size_t calls)
{
    return 100 * ratio(less(calls, misses), calls);
}

static void fill_caches(struct multilevel *heap, double *values)
{
    struct cache_totals totals;
    struct cache_set_counts counts;
    read_caches(heap, &totals);
    size_t refills = sum(totals.refills), flushes = sum(totals.flushes), calls = sum(totals.calls);
    cache_set_read(&heap->caches, &counts);
    values[CACHES] = (double)counts.in_use;
    values[CACHES_LEFT] = (double)counts.idle;
    values[CACHE_HITS] = (double)less(calls, refills + flushes);
    values[CACHE_REFILLS] = (double)refills;
    values[CACHE_FLUSHES] = (double)flushes;
    values[CACHE_HIT_RATE] = hit_percent(refills + flushes, calls);
    for (enum group i = SMALL; i < GROUPS; i++) {
        size_t misses = totals.refills[i] + totals.flushes[i];
        values[SMALL_HIT_RATE + i] = hit_percent(misses, totals.calls[i]);
        values[SMALL_CAPACITY + i] = ratio(totals.capacity[i], totals.bins[i]);
    }
    values[CACHES_DOUBLED] = (double)totals.doublings;
    values[CACHES_HALVED] = (double)totals.halvings;
}

static void fill_pools(struct multilevel *heap, double *values)
{
    struct pool_totals totals = {0};
    for (unsigned i = 0; i < CLASS_COUNT; i++) add_pool(&totals, &heap->pools[i]);
    values[CHUNK_HITS] = (double)less(totals.batches, totals.chunks);
    values[CHUNK_MISSES] = (double)totals.chunks;
    values[CHUNK_HIT_RATE] = hit_percent(totals.chunks, totals.batches);
    for (enum group i = SMALL; i < GROUPS; i++) {
        values[SMALL_CHUNK + i] = ratio(totals.chunk_blocks[i], totals.pools[i]);
    }
    values[CHUNKS_DOUBLED] = (double)totals.doublings;
    values[CHUNKS_HALVED] = (double)totals.halvings;
}

static void fill_memory(struct multilevel *heap, double *values)
{
    struct span_heap_statistics spans;
    struct direct_counts direct;
    struct heap_statistics statistics;
    span_heap_read(&heap->span_heap, &spans);
    direct_map_read(&heap->direct, &direct);
    multilevel_statistics(heap, &statistics);
    values[RETAINED] = (double)spans.retained_bytes;
    values[PURGED] = (double)spans.purged_bytes;
    values[MAPPINGS] = (double)direct.blocks;
    values[MAPPED] = (double)direct.mapped_bytes;
    values[FRAGMENTATION] = ratio(statistics.footprint_bytes, statistics.live_bytes);
}

/* The figure at this index among those that are numbers; FIGURES past the end. */
static size_t find_number(const double *values, size_t index)
{
    size_t i = 0;
    for (; i < FIGURES; i++) {
        if (!isnan(values[i]) && index-- == 0) break;
    }
    return i;
}

bool multilevel_figure(const void *heap, size_t index, struct heap_figure *out)
{
    double values[FIGURES] = {
        [DOUBLES_BELOW] = 100 - 100.0 / TUNER_LOW, [HALVES_ABOVE] = 100 - 100.0 / TUNER_HIGH};
    fill_caches(unlocked(heap), values);
    fill_pools(unlocked(heap), values);
    fill_memory(unlocked(heap), values);
    size_t found = find_number(values, index);
    if (found == FIGURES) return false;
    *out = (struct heap_figure){figure_rows[found].name, figure_rows[found].unit, values[found]};
    return true;
}
