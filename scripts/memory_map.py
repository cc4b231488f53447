"""Draws where the live blocks of a program lie, from the table that `heapbench lua --map` writes.

    scripts/memory_map.py FILE.csv [-o MAP.png] [--by size|line]

Addresses run from left to right and from top to bottom; what lies more than a row apart is drawn as
ranges of their own, with the gap between them told and not drawn.
"""
import argparse
import csv
import sys
from pathlib import Path

import numpy
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

import drawing
import labels
import results as reader

HEADER = ["address", "size", "age_calls", "age_seconds", "source", "line", "stack"]
COLUMNS, ROWS_MOST, GAP_ROWS, LABEL_ROWS = 256, 160, 3, 6
CELL = 3 / drawing.DOTS_PER_INCH          # inches
LEFT, RIGHT, ABOVE, BELOW = 1.25, 1.55, 0.9, 0.75
SIZE_CLASSES = [32, 64, 128, 512, 4096, 65536]   # bytes, the largest of each; then all others
SIZE_NAMES = ["up to 32 B", "64 B", "128 B", "512 B", "4 KiB", "64 KiB", "larger"]
LINES_SHOWN = 6
REST, GAP, EMPTY = "#9a9a9a", "#c8c8c8", "#efefef"
EXPLANATION = ("Left to right, then down. A cell has the colour that holds most of its live bytes, "
               "paler the less of it is live.")
MOST_ADDRESS = 1 << 56


def wrong(path, line, why):
    return reader.ResultsError(f"{path}:{line}: {why}", reader.USAGE)


def read_row(path, line, row):
    try:
        address, size = int(row[0], 16), int(row[1])
    except (IndexError, ValueError):
        raise wrong(path, line, "no address and size: this is no map of heapbench lua --map "
                    "or it was cut off") from None
    if len(row) != len(HEADER) or not 0 <= address < MOST_ADDRESS or not 0 < size < MOST_ADDRESS:
        raise wrong(path, line, "no block can be like this: write the map again")
    return address, size


def read_rows(path, file):
    rows = csv.reader(file)
    if next(rows, None) != HEADER:
        raise wrong(path, 1, f"the first line is not {','.join(HEADER)}: give a file that "
                    "heapbench lua --map has written")
    addresses, sizes, places, numbers = [], [], [], {}
    for row in rows:
        address, size = read_row(path, rows.line_num, row)
        addresses.append(address)
        sizes.append(size)
        place = f"{row[4]}:{row[5]}" if row[4] else "unknown"
        places.append(numbers.setdefault(place, len(numbers)))
    return addresses, sizes, places, list(numbers)


def load(path):
    """Arrays of addresses, sizes and places (numbers of the names that come last), by address."""
    try:
        with open(path, newline="", encoding="utf-8", errors="replace") as file:
            *columns, names = read_rows(path, file)
    except OSError as error:
        raise reader.ResultsError(f"{path}: {error.strerror}", reader.USAGE) from None
    except csv.Error as error:
        raise reader.ResultsError(f"{path}: no CSV ({error})", reader.USAGE) from None
    columns = [numpy.array(column, dtype=numpy.int64) for column in columns]
    order = numpy.argsort(columns[0], kind="stable")
    return *(column[order] for column in columns), names


def classes_by_size(sizes):
    """Each block's class, and names and colours of the classes."""
    return numpy.searchsorted(SIZE_CLASSES, sizes), SIZE_NAMES, drawing.COLOURS


def classes_by_line(sizes, places, names):
    held = numpy.bincount(places, weights=sizes, minlength=len(names))
    shown = numpy.argsort(-held, kind="stable")[:LINES_SHOWN]
    class_of = numpy.full(len(names), len(shown))
    class_of[shown] = numpy.arange(len(shown))
    titles = [labels.shorten(names[i], 28) for i in shown]
    return class_of[places], titles + ["other lines"], drawing.COLOURS[:len(shown)] + [REST]


