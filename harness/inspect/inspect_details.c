/* What a chart needs beyond the summary. A histogram's rows are FIRST..LAST of each bucket of
 * histogram.h that holds anything; the live curve's rows are calls.
 */
#include "inspect_figures.h"

static void row_of_bucket(struct inspect_figures *figures, size_t bucket)
{
    inspect_row(figures, "%llu..%llu", (unsigned long long)survey_bucket_first(bucket),
                (unsigned long long)survey_bucket_first(bucket + 1) - 1);
}

static void add_histogram(struct inspect_figures *figures, const char *table, const char *name,
                          const struct histogram *histogram)
{
    inspect_begin(figures, table);
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (!histogram->buckets[i]) continue;
        row_of_bucket(figures, i);
        inspect_add(figures, name, (double)histogram->buckets[i], name);
    }
}

/* The sizes are sorted, so those of one bucket follow one another. */
static void add_sizes(struct inspect_figures *figures, const struct size_table *sizes)
{
    inspect_begin(figures, "all sizes");
    for (size_t i = 0; i < sizes->count;) {
        size_t bucket = histogram_bucket(sizes->entries[i].size);
        uint64_t blocks = 0, bytes = 0;
        for (; i < sizes->count && histogram_bucket(sizes->entries[i].size) == bucket; i++) {
            blocks += sizes->entries[i].count;
            bytes += sizes->entries[i].count * sizes->entries[i].size;
        }
        row_of_bucket(figures, bucket);
        inspect_add(figures, "new blocks", (double)blocks, "blocks");
        inspect_add(figures, "bytes", (double)bytes, "bytes");
    }
}

static void add_curve(struct inspect_figures *figures, const struct live_curve *curve)
{
    inspect_begin(figures, "live curve");
    for (size_t i = 0; i < curve->count; i++) {
        const struct stretch *stretch = &curve->stretches[i];
        inspect_row(figures, "%llu", (unsigned long long)stretch->operation);
        inspect_add(figures, "live", (double)stretch->bytes, "bytes");
        inspect_add(figures, "least", (double)stretch->least_bytes, "bytes");
        inspect_add(figures, "most", (double)stretch->most_bytes, "bytes");
        inspect_add(figures, "blocks", (double)stretch->blocks, "blocks");
    }
}

static void add_moments(struct inspect_figures *figures, const char *table,
                        const struct survey_moments *moments, bool has_numbers)
{
    inspect_begin(figures, table);
    for (size_t i = 0; i < moments->count && i < MOMENTS_KEPT; i++) {
        inspect_row(figures, "%zu", has_numbers ? moments->first[i].argument : i + 1);
        inspect_add(figures, "after call", (double)moments->first[i].operation, "");
    }
}

void inspect_detail(struct inspect_figures *figures, const struct survey *survey)
{
    add_sizes(figures, &survey->sizes);
    add_histogram(figures, "lives in bytes", "blocks", &survey->life_bytes);
    add_histogram(figures, "lives in calls", "blocks", &survey->life_operations);
    add_histogram(figures, "chain lengths", "blocks", &survey->chains);
    add_histogram(figures, "growth factors in thousandths", "calls", &survey->factors);
    add_histogram(figures, "runs of frees", "runs", &survey->runs);
    add_curve(figures, &survey->curve);
    add_moments(figures, "first phases", &survey->phases, true);
    add_moments(figures, "first collections", &survey->collections, false);
}
