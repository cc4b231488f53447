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


def draw_names(axes, columns, rows):
    for i, name in enumerate(columns):
        axes.text(i + 0.5, -0.25, "\n".join(labels.wrap(name, HEADER_WIDTH)), ha="center",
                  va="bottom", fontsize=7, gid="name")
    for i, name in enumerate(rows):
        is_last = i == len(rows) - 1
        axes.text(-0.12, i + 0.5 + GAP * is_last, labels.shorten(name, NAME_WIDTH), ha="right",
                  va="center", fontsize=7.5, fontweight="bold" if is_last else "normal", gid="name")


def draw(results, title, explanation, columns, rows, scale):
    """`rows` are (name, cells); the last one is the summary of those above."""
    header = HEADER_LINE * max(len(labels.wrap(name, HEADER_WIDTH)) for name in columns) + 0.1
    width, height = CELL_WIDTH * len(columns), CELL_HEIGHT * (len(rows) + GAP)
    sheet = drawing.Sheet(results, title, explanation, LEFT + width, header + height + 0.75)
    axes = sheet.axes(LEFT, sheet.top + header, width, height)
    axes.set(xlim=(0, len(columns)), ylim=(len(rows) + GAP, 0))
    axes.axis("off")
    draw_names(axes, columns, [name for name, _ in rows])
    for i, (_, cells) in enumerate(rows):
        for j, cell in enumerate(cells):
            draw_cell(axes, j, i + GAP * (i == len(rows) - 1), cell, scale)
    draw_scale(sheet, scale, sheet.top + header + height + 0.25)
    return sheet.figure