class Layout:
    """Which cell each byte lies in: ranges of blocks that are less than a row apart, each from the
    start of a row, between them rows for the gap."""

    def __init__(self, starts, ends, unit):
        row = unit * COLUMNS
        reach = numpy.maximum.accumulate(ends)
        is_first = numpy.concatenate(([True], starts[1:] - reach[:-1] >= row))
        first = numpy.flatnonzero(is_first)
        self.unit = unit
        self.starts = starts[first] // unit * unit
        self.ends = reach[numpy.append(first[1:] - 1, len(starts) - 1)]
        self.heights = -(-(self.ends - self.starts) // row)
        self.tops = numpy.concatenate(([0], numpy.cumsum(self.heights + GAP_ROWS)[:-1]))
        self.rows = int(self.tops[-1] + self.heights[-1])
        self.range_of = numpy.cumsum(is_first) - 1

    def offsets(self, addresses):
        """In bytes from the first cell of the picture."""
        start = self.tops[self.range_of] * self.unit * COLUMNS - self.starts[self.range_of]
        return addresses + start


def choose_layout(starts, ends):
    """The finest that has not too many rows; where there are too many ranges, gaps go in."""
    unit = 16
    while True:
        layout = Layout(starts, ends, unit)
        if layout.rows <= ROWS_MOST:
            return layout
        unit *= 2


def live_bytes(first, last, cell_count, unit):
    """How many bytes of each cell lie in blocks that start and end at these offsets."""
    head, tail = first // unit, (last - 1) // unit
    is_long = head < tail
    live = numpy.bincount(head, numpy.where(is_long, (head + 1) * unit, last) - first, cell_count)
    head, tail, last = head[is_long], tail[is_long], last[is_long]
    live += numpy.bincount(tail, last - tail * unit, cell_count)
    steps = numpy.bincount(head + 1, minlength=cell_count + 1)
    steps = steps - numpy.bincount(tail, minlength=cell_count + 1)
    return live + unit * numpy.cumsum(steps)[:cell_count]


def paint(layout, starts, ends, classes, colours):
    """The picture: rows × columns × red, green, blue."""
    cell_count = layout.rows * COLUMNS
    first, last = layout.offsets(starts), layout.offsets(ends)
    live = numpy.array([live_bytes(first[classes == i], last[classes == i], cell_count,
                                   layout.unit) for i in range(len(colours))])
    share = numpy.clip(live.sum(axis=0) / layout.unit, 0, 1)
    share = numpy.where(share > 0, 0.25 + 0.75 * share, 0)[:, None]
    palette = numpy.array([to_rgb(colour) for colour in colours])
    cells = palette[live.argmax(axis=0)] * share + numpy.array(to_rgb(EMPTY)) * (1 - share)
    picture = cells.reshape(layout.rows, COLUMNS, 3)
    for top, height in zip(layout.tops[:-1], layout.heights[:-1]):
        picture[top + height:top + height + GAP_ROWS] = 1
        picture[top + height + GAP_ROWS // 2] = to_rgb(GAP)
    return picture


def write_addresses(axes, layout):
    """At the first row of each range, where there is room."""
    free_row = 0
    for start, top in zip(layout.starts, layout.tops):
        if top >= free_row:
            axes.text(-3, top + 0.5, f"0x{start:x}", ha="right", va="center", fontsize=6.5,
                      family="DejaVu Sans Mono", color=drawing.INK)
            free_row = top + LABEL_ROWS


def write_gaps(axes, layout):
    """Of gaps that have no room side by side, the larger is told."""
    gaps = layout.starts[1:] - layout.ends[:-1]
    rows = layout.tops[1:] - GAP_ROWS / 2
    told = []
    for i in numpy.argsort(-gaps, kind="stable"):
        if all(abs(rows[i] - row) >= LABEL_ROWS for row in told):
            told.append(rows[i])
            axes.text(COLUMNS + 3, rows[i], f"{labels.size(gaps[i])} without blocks", va="center",
                      fontsize=6.5, color=drawing.PALE)


def caption(layout, sizes):
    live, span = int(sizes.sum()), int((layout.ends - layout.starts).sum())
    return (f"{labels.count(len(sizes), 'live block')}, {labels.size(live)}, in "
            f"{labels.count(len(layout.starts), 'range')} of {labels.size(span)} together, of "
            f"which {100 * max(0, span - live) / span:.1f} % lie between blocks. "
            f"A cell is {labels.size(layout.unit)}, a row {labels.size(layout.unit * COLUMNS)}.")


def sheet(height):
    """An empty figure with room for a picture of that height in inches."""
    size = (LEFT + COLUMNS * CELL + RIGHT, ABOVE + height + BELOW)
    figure = Figure(size, dpi=drawing.DOTS_PER_INCH, facecolor="white")
    FigureCanvasAgg(figure)
    figure.text(0.25 / size[0], 1 - 0.2 / size[1], "Memory map", fontsize=12, fontweight="bold",
                va="top", color=drawing.INK)
    return figure


def write(figure, from_top, text, **style):
    width, height = figure.get_size_inches()
    figure.text(0.25 / width, 1 - from_top / height, text, va="top",
                **{"color": drawing.INK} | style)


def write_legend(figure, classes, names, colours, sizes):
    held = numpy.bincount(classes, weights=sizes, minlength=len(names))
    patches = [Patch(color=colour, label=f"{name} ({labels.size(bytes_)})")
               for name, colour, bytes_ in zip(names, colours, held) if bytes_]
    figure.legend(handles=patches, loc="lower left", ncol=4, frameon=False, fontsize=7.5,
                  bbox_to_anchor=(0.1 / figure.get_figwidth(), 0.05 / figure.get_figheight()))


def draw(addresses, sizes, classes, names, colours):
    if not len(sizes):
        figure = sheet(0.2)
        write(figure, 0.5, "No block was alive.")
        return figure
    layout = choose_layout(addresses, addresses + sizes)
    figure = sheet(layout.rows * CELL)
    width, height = figure.get_size_inches()
    write(figure, 0.45, caption(layout, sizes) + "\n" + EXPLANATION, linespacing=1.4)
    axes = figure.add_axes((LEFT / width, BELOW / height, COLUMNS * CELL / width,
                            layout.rows * CELL / height))
    axes.imshow(paint(layout, addresses, addresses + sizes, classes, colours), aspect="auto",
                interpolation="nearest", extent=(0, COLUMNS, layout.rows, 0))
    axes.set_axis_off()
    write_addresses(axes, layout)
    write_gaps(axes, layout)
    write_legend(figure, classes, names, colours, sizes)
    return figure


def draw_file(path, by):
    addresses, sizes, places, names = load(path)
    chosen = classes_by_size(sizes) if by == "size" else classes_by_line(sizes, places, names)
    return draw(addresses, sizes, *chosen)


def picture_path(table, wanted):
    """Where the picture goes. It takes the place of what is there, which must be a file, and not
    the table: a device would be lost for all programs."""
    path = wanted or table.with_name(f"{table.stem}.png")
    if path.exists() and not path.is_file():
        raise reader.ResultsError(f"{path}: not a regular file: name another with -o",
                                  reader.USAGE)
    if path.exists() and table.exists() and path.samefile(table):
        raise reader.ResultsError(f"{path}: the picture would take the place of the map: name "
                                  "another file with -o", reader.USAGE)
    if not path.parent.is_dir():
        raise reader.ResultsError(f"{path}: there is no such folder", reader.USAGE)
    return path


def save(figure, path):
    reader.replace_file(path, lambda file: figure.savefig(file, format="png",
                                                          metadata={"Software": None}))


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", metavar="FILE.csv", type=Path)
    parser.add_argument("-o", metavar="MAP.png", type=Path, dest="out",
                        help="where to; beside FILE.csv without it")
    parser.add_argument("--by", choices=["size", "line"], default="size",
                        help="what colours tell: a block's size, or the line that asked for it")
    given = parser.parse_args(arguments)
    try:
        figure = draw_file(given.file, given.by)
        out = picture_path(given.file, given.out)
        save(figure, out)
    except reader.ResultsError as error:
        print(f"memory_map.py: {error}", file=sys.stderr)
        return error.exit_code
    print(out)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
