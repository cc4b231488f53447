"""What all workloads together say of an allocator."""
from dataclasses import dataclass

import estimate
from score import BASELINE, LARGE_HEAP_BYTES, SMALLEST_HEAP_BYTES


@dataclass
class Suite:
    allocator: str
    value: float       # geometric mean, None when there is nothing to take it of
    count: int         # workloads behind it


def mean_of(allocator, values):
    known = [value for value in values if value]
    return Suite(allocator, estimate.geometric_mean(known), len(known))


KINDS = {"lua": "Lua programs", "replay": "traces", "threads": "programs of several threads"}


def groups(results):
    """(name, workloads) of each kind of workload where there are several, then of all."""
    kinds = {entry["name"]: entry.get("kind") for entry in results.plan["workloads"]}
    found = [(name, [workload for workload in results.workloads if kinds[workload] == kind])
             for kind, name in KINDS.items()]
    found = [group for group in found if group[1]]
    return (found if len(found) > 1 else []) + [("all", results.workloads)]


def time_suite(results, allocator, workloads):
    """Ratios to the baseline, over those of the workloads where both are ok."""
    return mean_of(allocator, [results.score(allocator, workload).ratio
                               for workload in workloads])


def footprint_suite(results, allocator):
    """Peak footprint over live bytes, where the heap is large enough to decide it."""
    scores = [results.score(allocator, workload) for workload in results.workloads]
    return mean_of(allocator, [each.frag_peak for each in scores if each.is_large_heap])


def touches_all(results, workload):
    """Whether each footprint is told. A trace that leaves pages of its blocks unwritten has less
    resident than alive on some allocators, and on others says nothing of them either."""
    scores = [results.score(name, workload) for name in results.allocators]
    return all(score.frag_peak for score in scores if score.peak_resident_bytes)


def workloads_from(results, bytes_at_least):
    """Those in which the baseline's live heap reaches that size, and is written."""
    return [workload for workload in results.workloads
            if (results.score(BASELINE, workload).peak_live_bytes or 0) >= bytes_at_least and
            touches_all(results, workload)]


def large_heap_workloads(results):
    return workloads_from(results, LARGE_HEAP_BYTES)


def trade_off(results, allocator):
    """Time and peak memory as ratios to the baseline, both over the same workloads: those whose
    footprint is known. (time, memory, count), or None."""
    pairs = []
    for workload in workloads_from(results, SMALLEST_HEAP_BYTES):
        base, score = results.score(BASELINE, workload), results.score(allocator, workload)
        time = 1.0 if allocator == BASELINE else score.ratio
        if time and base.frag_peak and score.frag_peak:
            pairs.append((time, score.peak_resident_bytes / base.peak_resident_bytes))
    if not pairs:
        return None
    times, memories = zip(*pairs)
    return estimate.geometric_mean(times), estimate.geometric_mean(memories), len(pairs)


def pareto_front(points):
    """Of (x, y, …) where less is better: those that no other beats in one without losing in the
    other, by growing x."""
    front = []
    for point in sorted(points):
        if not front or point[1] < front[-1][1]:
            front.append(point)
    return front
