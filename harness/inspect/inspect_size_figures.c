/* The figures of sizes, made from the exact table of them: shares up to a bound, the most frequent,
 * and a histogram of powers of two. All are of new blocks; growths are told with the resizes.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "inspect_figures.h"

static void add_both_shares(struct inspect_figures *figures, const struct survey *survey,
                            uint64_t blocks, uint64_t bytes)
{
    inspect_add_share(figures, "of blocks", blocks, survey->calls[SURVEY_NEW]);
    inspect_add_share(figures, "of bytes", bytes, survey->new_bytes);
}

/* Blocks and bytes of the sizes from first to last. */
static void sum_between(const struct size_table *sizes, uint64_t first, uint64_t last,
                        uint64_t *blocks, uint64_t *bytes)
{
    *blocks = *bytes = 0;
    for (size_t i = 0; i < sizes->count; i++) {
        const struct size_count *entry = &sizes->entries[i];
        if (entry->size < first || entry->size > last) continue;
        *blocks += entry->count;
        *bytes += entry->size * entry->count;
    }
}

static void add_bounds(struct inspect_figures *figures, const struct survey *survey)
{
    static const uint32_t bounds[] = {64, 128, 256, 512, 4096};
    uint64_t blocks, bytes;
    inspect_begin(figures, "sizes up to");
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        sum_between(&survey->sizes, 1, bounds[i], &blocks, &bytes);
        inspect_row(figures, "%u bytes", bounds[i]);
        add_both_shares(figures, survey, blocks, bytes);
    }
    sum_between(&survey->sizes, 4097, UINT32_MAX, &blocks, &bytes);
    inspect_row(figures, "above");
    add_both_shares(figures, survey, blocks, bytes);
}

static void add_powers(struct inspect_figures *figures, const struct survey *survey)
{
    const struct size_table *sizes = &survey->sizes;
    uint64_t greatest = sizes->count ? sizes->entries[sizes->count - 1].size : 0;
    inspect_begin(figures, "size histogram");
    for (uint64_t first = 1, last = 8; first <= greatest; first = last + 1, last *= 2) {
        uint64_t blocks, bytes;
        sum_between(sizes, first, last, &blocks, &bytes);
        inspect_row(figures, "%llu..%llu", (unsigned long long)first, (unsigned long long)last);
        inspect_add(figures, "new blocks", (double)blocks, "blocks");
        add_both_shares(figures, survey, blocks, bytes);
    }
}

/* The most frequent first, the smaller of two that are equally so. */
static int compare_counts(const void *left, const void *right)
{
    const struct size_count *a = left, *b = right;
    if (a->count != b->count) return a->count < b->count ? 1 : -1;
    return (a->size > b->size) - (a->size < b->size);
}

/* How many of the most frequent sizes make up nine tenths of all new blocks. */
static size_t count_usual(const struct size_count *by_count, const struct survey *survey)
{
    size_t usual = 0;
    uint64_t blocks = 0;
    while (10 * blocks < 9 * survey->calls[SURVEY_NEW]) blocks += by_count[usual++].count;
    return usual;
}

enum { FREQUENT_SIZES = 10 };

static void add_frequent(struct inspect_figures *figures, const struct survey *survey,
                         const struct size_count *by_count)
{
    inspect_begin(figures, "frequent sizes");
    for (size_t i = 0; i < survey->sizes.count && i < FREQUENT_SIZES; i++) {
        inspect_row(figures, "%u bytes", by_count[i].size);
        inspect_add(figures, "new blocks", (double)by_count[i].count, "blocks");
        add_both_shares(figures, survey, by_count[i].count, by_count[i].size * by_count[i].count);
    }
}

void inspect_summarise_sizes(struct inspect_figures *figures, const struct survey *survey)
{
    const struct size_table *sizes = &survey->sizes;
    uint64_t new_blocks = survey->calls[SURVEY_NEW];
    size_t bytes = sizes->count * sizeof *sizes->entries;
    struct size_count *by_count = malloc(bytes + 1);
    if (!by_count) {
        figures->is_full = true;
        return;
    }
    if (bytes) memcpy(by_count, sizes->entries, bytes);
    qsort(by_count, sizes->count, sizeof *by_count, compare_counts);
    inspect_begin(figures, "sizes");
    inspect_add(figures, "mean",
                new_blocks ? (double)survey->new_bytes / (double)new_blocks : (double)NAN, "bytes");
    inspect_add(figures, "different sizes", (double)sizes->count, "sizes");
    inspect_add(figures, "sizes of 90 % of blocks", (double)count_usual(by_count, survey), "sizes");
    add_bounds(figures, survey);
    add_frequent(figures, survey, by_count);
    add_powers(figures, survey);
    free(by_count);
}
