/* Sizes that families draw: exact bounds on counts of many draws, and the draws themselves, which
 * must be the same on every machine. */
#include "family_test.h"

#include "../workloads/synthetic/draws.h"
#include "../workloads/synthetic/sizes.h"

enum { DRAWS = 100000 };

static size_t *draw_sizes(size_t kind, size_t typical, size_t least, size_t most)
{
    static size_t sizes[DRAWS];
    struct size_source source;
    struct random random;
    struct error error = {""};
    struct settings settings = {.values = {[SIZES_KIND] = {.number = kind},
                                           [SIZES_TYPICAL] = {.number = typical},
                                           [SIZES_LEAST] = {.number = least},
                                           [SIZES_MOST] = {.number = most}}};
    random_seed(&random, 17);
    assert_true(sizes_open(&source, &settings, &error));
    for (size_t i = 0; i < DRAWS; i++) {
        sizes[i] = sizes_draw(&source, &random);
        assert_in_range(sizes[i], least, most);
    }
    return sizes;
}

static size_t count_within(const size_t *sizes, size_t least, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < DRAWS; i++) count += sizes[i] >= least && sizes[i] <= most;
    return count;
}

enum { FIXED, UNIFORM, LOG_NORMAL, LUA, POWERS };

static void fixed_sizes_are_all_alike(void **state)
{
    (void)state;
    assert_int_equal(count_within(draw_sizes(FIXED, 100, 1, 1000), 100, 100), DRAWS);
    assert_int_equal(count_within(draw_sizes(FIXED, 5000, 1, 1000), 1000, 1000), DRAWS);
}

static void uniform_sizes_are_equally_likely(void **state)
{
    (void)state;
    const size_t *sizes = draw_sizes(UNIFORM, 0, 101, 200);
    for (size_t size = 101; size <= 200; size++) {
        assert_in_range(count_within(sizes, size, size), 850, 1150);
    }
}

/* 68.27 % within one standard deviation, 95.45 % within two; half below the median. */
static void log_normal_sizes_are_spread_by_factors_of_two(void **state)
{
    (void)state;
    const size_t *sizes = draw_sizes(LOG_NORMAL, 1000, 1, 1 << 30);
    assert_in_range(count_within(sizes, 0, 1000), 49500, 50500);
    assert_in_range(count_within(sizes, 500, 2000), 67700, 68800);
    assert_in_range(count_within(sizes, 250, 4000), 95100, 95900);
    assert_in_range(count_within(sizes, 8001, 1 << 30), 60, 220);
}

static void powers_are_off_by_one_at_most(void **state)
{
    (void)state;
    const size_t *sizes = draw_sizes(POWERS, 0, 16, 1100);
    size_t seen = 0;
    for (size_t power = 16; power <= 1024; power *= 2) {
        for (size_t size = power - 1; size <= power + 1; size++) {
            size_t count = count_within(sizes, size, size);
            seen += count;
            if (power > 16) assert_in_range(count, 4400, 5100); /* 7 powers, 3 sizes each */
        }
    }
    assert_int_equal(seen, DRAWS);
}

static void sizes_of_lua_are_half_of_40_and_64_bytes(void **state)
{
    (void)state;
    const size_t *sizes = draw_sizes(LUA, 0, 1, 1 << 30);
    assert_in_range(count_within(sizes, 40, 40), 20000, 21200);
    assert_in_range(count_within(sizes, 64, 64), 30800, 32000);
}

/* Mean 1,000; the median is ln 2 of it; 5 % live three times as long. */
static void exponential_draws_have_their_mean(void **state)
{
    (void)state;
    struct random random;
    uint64_t sum = 0;
    size_t below_median = 0, above_triple = 0;
    random_seed(&random, 18);
    for (size_t i = 0; i < DRAWS; i++) {
        uint64_t drawn = draw_exponential(&random, 1000);
        sum += drawn;
        below_median += drawn < 693;
        above_triple += drawn > 3000;
    }
    assert_in_range(sum / DRAWS, 990, 1010);
    assert_in_range(below_median, 49500, 50500);
    assert_in_range(above_triple, 4800, 5160);
}

static void extreme_draws_stay_within_their_type(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 19);
    for (size_t i = 0; i < DRAWS; i++) {
        assert_in_range(draw_exponential(&random, ((uint64_t)1 << 40) - 1), 1, (uint64_t)45 << 40);
        assert_in_range(draw_log_normal(&random, UINT32_MAX), 1, (uint64_t)1 << 38);
        assert_in_range(draw_log_normal(&random, 1), 1, 64);
        assert_in_range(draw_exponential(&random, 1), 1, 45);
    }
}

/* Worked out with whole numbers alone, from the same seed, by another program. */
static void draws_are_the_same_on_every_machine(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 20);
    uint64_t exponential = 0, log_normal = 0;
    for (size_t i = 0; i < 1000; i++) {
        exponential = exponential * 31 + draw_exponential(&random, 1000000);
        log_normal = log_normal * 31 + draw_log_normal(&random, 1000000);
    }
    assert_true(exponential == 0x17ad2cbdd0e466b5u);
    assert_true(log_normal == 0xbbdeb31bcb2a1270u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_sizes_are_all_alike),
        cmocka_unit_test(uniform_sizes_are_equally_likely),
        cmocka_unit_test(log_normal_sizes_are_spread_by_factors_of_two),
        cmocka_unit_test(powers_are_off_by_one_at_most),
        cmocka_unit_test(sizes_of_lua_are_half_of_40_and_64_bytes),
        cmocka_unit_test(exponential_draws_have_their_mean),
        cmocka_unit_test(extreme_draws_stay_within_their_type),
        cmocka_unit_test(draws_are_the_same_on_every_machine),
    };
    return cmocka_run_group_tests_name("sizes", tests, NULL, NULL);
}
