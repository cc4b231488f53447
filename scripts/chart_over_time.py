"""Footprint and live bytes over a program's life: workloads × allocators, a small panel each."""
import drawing
import heatmap
import labels
from score import MEBIBYTE

TITLE = "Footprint and live bytes over time"
EXPLANATION = (
    "Grey: the bytes that the program has asked for and not yet freed. Line: resident memory, less "
    "what was resident before its first call. From the first allocator call to the last, which "
    "closes the state; 500 samples, each a few dozen pages late at most. All panels of a row have "
    "one scale, whose top is at its left. The figure in a panel is the mean of the line over the "
    "mean of the grey.")
WIDTH, HEIGHT, BETWEEN = 0.88, 0.85, 0.12
LEFT = 1.6


def mean(values):
    """Over the samples, which are evenly spread over the calls; the last one is apart."""
    return sum(values) / len(values)


def mean_ratio(rows):
    """Resident over live bytes, None of a program that holds nothing."""
    live = mean([row["live_bytes"] for row in rows])
    return mean([row["resident_bytes"] for row in rows]) / live if live else None


def draw_panel(axes, rows, style, failure):
    if not rows:
        axes.text(0.5, 0.5, "\n".join(labels.wrap(failure, 12)), transform=axes.transAxes,
                  ha="center", va="center", fontsize=6.5, color=drawing.ALARM, fontstyle="italic")
        return
    clock = [row["operation"] / rows[-1]["operation"] for row in rows]
    axes.fill_between(clock, [row["live_bytes"] / MEBIBYTE for row in rows], color="#c8c8c8",
                      linewidth=0)
    axes.plot(clock, [row["resident_bytes"] / MEBIBYTE for row in rows], linewidth=1.2,
              color=style["color"])
    axes.text(0.04, 0.95, labels.ratio(mean_ratio(rows)), transform=axes.transAxes, va="top",
              fontsize=7, gid="figure", path_effects=drawing.HALO)


def highest(rows_of, workload):
    """MiB at the top of a workload's row."""
    values = [max(row["resident_bytes"], row["live_bytes"])
              for (_, name), rows in rows_of.items() if name == workload for row in rows]
    return 1.08 * max(values, default=MEBIBYTE) / MEBIBYTE


def set_scales(axes, top, workload):
    axes.set(xlim=(0, 1), ylim=(0, top), xticks=[])
    axes.set_yticks([0, top], [])
    axes.tick_params(length=0)
    if workload is not None:
        axes.set_yticks([0, top], ["0", f"{top:.3g} MiB"])
        axes.set_ylabel("\n".join(labels.wrap(workload, 14)), fontweight="bold", rotation=0,
                        ha="right", va="center", labelpad=4)


def draw_names(sheet, names, header):
    for i, name in enumerate(names):
        text = "\n".join(labels.wrap(name, heatmap.HEADER_WIDTH + 1))
        sheet.write(LEFT + i * (WIDTH + BETWEEN) + WIDTH / 2, sheet.top + header - 0.07, text,
                    ha="center", va="bottom", fontsize=7)


def draw(results):
    series = results.series("footprint")
    if series is None:
        return drawing.no_series(results, TITLE)
    rows_of = series.groups("allocator", "workload")
    parts = {name for _, name in [*rows_of, *series.failures]}
    workloads = [name for name in results.workloads if name in parts]
    if not workloads:
        return drawing.nothing(results, TITLE, "No workload of this run has 4 MiB alive, and none "
                               "was named: build/heapbench series -w NAME.")
    names, styles = results.allocators, drawing.styles(results)
    header = 0.1 + heatmap.HEADER_LINE * max(
        len(labels.wrap(name, heatmap.HEADER_WIDTH + 1)) for name in names)
    sheet = drawing.Sheet(results, TITLE, EXPLANATION, LEFT + len(names) * (WIDTH + BETWEEN),
                          header + len(workloads) * (HEIGHT + BETWEEN))
    draw_names(sheet, names, header)
    for line, workload in enumerate(workloads):
        top = highest(rows_of, workload)
        for column, name in enumerate(names):
            axes = sheet.axes(LEFT + column * (WIDTH + BETWEEN),
                              sheet.top + header + line * (HEIGHT + BETWEEN), WIDTH, HEIGHT)
            set_scales(axes, top, workload if column == 0 else None)
            draw_panel(axes, rows_of.get((name, workload)), styles[name],
                       series.failures.get((name, workload), "not measured"))
    return sheet.figure
