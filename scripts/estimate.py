"""Statistics of MEASURING's publish mode: no distribution is assumed anywhere.

A result is the median over rounds. Its interval is a pair of order statistics: the k-th smallest
and the k-th largest of n values hold the true median unless fewer than k values fall on one side of
it, which is a binomial probability and therefore exact.
"""
import math
from dataclasses import dataclass

# Least probability that an interval, where there are rounds enough, holds the median. At 95 % a
# twin of the baseline would differ in one of twenty workloads by chance alone.
COVERAGE = 0.99
# Of the interval of the A/A control that is called the noise floor: what a median of two identical
# programs strays by two times in three, as a standard error would.
NOISE_COVERAGE = 0.67


@dataclass(frozen=True)
class Interval:
    point: float
    low: float
    high: float
    coverage: float   # 0 for a single value: then low = high = point and nothing is known

    def holds(self, value):
        return self.low <= value <= self.high

    @property
    def is_known(self):
        """Whether there were values enough for the coverage asked for."""
        return self.coverage >= COVERAGE

    def map(self, function):
        """The interval of a growing function of the value."""
        return Interval(function(self.point), function(self.low), function(self.high),
                        self.coverage)


def rank_coverage(count, rank):
    """Probability that the rank-th smallest and largest of `count` values enclose the median."""
    below = sum(math.comb(count, i) for i in range(rank))
    return max(0.0, 1 - 2 * below / 2 ** count)


def rounds_needed():
    """The fewest values whose lowest and highest give the coverage."""
    count = 1
    while rank_coverage(count, 1) < COVERAGE:
        count += 1
    return count


def interval_rank(count, coverage=COVERAGE):
    """The innermost rank that gives the coverage, or 1 where none does: lowest to highest."""
    rank = 1
    while 2 * (rank + 1) <= count and rank_coverage(count, rank + 1) >= coverage:
        rank += 1
    return rank


def median_interval(values, coverage=COVERAGE):
    """Of at least one value."""
    ordered = sorted(values)
    rank = interval_rank(len(ordered), coverage)
    return Interval(quantile(ordered, 0.5), ordered[rank - 1], ordered[-rank],
                    rank_coverage(len(ordered), rank))


def quantile(values, share):
    """Interpolated between the two nearest values, so that 0.5 is the usual median."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def ratio_interval(pairs, coverage=COVERAGE):
    """Of (time, baseline time) pairs, each of one round: the median is taken of the logarithms."""
    return median_interval([math.log(time / base) for time, base in pairs], coverage).map(math.exp)


def geometric_mean(values):
    return math.exp(math.fsum(map(math.log, values)) / len(values)) if values else None


def noise_floor(control):
    """How far the A/A control strays from 1, as a share: 0.02 means 1/1.02 to 1.02."""
    return math.exp(max(abs(math.log(control.low)), abs(math.log(control.high)))) - 1


def verdict(ratio, floor=0.0):
    """`tie` when the interval holds 1 or the point lies inside the noise floor, which is how far
    two identical programs differ. Anything else needs a known interval, or stays `unresolved`."""
    if ratio.coverage and (ratio.holds(1) or abs(math.log(ratio.point)) <= math.log(1 + floor)):
        return "tie"
    if not ratio.is_known:
        return "unresolved"
    return "slower" if ratio.point > 1 else "faster"


def chance_of_more(count, trials, probability):
    """That more than `count` of so many independent trials come out, each with that probability."""
    rest = 1 - probability
    return 1 - math.fsum(math.comb(trials, i) * probability ** i * rest ** (trials - i)
                         for i in range(count + 1))
