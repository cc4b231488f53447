/* Family `robson-best`: the program that best fit serves worst, after J. M. Robson (1977, Computer
 * Journal 20, 242; the plan is that of Knuth, vol. 1, answer to exercise 2.5-42).
 *
 * With M granules alive and blocks up to n, best fit may need almost M n: a survivor of 1 behind
 * each hole of n - 3. From one survivor more to the next (R: reserved, F: free):
 *
 *     R(n-2) [F(n-3) R1]*k                              the pattern, in addresses
 *     ... [F(n-3) R1] R(n-2) R(n-2)                     two blocks at its end
 *     ... F(2n-4) R(n-2)                                the last survivor and the first of them go
 *     ... R(n) R(n-5) R1 R(n-2)                         what is left over holds the survivor
 *     ... F(n) R(n-5) R1
 *
 * and then the large hole changes places with each group to its left, and at last with R(n-2):
 *
 *     F(n-3) R1 F(n) R(n-5) R1  ->  F(n-3) R1 R(n-2) R2 R(n-5) R1  ->  F(2n-4) R2 R(n-5) R1
 *     ->  R(n) R(n-5) R1 R2 R(n-5) R1  ->  F(n) R(n-5) R1 F(n-3) R1
 *
 * Each request finds one smallest hole that holds it, so nothing depends on how ties are broken.
 * The memory behind the last block must be one large hole: give free-list a `size` that holds all.
 * Reached: (M - 4n) (n - 2), which is 0.80 of M n at M = 768, n = 24. Cost: 6 M^2 calls.
 */
#include "generators.h"
#include "units.h"

#include "../../allocators/pages.h"

enum { LEAST_LARGEST = 6, SLACK = 4 }; /* granules; times n, what the moves have alive */

static const struct option_row options[] = {
    UNITS_ROWS("24K", (size_t)256 << 10, "768", 48),
    {0},
};

struct pattern {
    struct trace *trace;
    const struct units *units;
    size_t n;
    uint32_t front, *survivors; /* slots; of survivors, from left to right */
    size_t count;
    uint32_t spacer, newest; /* R(n-5) and R1 behind the large hole */
};

static uint32_t reserve(const struct pattern *pattern, size_t granules)
{
    return units_new(pattern->units, pattern->trace, granules);
}

static void release(const struct pattern *pattern, uint32_t slot)
{
    trace_free(pattern->trace, slot);
}

/* F(2n-4) becomes F(n) R(n-5) R1; returns what is to be released to that end. */
static uint32_t divide(struct pattern *pattern)
{
    uint32_t large = reserve(pattern, pattern->n);
    pattern->spacer = reserve(pattern, pattern->n - 5);
    pattern->newest = reserve(pattern, 1);
    return large;
}

/* `left` is the block before the large hole; the survivor that comes to lie right of it. */
static uint32_t commute(struct pattern *pattern, uint32_t left)
{
    uint32_t spacer = pattern->spacer, survivor = pattern->newest;
    uint32_t filler = reserve(pattern, pattern->n - 2), rest = reserve(pattern, 2);
    release(pattern, left);
    release(pattern, filler);
    uint32_t large = divide(pattern);
    release(pattern, large);
    release(pattern, rest);
    release(pattern, spacer);
    return survivor;
}

static void add_survivor(struct pattern *pattern)
{
    uint32_t first = reserve(pattern, pattern->n - 2), second = reserve(pattern, pattern->n - 2);
    release(pattern, pattern->survivors[pattern->count - 1]);
    release(pattern, first);
    uint32_t large = divide(pattern);
    release(pattern, large);
    release(pattern, second);
    for (size_t i = pattern->count - 1; i-- > 0;) {
        pattern->survivors[i + 2] = commute(pattern, pattern->survivors[i]);
    }
    pattern->survivors[1] = commute(pattern, pattern->front);
    pattern->survivors[0] = pattern->newest;
    release(pattern, pattern->spacer);
    pattern->front = reserve(pattern, pattern->n - 2);
    pattern->count++;
}

static void begin(struct pattern *pattern)
{
    pattern->front = reserve(pattern, pattern->n - 2);
    uint32_t hole = reserve(pattern, pattern->n - 3);
    pattern->survivors[0] = reserve(pattern, 1);
    release(pattern, hole);
    pattern->count = 1;
}

/* What no hole holds goes to the end, until all that may be alive is. */
static void end(struct pattern *pattern)
{
    size_t live = pattern->n - 2 + pattern->count;
    for (; live + pattern->n <= pattern->units->live; live += pattern->n) {
        reserve(pattern, pattern->n);
    }
}

static bool generate(struct trace *trace, const struct settings *settings, struct random *random,
                     struct error *error)
{
    struct units units;
    (void)random;
    if (!units_open(&units, settings, LEAST_LARGEST, error)) return false;
    size_t bytes = units.live * sizeof(uint32_t);
    struct pattern pattern = {trace, &units, .n = units.largest, .survivors = pages_map(bytes)};
    if (pattern.survivors == NULL) return false;
    trace->touches_blocks = true;
    begin(&pattern);
    while (pattern.count + SLACK * pattern.n < units.live && !trace->is_full) {
        add_survivor(&pattern);
    }
    end(&pattern);
    pages_unmap(pattern.survivors, bytes);
    return !trace->is_full;
}

const struct trace_family family_robson_best = {
    .name = "robson-best",
    .summary = "Robson's adversary of best fit: a survivor of one granule behind each large hole",
    .options = options,
    .generate = generate,
};
