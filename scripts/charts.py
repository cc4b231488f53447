"""Draws every chart_*.py beside this file into a results folder, as SVG and PNG.

    scripts/charts.py results/latest [NAME...]

A new chart is a new file chart_NAME.py with draw(results), which returns a Figure: nothing else.
"""
import importlib
import sys
from pathlib import Path

import drawing
import results as reader


def chart_names():
    return sorted(path.stem.removeprefix("chart_")
                  for path in Path(__file__).parent.glob("chart_*.py"))


def draw_charts(results, *names):
    known = chart_names()
    for name in names:
        if name not in known:
            raise reader.ResultsError(f"no chart {name}: there are {', '.join(known)}",
                                      reader.USAGE)
    for name in names or known:
        chart = importlib.import_module(f"chart_{name}")
        for path in drawing.save(chart.draw(results), results.folder / "charts", name):
            print(path)


if __name__ == "__main__":
    sys.exit(reader.run_tool(draw_charts, "charts.py DIR [NAME...], such as results/latest",
                             sys.argv[1:]))
