"""Arrays that grow to 10,000 elements under three rules: what was published of them, what is so,
and what each allocator makes of it."""
from matplotlib.colors import to_rgb

import drawing
import labels

TITLE = "Arrays that grow to 10,000 elements"
EXPLANATION = (
    "An element of 16 B is pushed at a time; a second array grows in turns with the first, so that "
    "neither is the newest block. Copies counted as if every reallocation moved. Bars: the "
    "reallocations of one array that left it in place (full), and that gave it another address "
    "(pale); the elements which that moved, copied or remapped; and the time for an element, of "
    "the run's traces.")
ELEMENTS = 10000
RULES = {"double": "room x 2", "half": "room x 1.5", "1000": "room + 1000"}
PUBLISHED = {"double": (14, 19996, 16384), "half": (25, 29500, 13122), "1000": (10, 45000, 10000)}
COUNTED = ("reallocations", "copied_elements", "room_elements")
LEFT, WIDTH, BETWEEN = 1.6, 2.1, 1.75
LINE = 0.19            # inches an allocator, or a line of the table
TABLE_RIGHT = (0, 2.55, 3.4, 4.2, 6.1, 6.95, 7.75)   # inches; the first is its left


def ns_per_element(results, allocator, rule, reallocations):
    """A pass of the trace grows two arrays and frees them; None where it was not measured."""
    per_operation = results.score(allocator, f"growth-{rule}").ns_per_operation_p50
    operations = 2 * reallocations + 2
    return per_operation and per_operation * operations / (2 * ELEMENTS)


def draw_table(sheet, counted_of):
    heads = ["rule", "published: reallocations", "copies", "room", "counted: reallocations",
             "copies", "room"]
    lines = [heads] + [
        [RULES[rule], *map("{:,}".format, PUBLISHED[rule]), *map("{:,}".format, counted)]
        for rule, counted in counted_of.items()]
    for i, line in enumerate(lines):
        for j, text in enumerate(line):
            differs = i and j > 3 and text != line[j - 3]
            sheet.write(sheet.MARGIN + TABLE_RIGHT[j], sheet.top + LINE * i, text,
                        ha="right" if j else "left", fontsize=7.5 if i else 7,
                        fontweight="bold" if differs else "normal",
                        color=drawing.INK if i else drawing.PALE)


def row_text(row, nanoseconds):
    time = "" if nanoseconds is None else f", {nanoseconds:.2f} ns"
    return f"{row['moved_elements']:,} moved{time}"


def draw_bar(axes, line, row, style, nanoseconds):
    axes.barh(line, row["in_place"], height=0.7, color=style["color"])
    pale = [1 - 0.3 * (1 - part) for part in to_rgb(style["color"])]
    axes.barh(line, row["moved"], left=row["in_place"], height=0.7, color=pale)
    axes.text(1.03, line, row_text(row, nanoseconds), va="center", fontsize=6.5,
              transform=axes.get_yaxis_transform())


def draw_panel(axes, results, rule, rows_of, failures):
    styles, names = drawing.styles(results), results.allocators
    for line, name in enumerate(names):
        row = rows_of.get((name, rule))
        if row:
            draw_bar(axes, line, row, styles[name],
                     ns_per_element(results, name, rule, row["reallocations"]))
        else:
            axes.text(0.02, line, failures.get((name, rule), "not measured"), va="center",
                      fontsize=6.5, color=drawing.ALARM, fontstyle="italic",
                      transform=axes.get_yaxis_transform())
    axes.set_title(RULES[rule], loc="left", pad=3)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_yticks(range(len(names)), [])
    axes.xaxis.get_major_locator().set_params(integer=True, nbins=5)
    axes.set_xlabel("reallocations of a block")
    axes.tick_params(length=2)
    axes.grid(False, axis="y")


def draw(results):
    series = results.series("growth")
    if series is None:
        return drawing.no_series(results, TITLE)
    rows_of = {key: rows[0] for key, rows in series.groups("allocator", "policy").items()}
    if not rows_of:
        return drawing.nothing(results, TITLE)
    counted_of = {rule: [row[name] for name in COUNTED] for (_, rule), row in rows_of.items()}
    names, table_height = results.allocators, LINE * (len(counted_of) + 2)
    height = LINE * len(names)
    sheet = drawing.Sheet(results, TITLE, EXPLANATION,
                          LEFT + len(counted_of) * (WIDTH + BETWEEN), table_height + height + 0.65)
    draw_table(sheet, counted_of)
    for i, rule in enumerate(counted_of):
        axes = sheet.axes(LEFT + i * (WIDTH + BETWEEN), sheet.top + table_height + 0.2, WIDTH,
                          height)
        draw_panel(axes, results, rule, rows_of, series.failures)
        if i == 0:
            axes.set_yticklabels([labels.shorten(name, 22) for name in names])
    return sheet.figure
