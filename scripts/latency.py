"""How long single calls of an allocator take: figures from series/latency.csv.

    scripts/latency.py results/latest

writes latency.csv and locality.csv into the folder and prints the slowest calls. Times are service
times of a closed loop, by buckets whose middle is at most 1/64 from any value in them; each
contains a reading of the clock. The floor is what a call of nothing takes, timed by the same code
beside the calls: a quantile is known where it is at least twice the floor's.
"""
import csv
import dataclasses
import io
import math
import sys
from dataclasses import dataclass, field

import labels
import locality
import results as reader

KINDS = ("new", "grow", "shrink", "free")
ALL = "all"
EVERY_CALL = 1          # the gap of a pass that times all
BEYOND = 10             # calls beyond a quantile for it to be told
FLOOR_TIMES = 2
SHOWN = 20              # slowest calls
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99_9": 0.999, "p99_99": 0.9999}
SAMPLED_TO = 0.999      # beyond it, only the pass that times all


class Histogram:
    """Counts by value; values are whole nanoseconds."""

    def __init__(self):
        self.counts = {}

    def note(self, value, count):
        self.counts[value] = self.counts.get(value, 0) + count

    @property
    def count(self):
        return sum(self.counts.values())

    @property
    def maximum(self):
        return max(self.counts, default=None)

    def quantile(self, share):
        """The least value that this share of all is not above; None where there are too few."""
        wanted, seen = math.ceil(share * self.count), 0
        if not self.has(share):
            return None
        for value in sorted(self.counts):
            seen += self.counts[value]
            if seen >= wanted:
                return value
        return None

    def has(self, share):
        return (1 - share) * self.count >= BEYOND * (1 - 1e-9)

    def ranks(self):
        """(share not above, value) of each value, upwards."""
        seen, total = 0, self.count
        for value in sorted(self.counts):
            seen += self.counts[value]
            yield seen / total, value


@dataclass
class Slow:
    ns: int                 # of three passes the middle, of two the lesser
    kind: str
    old_size: int
    new_size: int
    operation: int          # the call's number, from 1, queries counted
    passes: int             # in so many it was one of the slowest and nothing came in between
    is_preempted: bool      # whenever it was slow, the thread was preempted during it


@dataclass
class Latency:
    """One allocator on one workload; histograms by (gap, kind)."""
    allocator: str
    workload: str
    calls: dict = field(default_factory=dict)      # by kind: how many there are
    preempted: int = 0                             # of timed calls, in no histogram
    times: dict = field(default_factory=dict)
    floors: dict = field(default_factory=dict)
    steps: Histogram = field(default_factory=Histogram)
    frames: Histogram = field(default_factory=Histogram)
    longest: dict = field(default_factory=dict)    # by record: its row
    slow_rows: dict = field(default_factory=dict)  # by operation: rows of several passes

    def histogram(self, of, gap, kind):
        return of.get((gap, kind)) or Histogram()

    def source(self, kind, share):
        """The gap of the pass that tells a quantile, None where none has calls enough."""
        gaps = sorted({gap for gap, _ in self.times}, reverse=True)
        for gap in gaps:
            if gap != EVERY_CALL and share > SAMPLED_TO:
                continue
            if self.histogram(self.times, gap, kind).has(share):
                return gap
        return None

    def quantile(self, kind, share):
        """(ns, whether it stands clear of the floor), (None, False) where it is not known. A floor
        with too few readings for the quantile is told by its highest."""
        gap = self.source(kind, share)
        if gap is None:
            return None, False
        value = self.histogram(self.times, gap, kind).quantile(share)
        floors = self.histogram(self.floors, gap, kind)
        floor = floors.quantile(share) or floors.maximum or 0
        return value, value >= FLOOR_TIMES * floor

    def floor(self, kind=ALL, share=0.5):
        gap = self.source(kind, share)
        return None if gap is None else self.histogram(self.floors, gap, kind).quantile(share)

    def slowest(self):
        """What was slow again comes first, what was preempted last."""
        found = [slow(rows) for rows in self.slow_rows.values()]
        return sorted(found, key=lambda each: (each.is_preempted, each.passes < 2, -each.ns))


