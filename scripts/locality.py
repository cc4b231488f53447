"""What Lua programs spend inside the allocator and outside: figures from series/locality.csv.

Passes of two sorts alternate. One is timed as a whole. In the other one call in 8 is timed: the
mean less the mean floor, times the number of calls, summed over the kinds, is the time inside; it
is told for the speed of the middle one of these passes, as the machine's own comes and goes. The
figures are medians over the passes; the interval of inside goes from the lowest pass to the highest
or to two standard errors of a pass's mean, whichever is wider. Outside is total less inside.
"""
import math
from dataclasses import dataclass, fields

import estimate

WHOLE = "any"           # the kind of a row that is of no call
UNRESOLVED = 0.2        # of inside: a wider interval than that is no figure


@dataclass
class Locality:
    """The fields are the columns of locality.csv. Nanoseconds of CPU time."""
    allocator: str
    workload: str
    passes: int
    calls: int              # queries left out
    total_ns: float
    inside_ns: float
    inside_low_ns: float
    inside_high_ns: float
    outside_ns: float
    close_ns: float         # lua_close, a part of the total; None where nobody told its beginning
    is_resolved: bool


COLUMNS = [each.name for each in fields(Locality)]


def median(values):
    return estimate.quantile(values, 0.5) if values else None


def inside_of(rows):
    """(ns, standard error) of one pass; a row for each kind of call."""
    inside = variance = 0
    for row in rows:
        timed, mean = row["timed_calls"], row["timed_ns"] / row["timed_calls"]
        inside += row["calls"] * (mean - row["floor_ps"] / 1000)
        of_one = max(0, row["timed_ns2"] / timed - mean * mean)
        variance += row["calls"] ** 2 * of_one / timed
    return max(0, inside), math.sqrt(variance)


def figures(allocator, workload, rows):
    """None where a pass of either sort is missing."""
    whole = [row for row in rows if row["kind"] == WHOLE]
    passes = {}
    for row in rows:
        if row["kind"] != WHOLE:
            passes.setdefault(row["pass"], []).append(row)
    if not whole or not passes:
        return None
    times = [each[0]["cpu_ns"] for each in passes.values()]
    speeds = [median(times) / ns for ns in times]
    found = [(speed * ns, speed * error) for speed, (ns, error) in
             zip(speeds, map(inside_of, passes.values()))]
    inside, error = median([ns for ns, _ in found]), median([each for _, each in found])
    low = max(0, min(inside - 2 * error, *(ns for ns, _ in found)))
    high = max(inside + 2 * error, *(ns for ns, _ in found))
    total = round(median([row["cpu_ns"] for row in whole]))
    closes = [row["close_ns"] for row in whole if row["close_ns"] is not None]
    return Locality(allocator, workload, len(passes),
                    sum(row["calls"] for row in next(iter(passes.values()))), total, round(inside),
                    round(low), round(high), round(total - inside),
                    round(median(closes)) if closes else None, high - low <= UNRESOLVED * inside)


def load(results):
    """By (allocator, workload); None where the series was not measured."""
    series = results.series("locality")
    if series is None:
        return None
    found = {key: figures(*key, rows)
             for key, rows in series.groups("allocator", "workload").items()}
    return {key: each for key, each in found.items() if each}
