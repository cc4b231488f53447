"""Nanoseconds per operation with intervals: a panel a workload, a line an allocator."""
import drawing
import labels
from score import BASELINE, HARNESS, OK

EXPLANATION = (
    "CPU nanoseconds per call that is not a query, harness included: median over the rounds and "
    f"its interval, logarithmic axes of their own. Grey band: the noise floor around {BASELINE}. "
    f"Hollow: a tie with {BASELINE}, or unresolved. {HARNESS} is what the harness costs by itself, "
    "on traces, as a figure: it would lie far to the left. Compare in a panel, never across runs.")
COLUMNS = 4
LINE = 0.155           # inches an allocator
LEFT, WIDTH = 1.75, 2.45
BETWEEN_X, BETWEEN_Y = 0.25, 0.55


def contenders(results):
    has_harness = any(allocator == HARNESS for allocator, _, _ in results.scores)
    return results.allocators + [HARNESS] * has_harness


def draw_baseline(axes, base, control):
    if base.ns_per_operation_p50 is None:
        return
    floor = 1 + (control.noise_floor or 0)
    axes.axvspan(base.ns_per_operation_p50 / floor, base.ns_per_operation_p50 * floor,
                 color="#e0e0e0", linewidth=0)
    axes.axvline(base.ns_per_operation_p50, color=drawing.PALE, linewidth=0.7)


def row_text(score):
    """What stands in a row without a point, and its colour."""
    if score.allocator == HARNESS:
        cost = score.ns_per_operation_p50
        return (f"{labels.nanoseconds(cost)} ns" if cost else ""), drawing.PALE
    return ("" if score.outcome in (OK, "not measured") else score.outcome), drawing.ALARM


def has_point(score):
    return score.allocator != HARNESS and score.ns_per_operation_p50 is not None


def draw_score(axes, line, score, style):
    if not has_point(score):
        text, colour = row_text(score)
        axes.text(0.02, line, text, transform=axes.get_yaxis_transform(), va="center", fontsize=6.5,
                  color=colour, fontstyle="italic", gid="cell",
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})
        return
    is_hollow = score.verdict in ("tie", "unresolved")
    axes.plot([score.ns_per_operation_low, score.ns_per_operation_high], [line, line],
              color=style["color"], linewidth=1.3)
    axes.plot(score.ns_per_operation_p50, line, linestyle="", markersize=4.5, **style,
              markerfacecolor="white" if is_hollow else style["color"])


def draw_panel(axes, results, workload, names, styles):
    scores = [results.score(name, workload) for name in names]
    values = [value for score in scores if has_point(score) for value in
              (score.ns_per_operation_low, score.ns_per_operation_high)]
    draw_baseline(axes, results.score(BASELINE, workload), results.control(workload))
    for line, score in enumerate(scores):
        draw_score(axes, line, score, styles[score.allocator])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_title(labels.shorten(workload, 34), loc="left", pad=3)
    drawing.log_scale(axes.xaxis, values or [1, 10])
    axes.set_yticks(range(len(names)), [])
    axes.tick_params(length=2)


def draw(results):
    names, styles = contenders(results), drawing.styles(results)
    columns = min(COLUMNS, max(1, len(results.workloads)))
    panel_height = LINE * len(names)
    lines = -(-len(results.workloads) // columns)
    sheet = drawing.Sheet(results, "Time per operation (ns)", EXPLANATION,
                          LEFT + columns * (WIDTH + BETWEEN_X), lines * (panel_height + BETWEEN_Y))
    for i, workload in enumerate(results.workloads):
        column, line = i % columns, i // columns
        axes = sheet.axes(LEFT + column * (WIDTH + BETWEEN_X),
                          sheet.top + line * (panel_height + BETWEEN_Y) + 0.2, WIDTH, panel_height)
        draw_panel(axes, results, workload, names, styles)
        if column == 0:
            axes.set_yticklabels([labels.shorten(name, 22) for name in names])
    return sheet.figure
