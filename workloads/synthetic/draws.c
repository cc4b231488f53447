/* Logarithms and powers of two in fixed point, 16 bits behind the point, one bit a step.
 *
 *     log2    squaring a number in [1, 2) doubles its logarithm: where the square reaches 2, the
 *             next bit of the logarithm is 1 and the square is halved
 *     exp2    the product of the factors 2^(1/2), 2^(1/4), ... of those bits that are 1
 *
 * The error of each is below 2^-14. An exponential draw is -ln(u) = -log2(u) ln 2; a log-normal one
 * is 2^z, z the sum of 12 uniform draws less 6, whose deviation is 1 (Irwin and Hall). Cost: 16
 * multiplications, or 28.
 */
#include "draws.h"

enum { POINT = 16, LN_2 = 45426 }; /* ln 2 in fixed point */

bool draw_percent(struct random *random, uint64_t percent)
{
    return random_below(random, 100) < percent;
}

uint64_t draw_between(struct random *random, uint64_t low, uint64_t high)
{
    return low + random_below(random, high - low + 1);
}

/* Of a number that is not 0. */
static uint64_t log2_fixed(uint64_t number)
{
    unsigned whole = 63 ^ (unsigned)__builtin_clzll(number);
    uint64_t part = whole >= 31 ? number >> (whole - 31) : number << (31 - whole);
    uint64_t result = whole;
    for (unsigned bit = 0; bit < POINT; bit++) {
        part = part * part >> 31; /* [1, 2) is 2^31 .. 2^32 - 1 */
        unsigned is_over = (unsigned)(part >> 32);
        part >>= is_over;
        result = result << 1 | is_over;
    }
    return result;
}

uint64_t draw_exponential(struct random *random, uint64_t mean)
{
    uint64_t drawn = random_next(random) | 1;
    uint64_t negative_log2 = ((uint64_t)64 << POINT) - log2_fixed(drawn);
    uint64_t factor = negative_log2 * LN_2 >> POINT; /* below 45 */
    uint64_t result = mean * factor >> POINT;
    return result != 0 ? result : 1;
}

/* number * 2^(part / 65536), of a number below 2^40. */
static uint64_t times_exp2(uint64_t number, uint64_t part)
{
    static const uint32_t factors[POINT] = {
        92682, 77936, 71468, 68438, 66971, 66250, 65892, 65714,
        65625, 65580, 65558, 65547, 65542, 65539, 65537, 65537,
    }; /* 2^(1/2), 2^(1/4), ... */
    for (unsigned bit = 0; bit < POINT; bit++) {
        if (part >> (POINT - 1 - bit) & 1) number = number * factors[bit] >> POINT;
    }
    return number;
}

uint64_t draw_log_normal(struct random *random, uint64_t median)
{
    uint64_t sum = 0; /* of 12 parts of 16 bits: z + 6 */
    for (int i = 0; i < 3; i++) {
        uint64_t drawn = random_next(random);
        for (int part = 0; part < 4; part++, drawn >>= POINT) sum += drawn & 0xFFFF;
    }
    uint64_t whole = sum >> POINT;
    uint64_t scaled = times_exp2(median << 8, sum & 0xFFFF) << whole;
    uint64_t result = scaled >> 14; /* 8 bits of precision, and 6 of z */
    return result != 0 ? result : 1;
}