def slow(rows):
    """One call, of the passes in which it was among the slowest."""
    undisturbed = [row for row in rows if not row["preempted"]]
    times = sorted(row["value_ns"] for row in undisturbed or rows)
    return Slow(times[(len(times) - 1) // 2], rows[0]["kind"], rows[0]["old_size"],
                rows[0]["new_size"], rows[0]["operation"], len(undisturbed), not undisturbed)


def note_bucket(histograms, row):
    for kind in (row["kind"], ALL):
        key = row["gap"], kind
        histograms.setdefault(key, Histogram()).note(row["value_ns"], row["count"])


def note_row(latency, row):
    record = row["record"]
    if record == "call":
        note_bucket(latency.times, row)
    elif record == "floor":
        note_bucket(latency.floors, row)
    elif record == "calls":
        latency.calls[row["kind"]] = row["count"]
    elif record == "preempted":
        latency.preempted += row["count"]
    elif record in ("step", "frame"):
        getattr(latency, record + "s").note(row["value_ns"], row["count"])
    elif record == "slow":
        latency.slow_rows.setdefault(row["operation"], []).append(row)
    elif record in ("longest step", "longest frame", "closing"):
        latency.longest[record] = row


def load(results):
    """By (allocator, workload); None where the series was not measured."""
    series = results.series("latency")
    if series is None:
        return None
    found = {}
    for key, rows in series.groups("allocator", "workload").items():
        found[key] = Latency(*key)
        for row in rows:
            note_row(found[key], row)
    return found


# ---- latency.csv: a row for each kind of call, and for steps and frames

COLUMNS = ["allocator", "workload", "what", "count", "preempted", "floor_ns",
           *(f"{name}_ns" for name in QUANTILES), "max_ns"]


def quantile_text(value, is_clear):
    """A quantile below twice the floor is not known, but that it is no more than that."""
    return "" if value is None else value if is_clear else "floor"


def csv_rows(latency):
    for kind in (*KINDS, ALL):
        count = sum(latency.calls.values()) if kind == ALL else latency.calls.get(kind)
        if not count:
            continue
        yield [latency.allocator, latency.workload, kind, count,
               latency.preempted if kind == ALL else "", latency.floor(kind) or "",
               *(quantile_text(*latency.quantile(kind, share)) for share in QUANTILES.values()),
               latency.histogram(latency.times, EVERY_CALL, kind).maximum]
    for name, stretches in (("step", latency.steps), ("frame", latency.frames)):
        if stretches.count:
            yield [latency.allocator, latency.workload, name, stretches.count, "", "",
                   *(quantile_text(stretches.quantile(share), True)
                     for share in QUANTILES.values()), stretches.maximum]


def csv_text(columns, rows):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def slow_lines(latency):
    yield f"{latency.workload} on {latency.allocator}"
    for each in latency.slowest()[:SHOWN]:
        note = "preempted" if each.is_preempted else "again" if each.passes > 1 else ""
        yield (f"{labels.thousands(each.ns):>14} ns  {each.kind:6} {each.old_size:>9} to "
               f"{each.new_size:<9} operation {each.operation}  {note}").rstrip()


def write(results):
    """Writes both files of what was measured; returns what `load` found."""
    found, places = load(results), locality.load(results)
    files = [("latency.csv", COLUMNS, found and [row for each in found.values()
                                                 for row in csv_rows(each)]),
             ("locality.csv", locality.COLUMNS, places and [dataclasses.astuple(each)
                                                            for each in places.values()])]
    for name, columns, rows in files:
        if rows:
            text = csv_text(columns, rows)
            reader.replace_file(results.folder / name,
                                lambda file, text=text: file.write(text.encode()))
    return found


def report(results):
    found = write(results)
    if found is None:
        raise reader.ResultsError(f"{results.folder}: no series of latency: build/heapbench series "
                                  f"--only latency -o {results.folder} measures it")
    print("\n".join(line for latency in found.values() for line in slow_lines(latency)))


if __name__ == "__main__":
    sys.exit(reader.run_tool(report, "latency.py DIR, such as results/latest", sys.argv[1:]))
