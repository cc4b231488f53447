"""Draws a trace on one page, from the figures that `heapbench inspect --csv=FILE.csv` writes.

    scripts/trace_chart.py FILE.csv [-o NAME]       # NAME.svg and NAME.png, else beside FILE.csv

What is alive over the calls, sizes, lifetimes, kinds of calls, and the figures that tell most.
"""
import argparse
import math
import sys
from pathlib import Path

from matplotlib.ticker import FuncFormatter, MaxNLocator

import drawing
import inspected
import labels
import results as reader

WIDTH, GAP, LEFT = 9.6, 0.75, 0.6                      # inches; LEFT: room for an axis's labels
CURVE_HEIGHT, HEIGHT, LOW_HEIGHT = 2.0, 2.1, 1.75
PANEL = (WIDTH - GAP - LEFT) / 2
LABELS_MOST, PHASES_MOST, FREQUENT_SHOWN = 9, 30, 5
EXPLANATION = (
    "Alive: bytes asked for and not yet freed, the band from the least to the most in each stretch "
    "of calls. Sizes: what new blocks were born with. Life: bytes that the program allocated "
    "between a block's birth and its free.")
BLOCKS, BYTES, CALLS = drawing.COLOURS[0], drawing.COLOURS[4], drawing.COLOURS[2]
FORMS = {"%": "{:.1f} %", "x": "{:.3g}×", "bytes": "{}", "count": "{:,.0f}"}
KEY_FIGURES = (      # table, name, row, how it is written, what it is called here
    ("totals", "calls", "", "count", "calls"),
    ("totals", "allocated", "", "bytes", "allocated"),
    ("live", "peak", "", "bytes", "most bytes alive"),
    ("live", "most blocks", "", "count", "most blocks alive"),
    ("live", "at the end", "", "bytes", "alive at the end"),
    ("sizes", "mean", "", "bytes", "mean new block"),
    ("sizes up to", "of blocks", "64 bytes", "%", "blocks up to 64 B"),
    ("sizes up to", "of blocks", "512 bytes", "%", "blocks up to 512 B"),
    ("sizes", "sizes of 90 % of blocks", "", "count", "sizes of 90 % of blocks"),
    ("life of freed blocks", "in peaks", "p50", "x", "median life, in peaks"),
    ("lifetimes", "freed within 64 new blocks", "", "%", "freed within 64 births"),
    ("lifetimes", "never freed", "", "%", "never freed"),
    ("resizes", "growths exactly double", "", "%", "growths exactly double"),
    ("frees", "in runs of 32 or more", "", "%", "frees in runs of 32 up"),
    ("frees", "by another thread", "", "%", "frees by another thread"),
    ("reuse in classes of 16 bytes", "sum of class peaks over peak", "", "x",
     "class peaks over peak"),
)


def scale_of(most):
    """The unit for an axis of bytes, and its name."""
    for power, name in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if most >= 2 << power:
            return 1 << power, name
    return 1, "bytes"


def written(form, value):
    if math.isnan(value):
        return "–"
    return labels.size(value) if form == "bytes" else FORMS[form].format(value)


# ---- what is alive

def mark_moments(axes, trace):
    """Phases as lines with their numbers, collections as ticks at the foot, where they are few."""
    phases = [row["after call"] for _, row in trace.rows("first phases")]
    names = [name for name, _ in trace.rows("first phases")]
    for name, call in zip(names, phases) if len(phases) <= PHASES_MOST else ():
        axes.axvline(call, color=drawing.ALARM, linewidth=0.7, linestyle=(0, (4, 3)))
        axes.annotate(name, (call, 1), (2, -1), xycoords=axes.get_xaxis_transform(), va="top",
                      textcoords="offset points", fontsize=7, color=drawing.ALARM,
                      path_effects=drawing.HALO, annotation_clip=True)
    calls = [row["after call"] for _, row in trace.rows("first collections")]
    if calls and trace.figure("marks", "collections") == len(calls):
        axes.plot(calls, [0.02] * len(calls), "|", transform=axes.get_xaxis_transform(),
                  color=drawing.INK, markersize=6, clip_on=False)


def curve_title(trace):
    title = "Alive over the calls"
    marked = [name for name in ("phases", "collections") if trace.figure("marks", name) > 0]
    counts = [labels.count(int(trace.figure("marks", name)), name[:-1]) for name in marked]
    return title + (f" ({', '.join(counts)})" if counts else "")


