"""Peak footprint over live bytes: what an allocator takes for what the program asked for."""
import heatmap
import labels
import suite
from score import OK

EXPLANATION = (
    "Peak resident memory divided by the most bytes that were live at once (frag_peak): 1 would be "
    "no loss at all. In italics with ~: less than 16 MiB live, where fixed costs decide; these are "
    "not in the mean. Blank: less than 1 MiB live, nothing but fixed costs, or blocks that nobody "
    "touches. Hatched: it failed so.")
SCALE = heatmap.Scale("cividis_r", 1, 4, (1, 1.5, 2, 3, 4), "peak resident / peak live")


def cell(score):
    if score.outcome not in (OK, "not measured"):
        return heatmap.Cell(score.outcome, failure=True)
    if score.frag_peak is None:
        return heatmap.Cell("")
    mark = "" if score.is_large_heap else "~"
    return heatmap.Cell(mark + labels.ratio(score.frag_peak), score.frag_peak, pale=bool(mark))


def mean_cell(results, allocator):
    mean = suite.footprint_suite(results, allocator)
    return heatmap.Cell(f"{labels.ratio(mean.value)} ({mean.count})" if mean.count else "-",
                        mean.value)


def draw(results):
    columns = results.allocators
    rows = [(workload, [cell(results.score(name, workload)) for name in columns])
            for workload in results.workloads]
    means = [("mean, 16 MiB and more (of)", [mean_cell(results, name) for name in columns])]
    grid = heatmap.Grid(columns, rows, means)
    return heatmap.draw(results, "Peak footprint over live bytes", EXPLANATION, grid, SCALE)
