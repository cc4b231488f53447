"""CPU time against libc's: allocators × workloads."""
import heatmap
import labels
import suite
from score import BASELINE, OK
from table import MARKS

EXPLANATION = (
    f"CPU time divided by {BASELINE}'s in the same round, median over the rounds; below 1 is "
    "faster. = marks a tie: the interval holds 1 or the difference is within the noise floor. ? is "
    "unresolved, for want of rounds. Hatched: no time, because it failed so. Means are geometric, "
    "in brackets of how many where some failed.")
SCALE = heatmap.Scale("PuOr_r", 0.5, 2, (0.5, 0.7, 1, 1.4, 2), f"time / {BASELINE}'s time")
MARKED = ("tie", "unresolved")


def cell(score):
    if score.outcome not in (OK, "not measured"):
        return heatmap.Cell(score.outcome, failure=True)
    if score.ratio is None:
        return heatmap.Cell("-", pale=True)
    mark = f"{MARKS[score.verdict]} " if score.verdict in MARKED else ""
    colour_of = 1 if score.verdict == "tie" else score.ratio
    return heatmap.Cell(mark + labels.ratio(score.ratio), colour_of)


def mean_cell(results, allocator, workloads):
    mean = suite.time_suite(results, allocator, workloads)
    is_partial = mean.count < len(workloads)
    text = labels.ratio(mean.value) + (f" ({mean.count})" if is_partial and mean.count else "")
    return heatmap.Cell(text, mean.value)


def draw(results):
    columns = [name for name in results.allocators if name != BASELINE] or results.allocators
    rows = [(workload, [cell(results.score(name, workload)) for name in columns])
            for workload in results.workloads]
    means = [(f"mean of {group}", [mean_cell(results, name, workloads) for name in columns])
             for group, workloads in suite.groups(results)]
    grid = heatmap.Grid(columns, rows, means)
    return heatmap.draw(results, f"Time against {BASELINE}", EXPLANATION, grid, SCALE)
