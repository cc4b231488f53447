"""Writes results folders of any shape, as the harness would, with figures that are made up.

    python3 tests/fake_results.py DIR      # 14 allocators × 28 workloads, with failures
"""
import csv
import json
import random
import re
import sys
from pathlib import Path

import fake_series

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "scripts"
sys.path.insert(0, str(SCRIPTS))

METRIC = re.compile(r'^METRIC\((\w+), "(\w+)", "(.*)"\)$', re.MULTILINE)
COLUMNS = METRIC.findall((ROOT / "harness/metrics.h").read_text())
MEBIBYTE = 1 << 20

ALLOCATORS = ["libc", "null", "bump", "fixed-pool:size=56,count=1000", "tiered", "tiered:huge=yes",
              "buddy", "slab", "corona", "mimalloc", "jemalloc", "tcmalloc", "tbbmalloc",
              "./build/planted/libmine.so:prefix=my_", "count+mimalloc"]
WORKLOADS = ["binary-trees", "cache", "closures", "dkjson-documents", "events", "graph", "json",
             "markdown-render", "messagepack-relay", "parser", "penlight-report", "simulation",
             "sort-records", "string-append", "string-format", "strings", "table-churn",
             "tables-kept", "templates", "./my-own/longer-script.lua"]
TRACES = ["pair-32", "pair-1m", "realloc-chain", "free-lifo", "free-fifo", "free-random", "mix",
          "growth-double"]
FAILURES = {("fixed-pool:size=56,count=1000", name): ("out of memory", "no block of 56 bytes left")
            for name in WORKLOADS[:17]} | {
    ("slab", "parser"): ("crashed", "signal 11, Segmentation fault"),
    ("slab", "json"): ("wrong answer", "42, libc says 43"),
    ("buddy", "tables-kept"): ("timed out", "still running after 60 s"),
    **{("tbbmalloc", name): ("unavailable", "libtbbmalloc.so.2: cannot open shared object file")
       for name in [*WORKLOADS, *TRACES]}}


def describe(allocators, workloads, traces, rounds, cells, failures):
    unavailable = {names[0]: why for names, (what, why) in failures.items()
                   if what == "unavailable"}
    return {
        "format": 1,
        "heapbench": {"version": "0.1.0", "sha256": "00", "compiler": "gcc", "flags": "-O2"},
        "machine": {"model": "Imagined CPU", "cpus": 2, "flags": "", "caches": "L1d 32K",
                    "memory_bytes": 4 << 30, "kernel": "6.1", "transparent_huge_pages": "madvise",
                    "aslr": "2", "governor": None, "libc": "glibc 2.36"},
        "key": "0123456789abcdef",
        "started": {"time": "2000-01-01T00:00:00Z", "load": [0.1, 0.1, 0.1], "steal_ticks": 0},
        "plan": {"profile": "quick", "rounds": rounds, "seed": 1, "timeout_s": 60, "cells": cells,
                 "allocators": [{"spec": spec, "summary": "", "file": "", "version": "",
                                 "sha256": "", "available": spec not in unavailable,
                                 "reason": unavailable.get(spec), "replay_only": spec == "null"}
                                for spec in allocators],
                 "workloads": [{"name": name, "kind": kind, "summary": "", "file": "",
                                "sha256": "", "available": True, "reason": None}
                               for kind, names in (("lua", workloads), ("replay", traces))
                               for name in names]},
        "columns": [{"name": name, "unit": unit, "meaning": meaning}
                    for name, unit, meaning in COLUMNS],
        "finished": {"time": "2000-01-01T00:05:00Z", "load": [1, 1, 1], "steal_ticks": 3},
    }


class Invention:
    """Speeds and footprints that a seed decides."""

    def __init__(self, seed, noise):
        self.random, self.noise = random.Random(seed), noise
        self.speeds, self.footprints, self.sizes = {}, {}, {}

    def speed(self, allocator, workload):
        """ns per operation, less the noise."""
        own = self.speeds.setdefault(allocator, self.random.uniform(0.6, 1.25))
        here = self.speeds.setdefault((allocator, workload), self.random.gauss(1, 0.1))
        if allocator == "null":
            return 2.0
        base = self.speeds.setdefault(workload, self.random.uniform(20, 90))
        return base * (1 if allocator == "libc" else max(0.2, own * here))

    def live_bytes(self, workload):
        return self.sizes.setdefault(workload, int(2 ** self.random.uniform(18, 26)))

    def resident_bytes(self, allocator, workload):
        own = self.footprints.setdefault(allocator, self.random.uniform(1.02, 1.6))
        here = self.footprints.setdefault((allocator, workload), self.random.uniform(0.95, 1.2))
        return int(self.live_bytes(workload) * own * here + 300_000)

    def noisy(self, value):
        return int(value * self.random.lognormvariate(0, self.noise)) if self.noise else int(value)


def proof_row(invention, allocator, workload):
    return {"answer": "42", "calls": 1_100_000, "operations": 1_000_000,
            "allocated_bytes": 9 * invention.live_bytes(workload),
            "peak_live_bytes": invention.live_bytes(workload)}


def timed_row(invention, allocator, workload):
    cpu_ns = invention.noisy(1_000_000 * invention.speed(allocator, workload))
    return {"operations": 1_000_000, "cpu_ns": cpu_ns, "wall_ns": cpu_ns + 5000, "drop_ns": 7000,
            "peak_resident_bytes": invention.resident_bytes(allocator, workload),
            "resident_before_bytes": 2 * MEBIBYTE, "minor_faults": 640, "major_faults": 0,
            "preemptions": 3, "padding_bytes": 17}


def make_rows(allocators, workloads, traces, rounds, failures, invention):
    def row(allocator, workload, number, copy=0):
        key = dict(allocator=allocator, workload=workload, round=number, copy=copy)
        outcome, detail = failures.get((allocator, workload), ("ok", ""))
        if outcome != "ok":
            return key | {"outcome": outcome, "detail": detail}
        make = timed_row if number else proof_row
        return key | {"outcome": "ok"} | make(invention, allocator, workload)

    yield from (row(allocator, "contract", 0) for allocator in allocators)
    for number in range(rounds + 1):
        for workload in workloads + traces:
            for allocator in allocators:
                if allocator == "null" and workload in workloads:
                    continue
                yield row(allocator, workload, number)
                if allocator == "libc" and number:
                    yield row(allocator, workload, number, 1)


def write_rows(path, rows):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, [name for name, _, _ in COLUMNS], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write(folder, allocators=ALLOCATORS, workloads=WORKLOADS, traces=TRACES, rounds=8,
          failures=FAILURES, noise=0.01, seed=1, change=None, keep=None):
    """`change` gets every row before it is written; `keep` cuts the run off after so many rows."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    invention = Invention(seed, noise)
    rows = list(make_rows(list(allocators), list(workloads), list(traces), rounds, failures,
                          invention))
    for row in rows if change else ():
        change(row)
    machine = describe(allocators, workloads, traces, rounds, len(rows), failures)
    if keep is not None:
        del rows[keep:], machine["finished"]
    (folder / "machine.json").write_text(json.dumps(machine, indent=1))
    write_rows(folder / "runs.csv", rows)
    failing = {name: failures[name, workload] for name in allocators for workload in workloads[:1]
               if failures.get((name, workload), ("",))[0] in ("unavailable", "crashed")}
    fake_series.write(folder, [name for name in allocators if name != "null"], workloads[:5],
                      failing)
    return folder


if __name__ == "__main__":
    print(write(sys.argv[1]))
