/* Log-linear buckets, as those of Gil Tene's HdrHistogram: a value's exponent chooses the row, its
 * next five bits the bucket in it. The first row is exact, and so is the second, whose buckets are
 * one wide. From there a bucket that begins at b is at most b / 32 wide, so its middle is at most
 * b / 64 from any value in it. Cost: noting is about 12 instructions; a quantile reads all 1,920.
 */
#include "histogram.h"

#include <math.h>

void histogram_add(struct histogram *histogram, const struct histogram *other)
{
    histogram->count += other->count;
    histogram->sum += other->sum;
    if (other->maximum > histogram->maximum) histogram->maximum = other->maximum;
    if (other->minimum_inverted > histogram->minimum_inverted) {
        histogram->minimum_inverted = other->minimum_inverted;
    }
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) histogram->buckets[i] += other->buckets[i];
}

uint64_t histogram_middle(size_t bucket)
{
    if (bucket < 2 * HISTOGRAM_PARTS) return bucket;
    unsigned shift = (unsigned)(bucket / HISTOGRAM_PARTS) - 1;
    uint64_t first = (uint64_t)(bucket - (size_t)shift * HISTOGRAM_PARTS) << shift;
    return first + ((uint64_t)1 << shift) / 2;
}

/* A bucket's middle may lie beyond all that was noted in it. */
static uint64_t within(const struct histogram *histogram, uint64_t value)
{
    uint64_t minimum = histogram_minimum(histogram);
    if (value < minimum) return minimum;
    return value > histogram->maximum ? histogram->maximum : value;
}

uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
    uint64_t seen = 0, wanted = (uint64_t)ceil(share * (double)histogram->count);
    if (histogram->count == 0) return 0;
    if (wanted == 0) wanted = 1;
    if (wanted >= histogram->count) return histogram->maximum;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen >= wanted) return within(histogram, histogram_middle(i));
    }
    return histogram->maximum;
}

double histogram_mean(const struct histogram *histogram)
{
    return histogram->count == 0 ? 0 : (double)histogram->sum / (double)histogram->count;
}

uint64_t histogram_minimum(const struct histogram *histogram)
{
    return histogram->count == 0 ? 0 : ~histogram->minimum_inverted;
}
