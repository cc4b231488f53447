"""Measures functions, files and lines against the style bar and fails beyond it.

    scripts/lint.py [TOP]

Functions are found by universal-ctags and count from their name's line to their last. Medians and
the 90th percentile are over one language's code; product and tests are held to the same bar.
"""
import json
import math
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

FUNCTION_MEDIAN, FUNCTION_P90, FUNCTION_MAXIMUM = 10, 30, 60
FILE_MEDIAN, FILE_MAXIMUM = 150, 400
COLUMNS = 100

PRODUCT = ("allocators/**/*", "lalloc/**/*", "examples/**/*", "workloads/**/*", "harness/**/*",
           "scripts/**/*", ".ci/*")
TESTS = ("tests/**/*",)
LANGUAGES = {"C": (".c", ".h"), "Python": (".py",), "shell": (".sh", "run"), "Lua": (".lua",)}
FUNCTION_KINDS = {"C": ("function",), "Python": ("function", "member")}   # member: a method

Measure = namedtuple("Measure", "where size")   # where: file:line and, of a function, its name


def find_files(top, patterns, endings):
    return sorted(path for pattern in patterns for path in top.glob(pattern)
                  if path.is_file() and path.name.endswith(endings))


def measure_functions(language, paths):
    command = ["ctags", "--output-format=json", "--fields=+ne", f"--language-force={language}",
               "-f", "-", *map(str, paths)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    tags = [json.loads(line) for line in lines]
    return [Measure(f"{tag['path']}:{tag['line']}: {tag['name']}", tag["end"] - tag["line"] + 1)
            for tag in tags if tag["kind"] in FUNCTION_KINDS[language]]


def measure_files(paths):
    return [Measure(f"{path}:1", len(path.read_text().splitlines())) for path in paths]


def measure_lines(paths):
    return [Measure(f"{path}:{number}", len(line)) for path in paths
            for number, line in enumerate(path.read_text().splitlines(), 1)]


def percentile(sizes, share):
    """The smallest size that at least that share of all is not above; 0 of none."""
    return sorted(sizes)[max(0, math.ceil(share * len(sizes)) - 1)] if sizes else 0


def too_long(measures, maximum, unit):
    return [f"{where}: {size} {unit}, at most {maximum} are allowed"
            for where, size in measures if size > maximum]


def beyond(subject, figure, allowed, unit):
    return [f"{subject} is {figure} {unit}, at most {allowed} are allowed"] * (figure > allowed)


def judge_functions(name, functions):
    sizes = [function.size for function in functions]
    median, p90 = percentile(sizes, 0.5), percentile(sizes, 0.9)
    text = f"{len(sizes):4} functions {median:3} / {p90:3} / {max(sizes, default=0):3}"
    return text, (beyond(f"{name}: the median function", median, FUNCTION_MEDIAN, "lines") +
                  beyond(f"{name}: the 90th percentile of functions", p90, FUNCTION_P90, "lines") +
                  too_long(functions, FUNCTION_MAXIMUM, "lines"))


def judge_files(name, files):
    sizes = [file.size for file in files]
    median = percentile(sizes, 0.5)
    return (f"{len(sizes):3} files {median:3} / {max(sizes):3}",
            beyond(f"{name}: the median file", median, FILE_MEDIAN, "lines") +
            too_long(files, FILE_MAXIMUM, "lines"))


def judge(name, language, paths):
    """The figures of one language's code as a line, and what is wrong with it."""
    files, file_faults = judge_files(name, measure_files(paths))
    lines = measure_lines(paths)
    functions, function_faults = "", []
    if language in FUNCTION_KINDS:
        functions, function_faults = judge_functions(name, measure_functions(language, paths))
    widest = max((line.size for line in lines), default=0)
    print(f"{name:13} {functions:30} {files:22} longest line {widest:3}")
    return function_faults + file_faults + too_long(lines, COLUMNS, "columns")


def main(top):
    print(f"bar: functions median {FUNCTION_MEDIAN} / p90 {FUNCTION_P90} / max {FUNCTION_MAXIMUM} "
          f"lines, files median {FILE_MEDIAN} / max {FILE_MAXIMUM}, lines {COLUMNS} columns")
    faults = []
    for kind, patterns in (("", PRODUCT), (" tests", TESTS)):
        for language, endings in LANGUAGES.items():
            paths = find_files(top, patterns, endings)
            if paths:
                faults += judge(language + kind, language, paths)
    print(*faults, sep="\n", end="\n" if faults else "", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
