"""A grid of allocators × workloads with a figure in each cell; used by the charts of ratios and of
footprints. What failed is hatched and named."""
from dataclasses import dataclass

import matplotlib
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

import drawing
import labels

CELL_WIDTH, CELL_HEIGHT = 0.8, 0.26
HEADER_LINE = 0.135
GAP = 0.3              # of a cell's height, above the last row
HEADER_WIDTH, NAME_WIDTH = 12, 28   # in characters
LEFT = 2.0             # inches for the names of workloads


@dataclass
class Cell:
    text: str
    value: float = None    # decides the colour; None leaves the cell white
    failure: bool = False
    pale: bool = False


@dataclass
class Scale:
    palette: str
    low: float
    high: float
    ticks: tuple
    caption: str

    def colour(self, value):
        norm = LogNorm(self.low, self.high, clip=True)
        return matplotlib.colormaps[self.palette](norm(value))


def ink_on(colour):
    red, green, blue = colour[:3]
    return "white" if 0.3 * red + 0.59 * green + 0.11 * blue < 0.5 else drawing.INK


def draw_cell(axes, x, y, cell, scale):
    style = {"facecolor": "white", "edgecolor": "white", "linewidth": 0.8}
    text = {"fontsize": 7.5, "color": drawing.PALE if cell.pale else drawing.INK}
    if cell.failure:
        style |= {"hatch": "//////", "facecolor": "#f4f4f4"}
        text |= {"fontsize": 6.3, "bbox": {"facecolor": "#f4f4f4", "edgecolor": "none", "pad": 0.8}}
    elif cell.value:
        style["facecolor"] = scale.colour(cell.value)
        text["color"] = ink_on(style["facecolor"])
        text["fontstyle"] = "italic" if cell.pale else "normal"
    axes.add_patch(Rectangle((x, y), 1, 1, **style))
    axes.text(x + 0.5, y + 0.52, cell.text, ha="center", va="center", gid="cell", **text)


def draw_scale(sheet, scale, top):
    axes = sheet.axes(LEFT, top, min(4, sheet.width - LEFT - 0.5), 0.12)
    mappable = ScalarMappable(LogNorm(scale.low, scale.high), scale.palette)
    bar = sheet.figure.colorbar(mappable, cax=axes, orientation="horizontal", extend="both")
    bar.ax.xaxis.set_major_locator(FixedLocator(scale.ticks))
    bar.ax.xaxis.set_minor_locator(NullLocator())
    bar.ax.xaxis.set_major_formatter(FuncFormatter(drawing.figure_text))
    bar.outline.set_visible(False)
    bar.set_label(scale.caption, fontsize=7.5)


@dataclass
class Grid:
    columns: list      # names
    rows: list         # (name, cells)
    summaries: list    # the same, set apart below the rows

    def lines(self):
        """(height at which the line begins, name, cells, whether it is a summary) of each."""
        for i, (name, cells) in enumerate(self.rows + self.summaries):
            is_summary = i >= len(self.rows)
            yield i + GAP * is_summary, name, cells, is_summary

    @property
    def height(self):
        return len(self.rows) + len(self.summaries) + GAP


def draw_names(axes, grid):
    for i, name in enumerate(grid.columns):
        axes.text(i + 0.5, -0.25, "\n".join(labels.wrap(name, HEADER_WIDTH)), ha="center",
                  va="bottom", fontsize=7, gid="name")
    for y, name, _, is_summary in grid.lines():
        axes.text(-0.12, y + 0.5, labels.shorten(name, NAME_WIDTH), ha="right", va="center",
                  fontsize=7.5, fontweight="bold" if is_summary else "normal", gid="name")


def draw(results, title, explanation, grid, scale):
    header = HEADER_LINE * max(len(labels.wrap(name, HEADER_WIDTH)) for name in grid.columns) + 0.1
    width, height = CELL_WIDTH * len(grid.columns), CELL_HEIGHT * grid.height
    sheet = drawing.Sheet(results, title, explanation, LEFT + width, header + height + 0.75)
    axes = sheet.axes(LEFT, sheet.top + header, width, height)
    axes.set(xlim=(0, len(grid.columns)), ylim=(grid.height, 0))
    axes.axis("off")
    draw_names(axes, grid)
    for y, _, cells, _ in grid.lines():
        for x, cell in enumerate(cells):
            draw_cell(axes, x, y, cell, scale)
    draw_scale(sheet, scale, sheet.top + header + height + 0.25)
    return sheet.figure
