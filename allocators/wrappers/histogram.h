/* A histogram of 64-bit values, for times in nanoseconds above all, in buckets whose width grows
 * with the value: each power of two is cut into 32. Values below 64 are exact; others are told with
 * an error of at most 1/64, about 1.6 %. Count, mean, least and greatest are exact. 15 KiB each,
 * zeros at first. */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum {
    HISTOGRAM_SHIFT = 5,
    HISTOGRAM_PARTS = 1 << HISTOGRAM_SHIFT, /* of each power of two */
    HISTOGRAM_BUCKETS = (64 - HISTOGRAM_SHIFT + 1) * HISTOGRAM_PARTS
};

struct histogram {
    uint64_t count, sum, maximum;
    uint64_t minimum_inverted; /* ~minimum, so that zeros are an empty histogram */
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

static inline size_t histogram_bucket(uint64_t value)
{
    unsigned shift = 63u - (unsigned)__builtin_clzll(value | HISTOGRAM_PARTS) - HISTOGRAM_SHIFT;
    return (size_t)shift * HISTOGRAM_PARTS + (size_t)(value >> shift);
}

static inline void histogram_note(struct histogram *histogram, uint64_t value)
{
    histogram->count++;
    histogram->sum += value;
    if (value > histogram->maximum) histogram->maximum = value;
    if (~value > histogram->minimum_inverted) histogram->minimum_inverted = ~value;
    histogram->buckets[histogram_bucket(value)]++;
}

/* Adds all that the other has noted. */
void histogram_add(struct histogram *histogram, const struct histogram *other);

/* The least noted value that at least this share (0 .. 1) of all is not above; 0 of none. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);

/* 0 of none. */
double histogram_mean(const struct histogram *histogram);
uint64_t histogram_minimum(const struct histogram *histogram);

/* The middle of a bucket: what its values are told as. */
uint64_t histogram_middle(size_t bucket);

#endif
