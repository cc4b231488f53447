/* Distances of two surveys: see the header for the formulas. Sizes and kinds are exact; lives come
 * from histograms whose buckets are 1/32 wide, and are taken as even within a bucket.
 */
#include "inspect_distance.h"

#include <math.h>
#include <string.h>

enum { SIZE_STEP = 8, CURVE_POINTS = 200, LIFE_OCTAVES = 10, LIFE_STEPS = 8 };

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

static double larger(double left, double right)
{
    return left > right ? left : right;
}

/* Adds to the sum what a table has up to the next bound, and moves on. */
static double sum_up_to(const struct size_table *sizes, uint64_t bound, bool by_bytes, size_t *at)
{
    double sum = 0;
    for (; *at < sizes->count && sizes->entries[*at].size <= bound; ++*at) {
        const struct size_count *entry = &sizes->entries[*at];
        sum += (double)entry->count * (by_bytes ? entry->size : 1);
    }
    return sum;
}

static uint64_t next_bound(const struct size_table *sizes, size_t at)
{
    if (at == sizes->count) return UINT64_MAX;
    return (sizes->entries[at].size + (uint64_t)SIZE_STEP - 1) / SIZE_STEP * SIZE_STEP;
}

static double measure_sizes(const struct survey *one, const struct survey *other, bool by_bytes)
{
    const struct size_table *left = &one->sizes, *right = &other->sizes;
    double left_whole = (double)(by_bytes ? one->new_bytes : one->calls[SURVEY_NEW]);
    double right_whole = (double)(by_bytes ? other->new_bytes : other->calls[SURVEY_NEW]);
    double left_sum = 0, right_sum = 0, widest = 0;
    for (size_t i = 0, j = 0; i < left->count || j < right->count;) {
        uint64_t bound = next_bound(left, i), right_bound = next_bound(right, j);
        if (right_bound < bound) bound = right_bound;
        left_sum += sum_up_to(left, bound, by_bytes, &i);
        right_sum += sum_up_to(right, bound, by_bytes, &j);
        widest = larger(widest, fabs(share(left_sum, left_whole) - share(right_sum, right_whole)));
    }
    return widest;
}

/* How many lives were of at most so many bytes. */
static double count_lives(const struct histogram *lives, double bytes)
{
    double count = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (!lives->buckets[i]) continue;
        double first = (double)survey_bucket_first(i), next = (double)survey_bucket_first(i + 1);
        if (first > bytes) break;
        double covered = (floor(bytes) + 1 - first) / (next - first);
        count += (double)lives->buckets[i] * (covered < 1 ? covered : 1);
    }
    return count;
}

/* Of all new blocks, those that were freed within so many peaks. */
static double share_of_lives(const struct survey *survey, double peaks)
{
    double bytes = peaks * (double)survey->peak_bytes;
    return share(count_lives(&survey->life_bytes, bytes), (double)survey->calls[SURVEY_NEW]);
}

static double measure_lives(const struct survey *one, const struct survey *other)
{
    double widest = fabs(share_of_lives(one, INFINITY) - share_of_lives(other, INFINITY));
    if (!one->calls[SURVEY_NEW] != !other->calls[SURVEY_NEW]) return 1;
    for (int i = -LIFE_OCTAVES * LIFE_STEPS; i <= LIFE_OCTAVES * LIFE_STEPS; i++) {
        double peaks = exp2((double)i / LIFE_STEPS);
        widest = larger(widest, fabs(share_of_lives(one, peaks) - share_of_lives(other, peaks)));
    }
    return widest;
}

/* At this share of all calls, as a share of the peak. */
static double height(const struct survey *survey, double when)
{
    const struct live_curve *curve = &survey->curve;
    size_t at = 0;
    while (at + 1 < curve->count &&
           (double)curve->stretches[at].operation <= when * (double)survey->operations) {
        at++;
    }
    const struct stretch *stretch = &curve->stretches[at];
    return share((double)(stretch->least_bytes + stretch->most_bytes) / 2,
                 (double)survey->peak_bytes);
}

static double measure_curve(const struct survey *one, const struct survey *other)
{
    double sum = 0;
    if (!one->peak_bytes != !other->peak_bytes) return 1;
    for (int i = 0; i < CURVE_POINTS; i++) {
        double when = (i + 0.5) / CURVE_POINTS;
        sum += fabs(height(one, when) - height(other, when));
    }
    return sum / CURVE_POINTS;
}

static double measure_calls(const struct survey *one, const struct survey *other)
{
    double sum = 0;
    if (!one->operations != !other->operations) return 1;
    for (int i = 0; i < SURVEY_CALLS; i++) {
        sum += fabs(share((double)one->calls[i], (double)one->operations) -
                    share((double)other->calls[i], (double)other->operations));
    }
    return sum / 2;
}

/* Of two shares, either of which may be of nothing. */
static double difference(uint64_t part, uint64_t whole, uint64_t other_part, uint64_t other_whole)
{
    if (!whole != !other_whole) return 1;
    return fabs(share((double)part, (double)whole) -
                share((double)other_part, (double)other_whole));
}

static double measure_frees(const struct survey *one, const struct survey *other)
{
    double runs = difference(one->frees_in_long_runs, one->calls[SURVEY_FREE],
                             other->frees_in_long_runs, other->calls[SURVEY_FREE]);
    double order = difference(one->neighbours_backwards, one->neighbours,
                              other->neighbours_backwards, other->neighbours);
    return larger(runs, order);
}

void distances_measure(const struct survey *one, const struct survey *other, struct distances *out)
{
    *out = (struct distances){{
        [DISTANCE_SIZES] = measure_sizes(one, other, false),
        [DISTANCE_SIZE_BYTES] = measure_sizes(one, other, true),
        [DISTANCE_LIVES] = measure_lives(one, other),
        [DISTANCE_CURVE] = measure_curve(one, other),
        [DISTANCE_CALLS] = measure_calls(one, other),
        [DISTANCE_FREES] = measure_frees(one, other),
    }};
}
