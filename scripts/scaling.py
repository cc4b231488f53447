"""How allocators scale with threads: figures from series/scaling.csv.

In each round every allocator runs each program with 1, 2 and 4 threads. Throughput is operations by
elapsed time, CPU time that of all processors by operation: medians over the rounds, against the
baseline's median with one thread. What else the machine does makes single rounds slower, elapsed
time above all: so quartiles beside the median, not the extremes.
"""
import csv
import io
from dataclasses import astuple, dataclass, fields

import estimate
import results as reader
from score import BASELINE


@dataclass
class Scaling:
    """The fields are the columns of scaling.csv."""
    allocator: str
    workload: str
    threads: int
    rounds: int
    throughput: float       # the baseline's with one thread is 1
    throughput_low: float   # quartiles
    throughput_high: float
    cpu: float              # time of all processors for an operation, likewise
    wall_ns: float          # of an operation, of which several threads do several at a time
    cpu_ns: float
    peak_resident_bytes: int


COLUMNS = [each.name for each in fields(Scaling)]


def rate(row):
    return row["operations"] / row["wall_ns"]


def cost(row):
    return row["cpu_ns"] / row["operations"]


def middle(values, share=0.5):
    return estimate.quantile(list(values), share)


def figures(key, rows, base):
    """`base` is the baseline's rows of the same program with one thread."""
    base_rate, base_cost = middle(map(rate, base)), middle(map(cost, base))
    rates = [rate(row) / base_rate for row in rows]
    return Scaling(*key, len(rows), middle(rates), middle(rates, 0.25), middle(rates, 0.75),
                   middle(map(cost, rows)) / base_cost, 1 / middle(map(rate, rows)),
                   middle(map(cost, rows)), max(row["peak_resident_bytes"] for row in rows))


def load(results):
    """By (allocator, workload, threads); None where the series was not measured. A program that the
    baseline has not done has no figures."""
    series = results.series("scaling")
    if series is None:
        return None
    groups = series.groups("allocator", "workload", "threads")
    return {key: figures(key, rows, groups[BASELINE, key[1], 1]) for key, rows in groups.items()
            if (BASELINE, key[1], 1) in groups}


def write(results):
    """scaling.csv into the folder, where the series was measured."""
    found = load(results)
    if found is None:
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in found.values():
        writer.writerow([f"{value:.6g}" if isinstance(value, float) else value
                         for value in astuple(each)])
    reader.replace_file(results.folder / "scaling.csv",
                        lambda file: file.write(text.getvalue().encode()))
