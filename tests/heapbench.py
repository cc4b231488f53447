"""How the Python tests call the program, from the checkout's top."""
import csv
import functools
import json
import os
import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = TOP / "build" / "heapbench"
PLANTED = TOP / "build" / "tests" / "planted"
PLANTED_SCRIPTS = TOP / "tests" / "planted"


def heapbench(*arguments, timeout=120, **more):
    """Runs the program and returns what it printed and how it ended."""
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                          timeout=timeout, check=False, **more)


def make(*arguments):
    """Runs make's goals, without the settings of a make that may run the tests."""
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    return subprocess.run(["make", "--no-print-directory", *arguments], cwd=TOP, env=environment,
                          text=True, capture_output=True, timeout=600, check=False)


def planted(name):
    """The spec of a planted library, from the checkout's top."""
    return f"./{(PLANTED / name).relative_to(TOP)}.so"


def rows_of(folder):
    """The rows of runs.csv as dictionaries."""
    with open(folder / "runs.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def machine_of(folder):
    """machine.json as a dictionary."""
    return json.loads((folder / "machine.json").read_text(encoding="utf-8"))


def cells_of(folder):
    """What names a cell, of every row in order."""
    return [(row["allocator"], row["workload"], int(row["round"]), int(row["copy"]))
            for row in rows_of(folder)]


@functools.lru_cache
def names(kind):
    """The first column of `heapbench list KIND --csv`, those that are available."""
    listed = heapbench("list", kind, "--csv").stdout.splitlines()
    return [row["name"] for row in csv.DictReader(listed) if row.get("available", "ok") == "ok"]