def draw_curve(axes, trace):
    rows = trace.rows("live curve")
    calls = [0] + [int(call) for call, _ in rows]
    unit, name = scale_of(trace.figure("live", "peak"))
    least = [row["least"] / unit for _, row in rows]
    most = [row["most"] / unit for _, row in rows]
    axes.fill_between(calls, least[:1] + least, most[:1] + most, step="pre", linewidth=0.8,
                      color=BLOCKS, alpha=0.85)
    axes.fill_between(calls, 0, least[:1] + least, step="pre", linewidth=0, color=BLOCKS,
                      alpha=0.15)
    axes.set(xlim=(0, max(calls)), ylim=(0, max(most) * 1.08 or 1), ylabel=f"alive ({name})",
             xlabel="call")
    axes.xaxis.set_major_formatter(FuncFormatter(labels.thousands))
    axes.xaxis.set_major_locator(MaxNLocator(10, integer=True))
    axes.set_title(curve_title(trace), loc="left")
    mark_moments(axes, trace)


# ---- sizes and lives

def label_bars(axes, names):
    """As many as there is room for, from the first on."""
    stride = max(1, math.ceil(len(names) / LABELS_MOST))
    axes.set_xticks(range(0, len(names), stride), names[::stride])
    axes.grid(axis="x", visible=False)
    axes.set_xlim(-0.7, max(len(names), 6) - 0.3)


def draw_sizes(axes, trace):
    rows = trace.rows("size histogram")
    places = range(len(rows))
    for shift, column, colour in ((-0.2, "of blocks", BLOCKS), (0.2, "of bytes", BYTES)):
        axes.bar([place + shift for place in places], [row[column] for _, row in rows], 0.4,
                 color=colour, label=column)
    label_bars(axes, [labels.size(int(name.split("..")[1])) for name, _ in rows])
    axes.set(ylabel="share (%)", xlabel="up to")
    axes.set_title("Sizes of new blocks", loc="left")
    axes.legend(frameon=False, fontsize=7.5)


def octaves(rows):
    """Sums by powers of two: 0 → 0, 1 → 1, 2..3 → 2, 4..7 → 3 and so on, from the least on."""
    sums = {}
    for name, row in rows:
        octave = int(name.split("..")[0]).bit_length()
        sums[octave] = sums.get(octave, 0) + row["blocks"]
    if not sums:
        return []
    return [(octave, sums.get(octave, 0)) for octave in range(min(sums), max(sums) + 1)]


def peak_place(found, peak):
    """Where the peak of the live bytes lies among the bars of octaves, or None."""
    octave = int(peak).bit_length()
    if peak < 1 or not found[0][0] <= octave <= found[-1][0]:
        return None
    return octave - found[0][0] - 0.5 + math.log2(peak / 2 ** (octave - 1))


