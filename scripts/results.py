"""The only reader of a results folder: machine.json says what was planned and on which machine,
runs.csv has a row for every cell that was measured, series/ what `heapbench series` adds.

A run that was killed is read as far as it got, and says so. Anything else that does not fit is a
ResultsError, which names the file and the line and says what to do.
"""
import csv
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import estimate
import score

FORMAT = 1   # the newest machine.json that this reader knows
CONTRACT = "contract"   # the round-0 workload that proves an allocator's promises

# A machine is unfit when two identical baselines differ in more than this share of the workloads,
# and in more than chance explains: intervals miss now and then on the quietest machine, too.
UNFIT_SHARE = 1 / 20
UNFIT_CHANCE = 0.01

USAGE, FAILURE = 2, 1
SERIES_TEXTS = ("series", "allocator", "part", "workload", "policy", "outcome", "detail", "age",
                "moment", "record", "kind", "way")
MUST_HAVE = ("allocator", "workload", "round", "copy", "outcome", "detail", "operations", "cpu_ns")


class ResultsError(Exception):
    def __init__(self, message, exit_code=FAILURE):
        super().__init__(message)
        self.exit_code = exit_code


@dataclass
class Series:
    rows: list        # a dictionary a row, numbers as int, None where empty
    failures: dict    # by (allocator, part): the outcome

    def groups(self, *names):
        """The rows by the values of these columns, in order."""
        found = {}
        for row in self.rows:
            found.setdefault(tuple(row[name] for name in names), []).append(row)
        return found


@dataclass
class Results:
    folder: Path
    machine: dict             # machine.json as it is
    rows: list                # runs.csv: a dictionary a row, numbers as int, None where empty
    warnings: list = field(default_factory=list)   # lines about what had to be left out
    _scores: dict = None

    @property
    def plan(self):
        return self.machine["plan"]

    @property
    def allocators(self):
        """Specs in report order, the harness's own `null` left out."""
        return [entry["spec"] for entry in self.plan["allocators"]
                if entry["spec"] != score.HARNESS]

    @property
    def workloads(self):
        return [entry["name"] for entry in self.plan["workloads"]]

    @property
    def threads(self):
        """By workload."""
        return {entry["name"]: entry.get("threads", 1) for entry in self.plan["workloads"]}

    @property
    def scores(self):
        """By (allocator, workload, copy)."""
        if self._scores is None:
            self._scores = score_all(self.threads, self.rows)
        return self._scores

    def score(self, allocator, workload, copy=0):
        """Always a Score: one without figures where nothing was measured."""
        key = allocator, workload, copy
        return self.scores.get(key) or score.Score(*key)

    def control(self, workload):
        return self.score(score.BASELINE, workload, 1)

    def series(self, name):
        """What `heapbench series` measured under this name; None where it was not called."""
        path = self.folder / "series" / f"{name}.csv"
        if not path.exists():
            return None
        failures = read_series(path.with_name("failures.csv"), self.allocators)
        return Series(read_series(path, self.allocators),
                      {(row["allocator"], row["part"]): row["outcome"] for row in failures
                       if row["series"] == name})

    @property
    def unfinished(self):
        """What every table and chart of such a run says; None of a whole run."""
        if "finished" in self.machine:
            return None
        return (f"unfinished: {len(self.rows)} of {self.plan['cells']} cells; resume with "
                f"build/heapbench run --resume -o {self.folder}")

    @property
    def judged_controls(self):
        controls = [self.control(workload) for workload in self.workloads]
        return [control for control in controls if control.verdict not in ("", "unresolved")
                and control.interval.is_known]

    @property
    def unfit_controls(self):
        """The workloads in which two identical baselines differ."""
        return [control.workload for control in self.judged_controls if control.verdict != "tie"]

    @property
    def is_unfit(self):
        judged, differing = self.judged_controls, len(self.unfit_controls)
        if differing <= UNFIT_SHARE * len(judged):
            return False
        missing = max(1 - control.ratio_coverage for control in judged)
        return estimate.chance_of_more(differing - 1, len(judged), missing) < UNFIT_CHANCE

    @property
    def broken_contracts(self):
        """Rows of allocators that do not keep their promises."""
        return [row for row in self.rows if row["workload"] == CONTRACT
                and row["outcome"] not in (score.OK, "unavailable")]


