"""What must be said beside the figures: which run, how sure, what failed and why."""
import estimate
import labels
from score import BASELINE, HARNESS, OK


def title(results):
    """One line for tables and charts. It knows nothing of the folder, so that a copy of the results
    gives the same charts."""
    plan, machine = results.plan, results.machine.get("machine", {})
    started = results.machine.get("started", {}).get("time", "?")
    return (f"Run of {started}: {machine.get('model') or 'unknown machine'}, profile "
            f"{plan.get('profile', '?')}, {labels.count(plan.get('rounds', '?'), 'round')}, seed "
            f"{plan.get('seed', '?')}, key {results.machine.get('key', '?')}")


def warnings(results):
    """Those that no table and no chart may leave out."""
    if results.unfinished:
        yield results.unfinished
    if results.is_unfit:
        unfit = results.unfit_controls
        yield (f"MACHINE UNFIT: two copies of {BASELINE} differ in {len(unfit)} of "
               f"{len(results.judged_controls)} workloads ({', '.join(unfit)}): something else "
               "ran, or the machine changed its speed; believe no small difference")


def legend(results):
    coverages = {score.ratio_coverage for score in results.scores.values() if score.interval}
    yield (f"CPU time against {BASELINE}'s in the same round: median and interval. < faster, "
           "> slower, = tie: the interval holds 1, or the difference is within the noise floor "
           f"(~), where a second copy of {BASELINE}, the A/A control, strays two times in "
           "three. Means are geometric. Never compare ns across runs or machines.")
    few = [coverage for coverage in coverages if 0 < coverage < estimate.COVERAGE]
    if few:
        yield (f"Fewer than {estimate.rounds_needed()} rounds give no {estimate.COVERAGE:.0%} "
               "interval: lowest to highest is shown, which holds the median with "
               f"{min(few):.0%} or more; ? is unresolved.")
    if 0.0 in coverages:
        yield "A single round has no interval: ? is unresolved."


def harness_lines(results):
    """What the harness itself costs, from the allocator that replays without allocating."""
    costs = [results.score(HARNESS, workload).ns_per_operation_p50
             for workload in results.workloads]
    costs = [cost for cost in costs if cost is not None]
    if costs:
        yield (f"Replaying {labels.count(len(costs), 'trace')} without an allocator ({HARNESS}): "
               f"from {labels.nanoseconds(min(costs))} ns an operation where blocks are not "
               f"touched, median {labels.nanoseconds(estimate.quantile(costs, 0.5))}, to "
               f"{labels.nanoseconds(max(costs))} where large ones are written. It is part of "
               "every figure; summary.csv has them net too.")


def control_lines(results):
    judged = results.judged_controls
    if not judged:
        yield ("A/A control: not judged, for want of rounds "
               f"({estimate.rounds_needed()} or more).")
        return
    floors = [control.noise_floor for control in judged]
    by_chance = sum(1 - control.ratio_coverage for control in judged)
    yield (f"A/A control: a tie in {len(judged) - len(results.unfit_controls)} of {len(judged)} "
           f"workloads (chance alone: {by_chance:.1f} are not). Noise floor: median "
           f"{labels.percent(estimate.quantile(floors, 0.5))}, worst "
           f"{labels.percent(max(floors))}.")


def failures(results):
    """A line for each allocator and reason, with the workloads it struck."""
    struck = {}
    for (allocator, workload, _), score in results.scores.items():
        if score.outcome != OK:
            struck.setdefault((allocator, score.outcome, score.detail), []).append(workload)
    for (allocator, outcome, detail), workloads in struck.items():
        where = dict.fromkeys(workloads)
        names = "every workload" if len(where) == len(results.workloads) else ", ".join(where)
        yield f"{allocator}: {outcome} on {names}" + (f": {detail}" if detail else "")
    for row in results.broken_contracts:
        yield f"{row['allocator']}: breaks the contract: {row['outcome']}: {row['detail']}"


def lines(results):
    """With the role by which each is painted."""
    for line in [*legend(results), *control_lines(results), *harness_lines(results)]:
        yield line, ""
    for failure in failures(results):
        yield failure, "failed"
    for warning in warnings(results):
        yield warning, "warning"
