"""Resident memory while threads work, when they have ended and when nothing is alive: a row a way
of ending, a panel an allocator."""
import drawing
import heatmap
import labels
from score import MEBIBYTE

TITLE = "Memory after threads have ended"
EXPLANATION = (
    "Four threads bear 32 MiB of blocks of 16 to 512 bytes in ten steps, then replace a quarter in "
    "each of ten more, most of it what others have borne. Grey: bytes alive. Line: resident "
    "memory, less what was resident before the first call. Then either every thread frees what it "
    "has and ends (freed by threads), or all end and the one that waited frees everything (left "
    "behind). Bars, of what stays resident: e when the threads have ended, f when all is freed, s "
    "a second later, p when the allocator was asked to give back what it can. Figures: MiB.")
WIDTH, HEIGHT, BETWEEN, LEFT = 0.95, 1.1, 0.12, 1.35
MOMENTS = {"ended": "e", "freed": "f", "settled": "s", "purged": "p"}
BAR, GAP = 1.6, 2.2     # of the steps' width: a bar, and where the next one begins


def draw_steps(axes, rows, style):
    """Returns the step of the last of them."""
    running = [row for row in rows if row["moment"] == "running"]
    steps = [row["step"] for row in running]
    axes.fill_between(steps, [row["live_bytes"] / MEBIBYTE for row in running], color="#c8c8c8",
                      linewidth=0)
    axes.plot(steps, [row["resident_bytes"] / MEBIBYTE for row in running], linewidth=1.2,
              color=style["color"], gid="resident")
    return steps[-1]


def draw_bars(axes, rows, style, left):
    """Returns where each stands, with its letter."""
    places = []
    for i, row in enumerate(row for row in rows if row["moment"] in MOMENTS):
        place = left + GAP * (i + 1)
        axes.bar(place, row["live_bytes"] / MEBIBYTE, BAR, color="#c8c8c8", linewidth=0)
        axes.bar(place, row["resident_bytes"] / MEBIBYTE, BAR, color=style["color"], linewidth=0,
                 alpha=1 if row["moment"] == "purged" else 0.5, gid="kept")
        places.append((place, MOMENTS[row["moment"]]))
    return places


def kept(rows):
    """MiB after a second and after a purge, behind their letters."""
    of_moment = {row["moment"]: row["resident_bytes"] / MEBIBYTE for row in rows}
    return "  ".join(f"{MOMENTS[moment]} {of_moment[moment]:.1f}"
                     for moment in ("settled", "purged") if moment in of_moment)


def draw_panel(axes, rows, style, failure):
    axes.tick_params(length=0, pad=1.5)
    axes.set_xticks([])
    if not rows:
        axes.text(0.5, 0.5, "\n".join(labels.wrap(failure, 12)), transform=axes.transAxes,
                  ha="center", va="center", fontsize=6.5, color=drawing.ALARM, fontstyle="italic")
        return
    places = draw_bars(axes, rows, style, draw_steps(axes, rows, style))
    axes.set_xlim(0, places[-1][0] + GAP / 2)
    axes.set_xticks([place for place, _ in places], [letter for _, letter in places], fontsize=6.5)
    axes.grid(axis="x", visible=False)
    axes.text(0.03, 0.97, kept(rows), transform=axes.transAxes, va="top", fontsize=7, gid="figure",
              path_effects=drawing.HALO)


def draw_row(sheet, top, way, names, styles, rows_of, failures):
    highest = max(row["resident_bytes"] for (_, of_way), rows in rows_of.items() if of_way == way
                  for row in rows) * 1.2 / MEBIBYTE
    for column, name in enumerate(names):
        axes = sheet.axes(LEFT + column * (WIDTH + BETWEEN), top, WIDTH, HEIGHT)
        axes.set_ylim(0, highest)
        axes.set_yticks([0, 32], ["0", "32 MiB"] if column == 0 else [])
        draw_panel(axes, rows_of.get((name, way)), styles[name],
                   failures.get((name, way), "not measured"))
        if column == 0:
            axes.set_ylabel("\n".join(labels.wrap(way, 9)), fontweight="bold", rotation=0,
                            ha="right", va="center", labelpad=4)


def draw(results):
    series = results.series("after-exit")
    if series is None:
        return drawing.no_series(results, TITLE)
    rows_of = series.groups("allocator", "way")
    if not rows_of:
        return drawing.nothing(results, TITLE)
    ways = list(dict.fromkeys(way for _, way in rows_of))
    measured = {name for name, _ in [*rows_of, *series.failures]}
    names, styles = [name for name in results.allocators if name in measured], \
        drawing.styles(results)
    header = 0.1 + heatmap.HEADER_LINE * max(
        len(labels.wrap(name, heatmap.HEADER_WIDTH + 1)) for name in names)
    sheet = drawing.Sheet(results, TITLE, EXPLANATION, LEFT + len(names) * (WIDTH + BETWEEN),
                          header + len(ways) * (HEIGHT + 0.3))
    for i, name in enumerate(names):
        sheet.write(LEFT + i * (WIDTH + BETWEEN) + WIDTH / 2, sheet.top + header - 0.07,
                    "\n".join(labels.wrap(name, heatmap.HEADER_WIDTH + 1)), ha="center",
                    va="bottom", fontsize=7)
    for line, way in enumerate(ways):
        draw_row(sheet, sheet.top + header + line * (HEIGHT + 0.3), way, names, styles, rows_of,
                 series.failures)
    return sheet.figure
