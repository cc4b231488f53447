"""What all charts share: sizes in inches, colours and markers, the frame around them, saving.

The same results give the same bytes: no date and no random name is written, no setting is read from
the user's matplotlib, and the font is the one that comes with matplotlib.
"""
import textwrap

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, Stroke
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

import labels
import notes
import results as reader
from score import BASELINE, HARNESS

matplotlib.rcdefaults()
matplotlib.use("Agg")
matplotlib.rcParams.update({
    "font.family": "DejaVu Sans", "font.size": 8, "text.parse_math": False,
    "svg.hashsalt": "heapbench", "axes.spines.top": False, "axes.spines.right": False,
    "axes.titlesize": 8.5, "axes.titleweight": "bold", "axes.grid": True, "axes.axisbelow": True,
    "grid.color": "#e4e4e4", "grid.linewidth": 0.6, "xtick.labelsize": 7, "ytick.labelsize": 7,
    "hatch.linewidth": 0.5, "hatch.color": "#bdbdbd",
})

# Okabe and Ito's colours, told apart by the colour-blind, without yellow, which white swallows.
# Their number and that of the markers have no common divisor, so that pairs do not repeat.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7f7f7f"]
MARKERS = "s^DvPX<>phd*"
INK, PALE, ALARM = "#222222", "#8a8a8a", "#B22222"
DOTS_PER_INCH = 110


def styles(results):
    """Colour and marker by allocator, the same in every chart of a run."""
    others = [name for name in results.allocators if name != BASELINE]
    by_name = {name: {"color": COLOURS[i % len(COLOURS)], "marker": MARKERS[i % len(MARKERS)]}
               for i, name in enumerate(others)}
    return by_name | {BASELINE: {"color": "black", "marker": "o"},
                      HARNESS: {"color": PALE, "marker": "|"}}


class Page:
    """A figure measured in inches from its upper left corner, with a frame of its own: title, the
    paragraphs (text, colour) under it, and at the foot what it is of."""

    MARGIN, FOOT = 0.25, 0.4
    LINE = 0.17   # height of a line of text

    def __init__(self, title, paragraphs, foot, width, height):
        """For a content of that size; its top is at `self.top`."""
        self.width = max(width + 2 * self.MARGIN, 6.5)
        columns = int((self.width - 2 * self.MARGIN) / 0.068)
        texts = [(line, colour) for paragraph, colour in paragraphs
                 for line in textwrap.wrap(paragraph, columns)]
        self.top = self.MARGIN + 0.3 + self.LINE * len(texts) + 0.15
        foot = textwrap.wrap(foot, columns)
        self.height = self.top + height + self.FOOT + self.LINE * len(foot)
        self.figure = Figure((self.width, self.height), dpi=DOTS_PER_INCH, facecolor="white")
        FigureCanvasAgg(self.figure)
        self.write(self.MARGIN, self.MARGIN, title, fontsize=12, fontweight="bold")
        for i, (line, colour) in enumerate(texts):
            self.write(self.MARGIN, self.MARGIN + 0.3 + self.LINE * i, line, color=colour)
        for i, line in enumerate(foot):
            self.write(self.MARGIN, self.height - self.MARGIN - self.LINE * (len(foot) - i), line,
                       color=PALE, fontsize=7)

    def write(self, left, top, text, **style):
        self.figure.text(left / self.width, 1 - top / self.height, text,
                         **{"va": "top", "color": INK} | style)

    def axes(self, left, top, width, height):
        return self.figure.add_axes((left / self.width, 1 - (top + height) / self.height,
                                     width / self.width, height / self.height))


class Sheet(Page):
    """The page of a run: it says what must be said of the run, and at the foot which one it is."""

    def __init__(self, results, title, explanation, width, height):
        paragraphs = [(explanation, INK), *((line, ALARM) for line in notes.warnings(results))]
        super().__init__(title, paragraphs, notes.title(results), width, height)


def round_steps(low, high):
    """1, 2 and 5 times powers of ten between the two, which are positive."""
    steps, power = [], 1e-9
    while power <= high:
        steps += [step * power for step in (1, 2, 5) if low <= step * power <= high]
        power *= 10
    return steps


def figure_text(value, _=None):
    return f"{value:.12g}" if value < 1e6 else f"{value:.3g}"


def log_scale(axis, values):
    """A logarithmic axis over the values with two to four labels, however narrow the range."""
    low, high = min(values), max(values)
    room = max((high / low) ** 0.08, 1.02)
    low, high = low / room, high * room
    ticks = round_steps(low, high)
    if len(ticks) > 4:
        ticks = [tick for tick in ticks if figure_text(tick).strip("0.") in "1"] or ticks
        ticks = ticks[::-(-len(ticks) // 4)]
    elif len(ticks) < 3:
        ticks = MaxNLocator(3, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    axis.axes.set(**{f"{axis.axis_name}scale": "log", f"{axis.axis_name}lim": (low, high)})
    axis.set_major_locator(FixedLocator([tick for tick in ticks if low <= tick <= high]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(figure_text))


def nothing(results, title, why="No allocator has an ok result to draw here."):
    """A chart of a run that has nothing to show says so."""
    return Sheet(results, title, why, 6, 0.3).figure


def no_series(results, title):
    return nothing(results, title, "Not measured in this run: build/heapbench series -o DIR, with "
                   "the folder of the run, then make charts RESULTS=DIR.")


# Sides of a point (1 is right of it) and heights in points; upper right is where no front passes.
NAME_PLACES = ((1, 8), (-1, -8), (1, 0), (-1, 0), (-1, 8), (1, -8), (0, 12), (0, -12))
HALO = [Stroke(linewidth=2.5, foreground="white"), Normal()]   # over the lines behind


def name_points(axes, points, styles_of):
    """Writes each name beside its point (x, y, name) where no other name and no point is in the
    way; a name without room is left to the legend."""
    renderer = axes.figure.canvas.get_renderer()
    places = [axes.transData.transform((x, y)) for x, y, *_ in points]
    frame, taken = axes.get_window_extent(renderer), []
    for (x, y, name), place in zip(points, places):
        others = [other for other in places if other is not place]
        for side, height in NAME_PLACES:
            text = axes.annotate(labels.shorten(name, 24), (x, y), (8 * side, height),
                                 textcoords="offset points", va="center", fontsize=7.5,
                                 ha={1: "left", -1: "right", 0: "center"}[side], zorder=4,
                                 color=styles_of[name]["color"], gid="name", path_effects=HALO)
            box = text.get_window_extent(renderer)
            is_inside = frame.contains(box.x0, box.y0) and frame.contains(box.x1, box.y1)
            is_free = not box.count_overlaps(taken) and not box.padded(8).count_contains(others)
            if is_inside and is_free:
                taken.append(box)
                break
            text.remove()


def save(figure, folder, name):
    """Both formats, each whole or not at all. Returns the paths."""
    paths = []
    for kind, metadata in (("svg", {"Date": None}), ("png", {"Software": None})):
        path = folder / f"{name}.{kind}"
        reader.replace_file(path, lambda file: figure.savefig(file, format=kind,
                                                              metadata=metadata))
        paths.append(path)
    return paths
