/* Histograms: the bound on their error over all that 64 bits can hold, and quantiles against a
 * sorted list of what was noted. */
#include "heap_test.h"

#include <stdlib.h>

#include "../allocators/wrappers/histogram.h"

enum { VALUES = 20000 };

static struct histogram histogram, other;
static uint64_t values[VALUES];

static int forget(void **state)
{
    (void)state;
    histogram = other = (struct histogram){0};
    return 0;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

static void is_told_closely(uint64_t value)
{
    size_t bucket = histogram_bucket(value);
    assert_true(bucket < HISTOGRAM_BUCKETS);
    assert_true(distance(histogram_middle(bucket), value) <= value / 64);
}

static void values_below_64_are_exact_and_others_within_a_64th(void **state)
{
    (void)state;
    for (uint64_t value = 0; value < 100000; value++) is_told_closely(value);
    for (unsigned power = 16; power < 64; power++) {
        uint64_t first = (uint64_t)1 << power, part = first / 32;
        for (uint64_t i = 0; i < 32; i++) {
            is_told_closely(first + i * part);
            is_told_closely(first + i * part + part / 3);
            is_told_closely(first + i * part + part - 1);
        }
    }
    is_told_closely(UINT64_MAX);
}

static void each_bucket_begins_where_the_one_before_ends(void **state)
{
    (void)state;
    uint64_t value = 0;
    for (size_t bucket = 0; bucket + 1 < HISTOGRAM_BUCKETS; bucket++) {
        assert_int_equal(histogram_bucket(value), bucket);
        uint64_t width = value < 64 ? 1 : (uint64_t)1 << (63 - __builtin_clzll(value) - 5);
        assert_int_equal(histogram_bucket(value + width - 1), bucket);
        value += width;
    }
    assert_int_equal(histogram_bucket(value), HISTOGRAM_BUCKETS - 1);
    assert_int_equal(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}

static int by_value(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return (first > second) - (first < second);
}

/* Times as they are met: most near 50, a long tail. */
static void note_many(void)
{
    srandom(7);
    for (size_t i = 0; i < VALUES; i++) {
        uint64_t tail = random() % 100 == 0 ? (uint64_t)random() % 2000000 : 0;
        values[i] = 30 + (uint64_t)random() % 70 + tail;
        histogram_note(&histogram, values[i]);
    }
    qsort(values, VALUES, sizeof *values, by_value);
}

static void quantiles_are_those_of_the_sorted_values_within_a_64th(void **state)
{
    (void)state;
    note_many();
    for (size_t rank = 1; rank <= VALUES; rank += 97) {
        uint64_t told = histogram_quantile(&histogram, ((double)rank - 0.5) / VALUES);
        assert_true(distance(told, values[rank - 1]) <= values[rank - 1] / 64);
    }
    assert_int_equal(histogram_quantile(&histogram, 1), values[VALUES - 1]);
    assert_int_equal(histogram_quantile(&histogram, 0), values[0]);
}

static void count_mean_and_both_ends_are_exact(void **state)
{
    (void)state;
    uint64_t sum = 0;
    note_many();
    for (size_t i = 0; i < VALUES; i++) sum += values[i];
    assert_int_equal(histogram.count, VALUES);
    assert_true(histogram_mean(&histogram) == (double)sum / VALUES);
    assert_int_equal(histogram_minimum(&histogram), values[0]);
    assert_int_equal(histogram.maximum, values[VALUES - 1]);
}

static void an_empty_one_says_nothing(void **state)
{
    (void)state;
    assert_int_equal(histogram_quantile(&histogram, 0.5), 0);
    assert_int_equal(histogram_minimum(&histogram), 0);
    assert_true(histogram_mean(&histogram) == 0);
}

static void a_single_value_is_told_as_it_is(void **state)
{
    (void)state;
    histogram_note(&histogram, 1000003);
    assert_int_equal(histogram_quantile(&histogram, 0.01), 1000003);
    assert_int_equal(histogram_quantile(&histogram, 0.99), 1000003);
}

static void two_added_are_as_one_that_noted_all(void **state)
{
    (void)state;
    static struct histogram whole;
    for (uint64_t value = 1; value < 1000000; value = value * 9 / 8 + 1) {
        histogram_note(value % 2 ? &histogram : &other, value);
        histogram_note(&whole, value);
    }
    histogram_add(&histogram, &other);
    assert_memory_equal(&histogram, &whole, sizeof whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(values_below_64_are_exact_and_others_within_a_64th, forget),
        cmocka_unit_test_setup(each_bucket_begins_where_the_one_before_ends, forget),
        cmocka_unit_test_setup(quantiles_are_those_of_the_sorted_values_within_a_64th, forget),
        cmocka_unit_test_setup(count_mean_and_both_ends_are_exact, forget),
        cmocka_unit_test_setup(an_empty_one_says_nothing, forget),
        cmocka_unit_test_setup(a_single_value_is_told_as_it_is, forget),
        cmocka_unit_test_setup(two_added_are_as_one_that_noted_all, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
