"""Internal waste against the size asked for: the staircase of each allocator, a panel each."""
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

import drawing
import labels
from score import BASELINE

TITLE = "Internal waste against request size"
EXPLANATION = (
    "What a block takes beyond what was asked for, rounding and header, as a share of what it "
    "takes: the median step from block to block, over 64 to 512 blocks. Every size to 256 B, "
    f"every eighth to 1 KiB, 32 to a doubling from there. Grey behind: {BASELINE}, so that grey "
    "above a colour is what is gained. The figure is the mean over blocks of 16, 24, .. 256 B, "
    "one of each: Lua's own sizes. Sizes that a pool does not serve show its backing.")
COLUMNS = 4
WIDTH, HEIGHT = 2.75, 1.15
BETWEEN_X, BETWEEN_Y, LEFT = 0.3, 0.55, 0.45
GREY = "#d4d4d4"
LEAST, MOST, HIGHEST = 8, 65536, 60      # bytes, bytes, per cent
TICKS = {16: "16", 64: "64", 256: "256", 1024: "1K", 4096: "4K", 16384: "16K", 65536: "64K B"}


def waste(row):
    """Per cent of what the block takes."""
    return 100 * (row["step_bytes"] - row["request_bytes"]) / row["step_bytes"]


def mean_waste(rows):
    """One block each of 16, 24, .. 256 bytes; None where not all of them were measured."""
    common = [row for row in rows if row["request_bytes"] in range(16, 257, 8)]
    if len(common) < 31:
        return None
    taken = sum(row["step_bytes"] for row in common)
    return 100 * (taken - sum(row["request_bytes"] for row in common)) / taken


def draw_staircase(axes, rows, colour):
    axes.fill_between([row["request_bytes"] for row in rows], [waste(row) for row in rows],
                      step="post", linewidth=0, color=colour)


def set_scales(axes, is_first_column):
    axes.set(xscale="log", xlim=(LEAST, MOST), ylim=(0, HIGHEST))
    axes.xaxis.set_major_locator(FixedLocator(list(TICKS)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: TICKS[round(value)]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_yticks([0, 20, 40, 60], ["0", "20", "40", "60 %"] if is_first_column else [])
    axes.tick_params(length=2)


def draw_panel(axes, name, rows, style, baseline, failure):
    mean = mean_waste(rows)
    axes.set_title(labels.shorten(name, 26), loc="left", pad=3)
    axes.set_title("" if mean is None else f"{mean:.1f} %", loc="right", pad=3)
    if rows:
        draw_staircase(axes, baseline, GREY)
        draw_staircase(axes, rows, style["color"])
    else:
        axes.text(0.5, 0.5, failure, transform=axes.transAxes, ha="center", va="center",
                  color=drawing.ALARM, fontstyle="italic")


def draw(results):
    series = results.series("waste")
    if series is None:
        return drawing.no_series(results, TITLE)
    rows_of, styles = series.groups("allocator"), drawing.styles(results)
    names, columns = results.allocators, min(COLUMNS, len(results.allocators))
    lines = -(-len(names) // columns)
    sheet = drawing.Sheet(results, TITLE, EXPLANATION, LEFT + columns * (WIDTH + BETWEEN_X),
                          lines * (HEIGHT + BETWEEN_Y))
    for i, name in enumerate(names):
        axes = sheet.axes(LEFT + 0.15 + i % columns * (WIDTH + BETWEEN_X),
                          sheet.top + i // columns * (HEIGHT + BETWEEN_Y) + 0.2, WIDTH, HEIGHT)
        set_scales(axes, i % columns == 0)
        draw_panel(axes, name, rows_of.get((name,), []), styles[name],
                   rows_of.get((BASELINE,), []),
                   series.failures.get((name, ""), "not measured"))
    return sheet.figure