def draw_lives(axes, trace):
    found = octaves(trace.rows("lives in bytes"))
    new_blocks = trace.figure("calls", "number", "new")
    axes.bar(range(len(found)), [100 * blocks / new_blocks for _, blocks in found], 0.85,
             color=BLOCKS)
    never = trace.figure("lifetimes", "never freed")
    if never > 0:
        axes.bar([len(found) + 0.5], [never], 0.85, color="white", edgecolor=drawing.INK,
                 hatch="////", linewidth=0.6)
        axes.annotate("never\nfreed", (len(found) + 0.5, never), (0, 2), ha="center",
                      textcoords="offset points", fontsize=7, path_effects=drawing.HALO)
    names = [labels.size(2 ** (octave - 1)) if octave else "0" for octave, _ in found]
    label_bars(axes, names)
    axes.set_xlim(-0.7, max(len(found) + (1 if never > 0 else 0), 6) + 0.2)
    axes.margins(y=0.15)
    axes.set(ylabel="share of blocks (%)", xlabel="bytes allocated meanwhile: from")
    axes.set_title("Life of blocks", loc="left")
    place = peak_place(found, trace.figure("live", "peak")) if found else None
    if place is not None:
        axes.axvline(place, color=drawing.ALARM, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.annotate("peak alive", (place, 1), (-3, -2), xycoords=axes.get_xaxis_transform(),
                      textcoords="offset points", ha="right", va="top", fontsize=7,
                      color=drawing.ALARM, path_effects=drawing.HALO)


# ---- calls and key figures

def draw_calls(axes, trace):
    rows = [(name, row) for name, row in trace.rows("calls") if row["number"]]
    most = max(row["share"] for _, row in rows)
    axes.barh(range(len(rows)), [row["share"] for _, row in rows], 0.7, color=CALLS)
    for line, (_, row) in enumerate(rows):
        axes.annotate(f"{row['number']:,.0f}", (row["share"], line), (4, 0), va="center",
                      textcoords="offset points", fontsize=7.5)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set(ylim=(max(len(rows), 4) - 0.4, -0.6), xlim=(0, most * 1.3), xlabel="share (%)")
    axes.grid(axis="y", visible=False)
    axes.set_title("Calls", loc="left")


def frequent_text(trace):
    shares = [f"{labels.size(int(name.split()[0]))} {row['of blocks']:.0f} %"
              for name, row in trace.rows("frequent sizes")[:FREQUENT_SHOWN]]
    return "Most frequent sizes: " + ", ".join(shares) if shares else ""


def write_figures(page, left, top, trace):
    """Two columns, and the most frequent sizes below."""
    half = -(-len(KEY_FIGURES) // 2)
    for i, (table, name, row, form, title) in enumerate(KEY_FIGURES):
        x, y = left + i // half * (PANEL / 2 + 0.4), top + 0.24 + page.LINE * 1.05 * (i % half)
        page.write(x, y, title, fontsize=7.5)
        page.write(x + 2.12, y, written(form, trace.figure(table, name, row)), fontsize=7.5,
                   ha="right", fontweight="bold")
    page.write(left, top, "Figures", fontsize=8.5, fontweight="bold")
    page.write(left, top + 0.32 + page.LINE * 1.05 * half, frequent_text(trace), fontsize=7.5)


def foot(trace):
    return " · ".join(f"{name}: {value}" for name, value in trace.about.items() if name != "trace")


def draw(trace):
    title = "Trace " + labels.shorten(trace.about.get("trace", "?"), 80)
    if not trace.rows("live curve"):
        empty = [("No call was made: there is nothing to draw.", drawing.INK)]
        return drawing.Page(title, empty, foot(trace), 6, 0.1).figure
    height = CURVE_HEIGHT + HEIGHT + LOW_HEIGHT + 2 * GAP + 0.6
    page = drawing.Page(title, [(EXPLANATION, drawing.INK)], foot(trace), WIDTH, height)
    left, top = page.MARGIN + LEFT, page.top + 0.25
    draw_curve(page.axes(left, top, WIDTH - LEFT, CURVE_HEIGHT), trace)
    top += CURVE_HEIGHT + GAP
    right = left + PANEL + GAP
    if trace.rows("size histogram"):
        draw_sizes(page.axes(left, top, PANEL, HEIGHT), trace)
        draw_lives(page.axes(right, top, PANEL, HEIGHT), trace)
    top += HEIGHT + GAP
    draw_calls(page.axes(left, top, PANEL - 0.6, LOW_HEIGHT), trace)
    write_figures(page, right - 0.6, top - 0.22, trace)
    return page.figure


def draw_file(path):
    try:
        return draw(inspected.load(path))
    except (LookupError, ValueError) as error:
        raise reader.ResultsError(f"{path}: is not whole ({error!r}): write it again by heapbench "
                                  "inspect --csv", reader.USAGE) from None


def picture_name(table, wanted):
    """Folder and name without an ending; the table must not be what is drawn over."""
    path = wanted or table.with_suffix("")
    if not path.name or path.is_dir():
        raise reader.ResultsError(f"{path}: a folder: give a name in it with -o", reader.USAGE)
    if not path.parent.is_dir():
        raise reader.ResultsError(f"{path}: there is no such folder", reader.USAGE)
    return path.parent, path.name


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", metavar="FILE.csv", type=Path)
    parser.add_argument("-o", metavar="NAME", type=Path, dest="out",
                        help="writes NAME.svg and NAME.png; beside FILE.csv without it")
    given = parser.parse_args(arguments)
    try:
        figure = draw_file(given.file)
        for path in drawing.save(figure, *picture_name(given.file, given.out)):
            print(path)
    except reader.ResultsError as error:
        print(f"trace_chart.py: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
