"""`heapbench record --verify`: what must be equal of a program and its trace, and the figures."""
import csv
import re

import pytest

from heapbench import TOP, heapbench

SPECS = ["libc", "tiered", "mimalloc", "jemalloc", "tcmalloc"]
EQUAL = r"calls (\d+), bytes (\d+), peak live (\d+): the same of program and trace"
PROGRAM = "local all = {} for i = 1, 2e5 do all[i % 5e3 + 1] = {i, tostring(i)} end\n"
# Asks for more each time that it runs.
GROWING = """
local file = io.open(PATH)
local runs = file and file:read("*n") or 0
if file then file:close() end
file = io.open(PATH, "w")
file:write(runs + 1)
file:close()
local all = {}
for i = 1, 1000 * runs do all[i] = {} end
"""


def verify(folder, text, *arguments):
    (folder / "s.lua").write_text(text, encoding="utf-8")
    return heapbench("record", "--verify=2", *arguments, "-o", folder / "s.hbt", folder / "s.lua")


@pytest.fixture(scope="module", name="told")
def fixture_told(tmp_path_factory):
    """The folder, and what was printed of a program that asks for the same each time."""
    folder = tmp_path_factory.mktemp("verify")
    done = verify(folder, PROGRAM)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout.splitlines()


def test_calls_bytes_and_peak_are_those_of_the_trace_and_of_the_run(told):
    folder, lines = told
    calls, allocated, peak = re.fullmatch(EQUAL, lines[0]).groups()
    rows = csv.DictReader(heapbench("inspect", folder / "s.hbt", "--csv").stdout.splitlines())
    of_trace = {(row["table"], row["name"]): row["value"] for row in rows if not row["row"]}
    assert (calls, peak) == (of_trace["totals", "calls"], of_trace["live", "peak"])
    assert heapbench("run", "--rounds", 1, "-w", folder / "s.lua", "-o", folder / "run",
                     cwd=TOP).returncode == 0
    with open(folder / "run/runs.csv", newline="", encoding="utf-8") as file:
        proof = next(row for row in csv.DictReader(file)
                     if (row["allocator"], row["workload"]) == ("libc", str(folder / "s.lua")))
    assert (calls, allocated, peak) == (proof["calls"], proof["allocated_bytes"],
                                        proof["peak_live_bytes"])


def test_each_allocator_has_its_figures_or_its_reason(told):
    lines = told[1][3:]
    assert [line.split()[0] for line in lines] == SPECS
    for line in lines:
        if "unavailable" in line:
            continue
        program, trace, error = re.match(r"\S+ +([\d.]+) +([\d.]+) +([+-][\d.]+) %", line).groups()
        assert float(program) > 0.5                      # 5,000 tables and strings
        # MiB stand there rounded to a hundredth.
        assert float(error) == pytest.approx(100 * (float(trace) / float(program) - 1), abs=3)
        assert not re.search("nan|inf", line)


def test_the_memory_of_a_replay_on_local_allocators_is_that_of_the_run(told):
    errors = {line.split()[0]: float(line.split()[3]) for line in told[1][3:5]}
    assert errors.keys() == {"libc", "tiered"}
    assert all(abs(error) < 5 for error in errors.values()), errors


def test_the_trace_of_another_run_is_refused(tmp_path):
    done = verify(tmp_path, GROWING.replace("PATH", f"{str(tmp_path / 'runs')!r}"))
    assert done.returncode == 1 and done.stdout == ""
    made, of_trace = re.search(r"libc: the program made (\d+) calls .*; its trace (\d+), ",
                               done.stderr).groups()
    assert int(made) > int(of_trace) + 1000
    assert "does the program ask for the same each time?" in done.stderr
    # That was seen before anything was timed.
    assert (tmp_path / "runs").read_text(encoding="utf-8") == "2"


@pytest.mark.parametrize("arguments, expected", [
    (["-o", "s.hbt", "--", "true"], "--verify is for Lua programs"),
    (["-o", "s.hbt", "s.lua", "1"], "--verify takes a workload, or a script alone"),
    (["-o", "s.hbt", "pair-32"], "pair-32 is a trace already")])
def test_what_cannot_be_verified_is_one_line(tmp_path, arguments, expected):
    (tmp_path / "s.lua").write_text("return 1\n", encoding="utf-8")
    done = heapbench("record", "--verify=2", *arguments, cwd=tmp_path)
    assert done.returncode == 2 and done.stdout == "" and expected in done.stderr
    assert len(done.stderr.splitlines()) == 1 and not (tmp_path / "s.hbt").exists()