def score_all(threads, rows):
    """`threads` says of each workload how many it has."""
    rows_of = {workload: {} for workload in threads}
    for row in rows:
        if row["workload"] in rows_of:
            rows_of[row["workload"]].setdefault((row["allocator"], row["copy"]), []).append(row)
    scores = {}
    for workload, count in threads.items():
        of_workload = score.score_workload(workload, rows_of[workload], count)
        for (allocator, copy), each in of_workload.items():
            scores[allocator, workload, copy] = each
    return scores


def read_text(path, missing, exit_code):
    """`missing` is what to say, and to exit with, when there is no such file."""
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        raise ResultsError(f"{path}: no such file: {missing}", exit_code) from None
    except OSError as error:
        raise ResultsError(f"{path}: {error.strerror}") from None


def check_machine(path, machine):
    """Everything that is read without asking whether it is there."""
    found = machine.get("format") if isinstance(machine, dict) else None
    if not isinstance(found, int):
        raise ResultsError(f"{path}: no \"format\": this is not heapbench's machine.json")
    if found > FORMAT:
        raise ResultsError(f"{path}: format {found}, these scripts know {FORMAT}: read it with "
                           "the heapbench that wrote it, or a newer one")
    try:
        plan = machine["plan"]
        names = [entry["spec"] for entry in plan["allocators"]]
        names += [entry["name"] for entry in plan["workloads"]]
        names += [column["name"] + column["unit"] for column in machine["columns"]]
        is_whole = all(isinstance(name, str) for name in names) and isinstance(plan["cells"], int)
    except (KeyError, TypeError) as error:
        raise ResultsError(f"{path}: incomplete ({error}): measure again") from None
    if not is_whole:
        raise ResultsError(f"{path}: incomplete (a name or a count is missing): measure again")


def read_machine(path):
    try:
        text = read_text(path, f"{path.parent} holds no run; `make bench` makes one", USAGE)
        machine = json.loads(text)
    except json.JSONDecodeError as error:
        raise ResultsError(f"{path}:{error.lineno}: damaged or cut short ({error.msg}): measure "
                           "again") from None
    check_machine(path, machine)
    return machine


def parse_line(line):
    """The fields of one line; None when its quotes do not fit."""
    try:
        return next(csv.reader([line.removesuffix("\r")], strict=True), [])
    except csv.Error:
        return None


def parse_header(path, lines, columns):
    header = parse_line(lines[0]) if len(lines) > 1 else None
    if not header:
        raise ResultsError(f"{path}:1: no header row: the file is empty or cut short")
    missing = [name for name in dict.fromkeys([*MUST_HAVE, *columns]) if name not in header]
    if missing:
        raise ResultsError(f"{path}:1: no column {missing[0]}: not written by the heapbench that "
                           "wrote machine.json")
    return header


def parse_fields(header, columns, fields):
    """A ValueError says what is wrong."""
    if fields is None:
        raise ValueError("its quotes do not fit")
    if len(fields) != len(header):
        raise ValueError(f"{len(fields)} fields, the header has {len(header)}")
    row = dict(zip(header, fields))
    for name in header:
        if columns.get(name, "text") != "text":
            if row[name] and not (row[name].isascii() and row[name].isdigit()):
                raise ValueError(f"{name} is {row[name][:20]!r}, no whole number")
            row[name] = int(row[name]) if row[name] else None
    return row


def parse_row(header, columns, fields):
    row = parse_fields(header, columns, fields)
    if None in (row["round"], row["copy"]):
        raise ValueError("no round or no copy")
    return row


def check_row(row, machine, seen):
    plan = machine["plan"]
    if all(row["allocator"] != entry["spec"] for entry in plan["allocators"]):
        raise ValueError(f"allocator {row['allocator']!r} is not in machine.json's plan")
    if row["workload"] != CONTRACT and \
            all(row["workload"] != entry["name"] for entry in plan["workloads"]):
        raise ValueError(f"workload {row['workload']!r} is not in machine.json's plan")
    key = row["allocator"], row["workload"], row["round"], row["copy"]
    if key in seen:
        raise ValueError("{} on {}, round {}, copy {} is there twice".format(*key))
    seen.add(key)


