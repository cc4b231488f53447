"""Footprint and live bytes over a program's life: workloads × allocators, a small panel each."""
import drawing
import fragmentation
import heatmap
import labels
from score import MEBIBYTE

TITLE = "Footprint and live bytes over time"
EXPLANATION = (
    "Grey: the bytes that the program has asked for and not yet freed. Line: resident memory, less "
    "what was resident before its first call, exact to a page. Thin line: the same on an aged "
    "heap, littered by another program of which an eighth stays, less the bytes of that litter. "
    "500 samples, spread over the allocator calls. Behind the end, two bars: what stays resident "
    "when everything is freed, and when the allocator is then asked to give back what it can "
    "(solid); no bar: all is given back. All panels of a row have one scale, whose top is at its "
    "left. The figure in a panel is most resident over most live bytes.")
WIDTH, HEIGHT, BETWEEN = 0.88, 0.85, 0.12
LEFT = 1.6
FREED_AT, PURGED_AT, BAR, END = 1.09, 1.19, 0.08, 1.24   # of the time's length


def running(rows):
    return [row for row in rows if row["moment"] == fragmentation.RUNNING]


def litter_bytes(rows):
    """What an aged heap holds when the program has freed all that is its own."""
    return running(rows)[-1]["live_bytes"]


def peak_ratio(rows):
    """Most resident over most live bytes; None of a program that holds nothing."""
    live = max(row["live_bytes"] for row in running(rows))
    return max(row["resident_bytes"] for row in running(rows)) / live if live else None


def draw_line(axes, rows, style, is_aged=False):
    """Returns the places of the samples on the clock."""
    samples, less = running(rows), litter_bytes(rows) if is_aged else 0
    clock = [row["operation"] / samples[-1]["operation"] for row in samples]
    axes.plot(clock, [(row["resident_bytes"] - less) / MEBIBYTE for row in samples],
              color=style["color"], linewidth=0.6 if is_aged else 1.2)
    return clock


def draw_retained(axes, rows, style):
    for row in rows:
        if row["moment"] in (fragmentation.FREED, fragmentation.PURGED):
            is_freed = row["moment"] == fragmentation.FREED
            axes.bar(FREED_AT if is_freed else PURGED_AT, row["resident_bytes"] / MEBIBYTE, BAR,
                     color=style["color"], alpha=0.45 if is_freed else 1, linewidth=0)


def draw_panel(axes, fresh, aged, style, failure):
    if not fresh:
        axes.text(0.5, 0.5, "\n".join(labels.wrap(failure, 12)), transform=axes.transAxes,
                  ha="center", va="center", fontsize=6.5, color=drawing.ALARM, fontstyle="italic")
        return
    clock = draw_line(axes, fresh, style)
    axes.fill_between(clock, [row["live_bytes"] / MEBIBYTE for row in running(fresh)],
                      color="#c8c8c8", linewidth=0)
    if aged:
        draw_line(axes, aged, style, is_aged=True)
    draw_retained(axes, fresh, style)
    axes.text(0.04, 0.95, labels.ratio(peak_ratio(fresh)), transform=axes.transAxes, va="top",
              fontsize=7, gid="figure", path_effects=drawing.HALO)


def highest(rows_of, workload):
    """MiB at the top of a workload's row."""
    values = [max(row["resident_bytes"] - (litter_bytes(rows) if age == "aged" else 0),
                  row["live_bytes"] if age == "fresh" else 0)
              for (_, name, age), rows in rows_of.items() if name == workload for row in rows]
    return 1.08 * max(values, default=MEBIBYTE) / MEBIBYTE


def set_scales(axes, top, workload):
    axes.set(xlim=(0, END), ylim=(0, top), xticks=[])
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
    series = results.series("fragmentation")
    if series is None:
        return drawing.no_series(results, TITLE)
    rows_of = series.groups("allocator", "workload", "age")
    parts = {key[1] for key in [*rows_of, *series.failures]}
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
            draw_panel(axes, rows_of.get((name, workload, "fresh")),
                       rows_of.get((name, workload, "aged")), styles[name],
                       series.failures.get((name, workload), "not measured"))
    return sheet.figure
