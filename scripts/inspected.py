"""The only reader of what `heapbench inspect --csv` writes: figures of a trace by table, row, name.
What is no such file is a ResultsError, which names the line.
"""
import csv
import math

import results as reader

HEADER = ["table", "row", "name", "value", "unit"]


class Inspected:
    def __init__(self):
        self.about = {}     # texts: what the trace is, `trace` its name
        self.tables = {}    # by table and row: figures by name

    def rows(self, table):
        """Pairs of a row's name and its figures, in order."""
        return list(self.tables.get(table, {}).items())

    def figure(self, table, name, row=""):
        """NaN when there is none, as a share of nothing."""
        return self.tables.get(table, {}).get(row, {}).get(name, math.nan)

    def add(self, table, row, name, value, unit):
        if unit == "text":
            self.about[name] = value
            return
        number = float(value)
        if not math.isfinite(number) or number < 0:
            raise ValueError
        self.tables.setdefault(table, {}).setdefault(row, {})[name] = number


def wrong(path, line, why):
    return reader.ResultsError(f"{path}:{line}: {why}", reader.USAGE)


def read(path, file):
    inspected, rows = Inspected(), csv.reader(file)
    if next(rows, None) != HEADER:
        raise wrong(path, 1, f"the first line is not {','.join(HEADER)}: give a file that "
                    "heapbench inspect --csv=FILE has written")
    for row in rows:
        try:
            inspected.add(*row)
        except (TypeError, ValueError):
            raise wrong(path, rows.line_num, "no figure: this file was not written by heapbench "
                        "inspect --csv, or cut off") from None
    return inspected


def load(path):
    try:
        with open(path, newline="", encoding="utf-8", errors="replace") as file:
            return read(path, file)
    except OSError as error:
        raise reader.ResultsError(f"{path}: {error.strerror}", reader.USAGE) from None
    except csv.Error as error:
        raise reader.ResultsError(f"{path}: no CSV ({error})", reader.USAGE) from None