def read_rows(path, machine, warnings):
    """A run that was killed may have left half a row as its last line: that one is left out."""
    lines = read_text(path, "the run has lost its rows: measure again", FAILURE).split("\n")
    columns = {column["name"]: column["unit"] for column in machine["columns"]}
    header = parse_header(path, lines, columns)
    if not lines[-1]:
        lines.pop()
        is_cut = len(lines) > 1 and len(parse_line(lines[-1]) or []) < len(header)
    else:
        is_cut = True
    if is_cut:
        lines.pop()
        warnings.append(f"{path}:{len(lines) + 1}: the last row is cut off and left out")
    rows, seen = [], set()
    for number, line in enumerate(lines[1:], 2):
        try:
            row = parse_row(header, columns, parse_line(line))
            check_row(row, machine, seen)
        except ValueError as error:
            raise ResultsError(f"{path}:{number}: {error}: the file was damaged or edited; "
                               "measure again into another folder") from None
        rows.append(row)
    return rows


def read_series(path, allocators):
    """These files are written whole or not at all."""
    lines = read_text(path, "measure again by build/heapbench series", FAILURE).split("\n")
    header = parse_line(lines[0]) or [""]
    columns = {name: "count" for name in header if name not in SERIES_TEXTS}
    rows = []
    for number, line in enumerate(lines[1:-1], 2):
        try:
            rows.append(parse_fields(header, columns, parse_line(line)))
            if rows[-1].get("allocator") not in allocators:
                raise ValueError(f"no allocator of the run: {line[:30]!r}")
        except ValueError as error:
            raise ResultsError(f"{path}:{number}: {error}: the file was damaged or edited; measure "
                               "again by build/heapbench series") from None
    if lines[-1] or "allocator" not in header:
        raise ResultsError(f"{path}:{len(lines)}: cut short: measure again by build/heapbench "
                           "series")
    return rows


def load(folder):
    folder = Path(folder)
    if not folder.is_dir():
        kind = "not a folder" if folder.exists() else "no such folder"
        raise ResultsError(f"{folder}: {kind}: name a run, as in results/latest; `make bench` "
                           "makes one", USAGE)
    machine = read_machine(folder / "machine.json")
    warnings = []
    rows = read_rows(folder / "runs.csv", machine, warnings)
    results = Results(folder, machine, rows, warnings)
    if not results.unfinished and len(rows) < machine["plan"]["cells"]:
        raise ResultsError(f"{folder}/runs.csv: {len(rows)} of the {machine['plan']['cells']} rows "
                           "of a finished run: the file was cut short; measure the rest with "
                           f"build/heapbench run --resume -o {folder}")
    return results


def replace_file(path, write):
    """Has `write` fill a new file, which then takes the old one's place: none is ever half."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(exist_ok=True)
        with open(fresh, "wb") as file:
            write(file)
        os.replace(fresh, path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise ResultsError(f"{path}: {error.strerror}") from None


def run_tool(tool, usage, arguments):
    """The one place where an error becomes a line and an exit code. `tool` gets Results and the
    arguments behind the folder."""
    program = Path(sys.argv[0]).name
    if not arguments or arguments[0].startswith("-"):
        print(f"usage: {usage}", file=sys.stderr)
        return 0 if arguments and arguments[0] in ("-h", "--help") else USAGE
    try:
        results = load(arguments[0])
        for warning in results.warnings:
            print(f"{program}: {warning}", file=sys.stderr)
        tool(results, *arguments[1:])
        sys.stdout.flush()
    except ResultsError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:   # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:      # standard output is on a full disk
        print(f"{program}: standard output: {error.strerror}", file=sys.stderr)
        os._exit(FAILURE)         # an ordinary exit would try to write the rest again
    except KeyboardInterrupt:
        print(f"{program}: interrupted", file=sys.stderr)
        return FAILURE
    return 0
