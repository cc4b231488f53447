"""Time of Lua programs inside the allocator and outside, against libc's whole."""
from dataclasses import dataclass

import drawing
import estimate
import labels
import locality
from score import BASELINE

TITLE = "Time inside and outside the allocator"
EXPLANATION = (
    "CPU time of Lua programs, libc's whole being 1. Dark: inside the allocator's calls, from one "
    "timed call in 8 less the clock's cost, times their number. Pale: outside, which is Lua's own "
    "work; where an allocator places blocks shows there, as cache misses. Medians over passes that "
    "alternate; the line is the interval of inside. Hatched: that interval is wider than a fifth "
    "of inside, so the bar's parts are not to be relied on; its whole is.")
WIDTH, LEFT, LINE, BETWEEN = 2.3, 1.5, 0.17, 0.5
COLUMNS = 3
ALL = "geometric mean"


@dataclass
class Bar:
    """Against libc's whole."""
    inside: float
    outside: float
    low: float          # of inside
    high: float
    is_resolved: bool


def bar_of(each, base):
    return Bar(each.inside_ns / base, each.outside_ns / base, each.inside_low_ns / base,
               each.inside_high_ns / base, each.is_resolved)


def bars(found, workload):
    """By allocator; nothing without a whole of libc."""
    base = found.get((BASELINE, workload))
    if base is None:
        return {}
    return {name: bar_of(each, base.total_ns) for (name, key), each in found.items()
            if key == workload}


def overall(each):
    """Over programs: the geometric mean of the wholes, cut as the sums of the parts are."""
    whole = estimate.geometric_mean([bar.inside + bar.outside for bar in each])
    scale = whole / sum(bar.inside + bar.outside for bar in each)

    def total(name):
        return scale * sum(getattr(bar, name) for bar in each)
    low, inside, high = total("low"), total("inside"), total("high")
    return Bar(inside, total("outside"), low, high, high - low <= locality.UNRESOLVED * inside)


def draw_panel(axes, title, of_names, names, styles):
    for line, name in enumerate(names):
        bar = of_names.get(name)
        if bar is None:
            axes.text(0.02, line, "not measured", va="center", fontsize=6.5, fontstyle="italic",
                      color=drawing.PALE)
            continue
        hatch = None if bar.is_resolved else "////"
        colour = styles[name]["color"]
        axes.barh(line, bar.inside, 0.7, color=colour, hatch=hatch, gid="inside")
        axes.barh(line, bar.outside, 0.7, left=bar.inside, color=colour, alpha=0.25, gid="outside")
        axes.plot([bar.low, bar.high], [line, line], color="white", linewidth=2.4)
        axes.plot([bar.low, bar.high], [line, line], color=drawing.INK, linewidth=0.9)
        axes.text(bar.inside + bar.outside + 0.02, line, f"{bar.inside:.2f} + {bar.outside:.2f}",
                  va="center", fontsize=6.5, gid="figure")
    axes.axvline(1, color=drawing.PALE, linewidth=0.7)
    axes.set(ylim=(len(names) - 0.4, -0.6), xlim=(0, 1.55))
    axes.set_title(labels.shorten(title, 34), loc="left", pad=3)
    axes.set_xticks([0, 0.5, 1])
    axes.set_yticks(range(len(names)), [])
    axes.tick_params(length=2)


def panels(found, workloads):
    """(title, bars by allocator) of each program, then of all; of them those who did all."""
    each = [(name, of_names) for name in workloads if (of_names := bars(found, name))]
    if len(each) < 2:
        return each
    names = set.intersection(*(set(of_names) for _, of_names in each))
    return each + [(ALL, {name: overall([of_names[name] for _, of_names in each])
                          for name in names})]


def draw(results):
    found = locality.load(results)
    if found is None:
        return drawing.no_series(results, TITLE)
    drawn = panels(found, results.workloads)
    if not drawn:
        return drawing.nothing(results, TITLE)
    names = [name for name in results.allocators if any(name == key[0] for key in found)]
    styles, height = drawing.styles(results), LINE * len(names)
    columns = min(COLUMNS, len(drawn))
    rows = -(-len(drawn) // columns)
    sheet = drawing.Sheet(results, TITLE, EXPLANATION, LEFT + columns * (WIDTH + 0.25),
                          rows * (height + BETWEEN))
    for i, (title, of_names) in enumerate(drawn):
        axes = sheet.axes(sheet.MARGIN + LEFT + i % columns * (WIDTH + 0.25),
                          sheet.top + 0.2 + i // columns * (height + BETWEEN), WIDTH, height)
        draw_panel(axes, title, of_names, names, styles)
        if i % columns == 0:
            axes.set_yticklabels([labels.shorten(name, 22) for name in names])
    return sheet.figure
