"""Draws hyperfine's JSON as SVG and PNG beside it: every run of every command, and their medians.

    scripts/hyperfine_chart.py FILE.json...

It is no chart of a run: whole commands, which may stand without any run of heapbench.
"""
import json
import statistics
import sys
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import drawing
import results as reader

COMMAND, CONTROL = 0, 1      # the plain program and the same again: the first two rows
EXPLANATION = (
    "One dot a run, a bar at the median. Grey: all runs of the two identical plain programs, the\n"
    "A/A control. What lies inside is noise: commands run one after the other, not interleaved.")
WIDTH, LEFT, ROW, ABOVE, BELOW = 8.5, 2.3, 0.26, 0.95, 0.55     # inches


def load(path):
    """Pairs of a command's name and its times in milliseconds."""
    try:
        found = json.loads(path.read_text())["results"]
        rows = [(row["command"], [1000 * float(time) for time in row["times"]]) for row in found]
    except OSError as error:
        raise reader.ResultsError(f"{path}: {error.strerror}", reader.USAGE) from None
    except (KeyError, TypeError, ValueError) as error:
        raise reader.ResultsError(f"{path}: no results of hyperfine ({error!r})") from None
    if not rows or not all(times for _, times in rows):
        raise reader.ResultsError(f"{path}: a command without a time: measure again")
    return rows


def draw_rows(axes, rows):
    base = statistics.median(rows[COMMAND][1])
    for line, (name, times) in enumerate(rows):
        median = statistics.median(times)
        is_preloaded = name.startswith(rows[COMMAND][0])
        style = {"color": drawing.COLOURS[0 if is_preloaded else 1]}
        axes.plot(times, [line] * len(times), "o", markersize=3.5, alpha=0.55,
                  markeredgewidth=0, **style)
        axes.plot([median, median], [line - 0.33, line + 0.33], linewidth=2, **style)
        axes.annotate(f"{median:.1f} ms  {median / base:.2f}×", (1.01, line), va="center",
                      xycoords=axes.get_yaxis_transform(), fontsize=7.5)


def frame(axes, rows):
    control = [time for _, times in rows[:CONTROL + 1] for time in times]
    axes.axvspan(min(control), max(control), color="#e0e0e0", linewidth=0)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, max(time for _, times in rows for time in times) * 1.03)
    axes.set_xlabel("elapsed time of the whole command (ms)")


def draw(rows, title):
    height = ABOVE + ROW * len(rows) + BELOW
    figure = Figure((WIDTH, height), dpi=drawing.DOTS_PER_INCH, facecolor="white")
    FigureCanvasAgg(figure)
    figure.text(0.25 / WIDTH, 1 - 0.2 / height, title, fontsize=12, fontweight="bold", va="top")
    figure.text(0.25 / WIDTH, 1 - 0.45 / height, EXPLANATION, va="top", linespacing=1.4)
    axes = figure.add_axes((LEFT / WIDTH, BELOW / height, (WIDTH - LEFT - 1.35) / WIDTH,
                            ROW * len(rows) / height))
    frame(axes, rows)
    draw_rows(axes, rows)
    return figure


def title_of(stem, rows):
    program = rows[COMMAND][0]
    return f"{program} with each malloc preloaded" if stem == program else \
        f"Whole commands on {stem}.lua"


def main(paths):
    for path in map(Path, paths):
        try:
            rows = load(path)
            figure = draw(rows, title_of(path.stem, rows))
            for written in drawing.save(figure, path.parent, path.stem):
                print(written)
        except reader.ResultsError as error:
            print(f"hyperfine_chart.py: {error}", file=sys.stderr)
            return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
