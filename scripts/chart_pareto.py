"""Time against peak memory: what is bought with what. The front is what no other beats in both."""
import drawing
import labels
import suite
from score import BASELINE, MEBIBYTE

EXPLANATION = (
    f"Left: both divided by {BASELINE}'s, geometric mean over the workloads with 1 MiB live or "
    "more that write all their pages; hollow: failed in some of them (their number in the legend), "
    "so not on the front. Small: each of them with 16 MiB live or more, ns per operation and peak "
    "resident MiB; dotted: its live bytes. Lower left is better; the line is the Pareto front.")
SIDE, GAP = 4.6, 0.55        # inches: the large panel, and between panels
SMALL, COLUMNS = 1.75, 4
LEGEND = 2.2


def draw_points(axes, points, styles, hollow=(), size=6):
    """Points are (x, y, allocator). Marks, and the front through those that are not hollow."""
    front = suite.pareto_front([point for point in points if point[2] not in hollow])
    axes.step([x for x, *_ in front], [y for _, y, *_ in front], where="post", color="#9a9a9a",
              linewidth=1.2, zorder=1)
    for x, y, name in points:
        style = styles[name]
        axes.plot(x, y, linestyle="", markersize=size, zorder=3, **style, markeredgewidth=1,
                  markerfacecolor="white" if name in hollow else style["color"])


def suite_points(results):
    """(points, names of those that lack workloads, legend texts by name)"""
    trades = {name: suite.trade_off(results, name) for name in results.allocators}
    trades = {name: trade for name, trade in trades.items() if trade}
    most = max((count for _, _, count in trades.values()), default=0)
    hollow = [name for name, (_, _, count) in trades.items() if count < most]
    legend = {name: labels.shorten(name, 24) + (f" ({trades[name][2]} of {most})"
                                                if name in hollow else "") for name in trades}
    return [(time, memory, name) for name, (time, memory, _) in trades.items()], hollow, legend


def draw_suite(sheet, points, hollow, legend, styles):
    axes = sheet.axes(0.65, sheet.top + 0.25, SIDE, SIDE)
    drawing.log_scale(axes.xaxis, [x for x, *_ in points])
    drawing.log_scale(axes.yaxis, [y for _, y, *_ in points])
    draw_points(axes, points, styles, hollow, 7)
    axes.set_xlabel(f"time / {BASELINE}'s")
    axes.set_ylabel(f"peak resident / {BASELINE}'s")
    drawing.name_points(axes, points, styles)
    handles = [axes.plot([], [], linestyle="", **styles[name],
                         markerfacecolor="white" if name in hollow else styles[name]["color"])[0]
               for _, _, name in points]
    axes.legend(handles, [legend[name] for _, _, name in points], loc="upper left", fontsize=7.5,
                bbox_to_anchor=(1.02, 1), frameon=False, borderaxespad=0)


def workload_points(results, workload):
    for name in results.allocators:
        score = results.score(name, workload)
        if score.ns_per_operation_p50 and score.peak_resident_bytes:
            yield score.ns_per_operation_p50, score.peak_resident_bytes / MEBIBYTE, name


def draw_workload(axes, results, workload, styles):
    points = list(workload_points(results, workload))
    live = results.score(BASELINE, workload).peak_live_bytes / MEBIBYTE
    axes.set_title(labels.shorten(workload, 22), loc="left", pad=3)
    drawing.log_scale(axes.xaxis, [x for x, *_ in points] or [1, 10])
    drawing.log_scale(axes.yaxis, [y for _, y, *_ in points] + [live])
    axes.axhline(live, color=drawing.INK, linewidth=0.8, linestyle=":")
    draw_points(axes, points, styles, size=5)


def draw(results):
    points, hollow, legend = suite_points(results)
    if not points:
        return drawing.nothing(results, "Time against peak memory")
    styles, large = drawing.styles(results), suite.large_heap_workloads(results)
    left = 0.65 + SIDE + LEGEND
    columns = min(COLUMNS, len(large))
    lines = -(-len(large) // columns) if columns else 0
    step = SMALL + GAP
    sheet = drawing.Sheet(results, "Time against peak memory", EXPLANATION,
                          left + columns * step, max(SIDE + 0.75, lines * (step + 0.05) + 0.1))
    draw_suite(sheet, points, hollow, legend, styles)
    for i, workload in enumerate(large):
        axes = sheet.axes(left + 0.4 + i % columns * step, sheet.top + 0.25 + i // columns * step,
                          SMALL, SMALL)
        draw_workload(axes, results, workload, styles)
    return sheet.figure
