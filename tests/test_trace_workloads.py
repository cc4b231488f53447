"""Traces as workloads: their names and options, checked against the contract, with threads."""
import csv

import pytest

import fake_results  # noqa: F401  (puts scripts into the path)

import results
from heapbench import heapbench, machine_of, planted, rows_of


@pytest.fixture(scope="module", name="trace")
def trace_file(tmp_path_factory):
    """A file of two threads."""
    path = tmp_path_factory.mktemp("traces") / "handed.hbt"
    made = heapbench("generate", "-o", path, "handover:blocks=2000")
    assert made.returncode == 0, made.stderr
    return path


def run(folder, *arguments):
    return heapbench("run", "-o", folder, "--rounds", "1", *arguments)


@pytest.mark.parametrize("name, line", [
    ("lua-mxi", "no workload is called `lua-mxi`, did you mean `lua-mix`?"),
    ("lifetime:blocks=3", "did you mean `lifetimes`?"),
    ("lua-mix:tuch=all", "lua-mix has no option `tuch`, did you mean `touch`?"),
    ("lua-mix:touch=twice", "option touch=twice is not allowed: give one of: none ends lines"),
    ("lifetimes:block=3", "lifetimes has no option `block`, did you mean `blocks`?"),
    ("lifetimes:passes=x", "option passes=x is not allowed: give 0 .. 1000000"),
    ("json:touch=all", "json: a Lua script takes no options"),
    ("./none.hbt:touch=all", "./none.hbt: "),
])
def test_a_wrong_name_is_one_line_with_advice(tmp_path, name, line):
    for call in (run(tmp_path / "run", "-a", "libc", "-w", name),
                 heapbench("check", "-a", "libc", "-w", name)):
        assert call.returncode == 2
        assert line in call.stderr
        assert call.stderr.count("\n") == 1


@pytest.mark.parametrize("ending", [
    "\n.hbt", "\udcff.hbt", ".hbt:" + "touch=all," * 50 + "passes=1"])
def test_a_name_that_would_not_fit_a_line_or_a_row_is_refused(tmp_path, trace, ending):
    path = tmp_path / ("x" + ending.partition(":")[0])
    path.write_bytes(trace.read_bytes())
    name = str(tmp_path / "x") + ending
    for call in (run(tmp_path / "run", "-a", "libc", "-w", name),
                 heapbench("check", "-a", "libc", "-w", name)):
        assert call.returncode == 2
        assert "at most 511 characters, all of them printable UTF-8" in call.stderr


def test_a_script_is_no_trace_to_be_checked():
    call = heapbench("check", "-a", "libc", "-w", "json")
    assert call.returncode == 2
    assert "-w json: a script cannot be checked: give a trace" in call.stderr


def test_every_name_gives_one_row_and_the_same_answer_everywhere(tmp_path, trace):
    named = ["lua-mix:passes=1,touch=all", "lifetimes:blocks=500,births=2000,passes=2",
             f"{trace}:memory=0,passes=1", f"{trace}:touch=ends,passes=1"]
    call = run(tmp_path / "run", "-a", "tiered", *[part for name in named for part in ("-w", name)])
    assert call.returncode == 0, call.stdout + call.stderr
    rows = rows_of(tmp_path / "run")
    for name in named:
        mine = [row for row in rows if row["workload"] == name and row["allocator"] != "null"]
        assert {row["outcome"] for row in mine} == {"ok"}
        assert len({row["answer"] for row in mine}) == 1
    assert [row["name"] for row in machine_of(tmp_path / "run")["plan"]["workloads"]] == named


def test_what_a_trace_leaves_alive_is_no_call_of_its(tmp_path):
    name = "lifetimes:blocks=100,births=1000,immortal=50,passes=1"
    assert run(tmp_path / "run", "-a", "libc", "-w", name).returncode == 0
    proof = next(row for row in rows_of(tmp_path / "run")
                 if row["workload"] == name and row["round"] == "0")
    assert proof["answer"].endswith(f" after {proof['calls']} operations")
    assert int(proof["calls"]) < 2000


def test_threads_need_a_heap_that_allows_them(tmp_path, trace):
    name = f"{trace}:order=free,passes=2"
    call = run(tmp_path / "run", "-a", "tiered", "-a", "lock+tiered", "-w", name)
    assert call.returncode == 0, call.stdout + call.stderr
    rows = {row["allocator"]: row for row in rows_of(tmp_path / "run") if row["workload"] == name}
    assert rows["tiered"]["outcome"] == "unavailable"
    assert rows["tiered"]["detail"] == \
        "tiered is not thread-safe: put lock+ before it, or take order=one"
    assert rows["lock+tiered"]["outcome"] == rows["libc"]["outcome"] == "ok"
    assert rows["lock+tiered"]["answer"] == rows["libc"]["answer"]
    workload, = machine_of(tmp_path / "run")["plan"]["workloads"]
    assert workload["threads"] == 2


def test_several_threads_are_scored_by_the_clock_on_the_wall(tmp_path, trace):
    names = [f"{trace}:order=recorded,passes=1", f"{trace}:passes=1"]
    assert run(tmp_path / "run", "-a", "libc", "-w", names[0], "-w", names[1]).returncode == 0
    measured = results.load(tmp_path / "run")
    for name, column in zip(names, ("wall_ns", "cpu_ns")):
        row = next(row for row in measured.rows
                   if (row["workload"], row["allocator"], row["round"], row["copy"])
                   == (name, "libc", 1, 0))
        assert measured.score("libc", name).ns_per_operation_p50 == \
            pytest.approx(row[column] / row["operations"])


def test_every_call_of_each_trace_is_checked_on_each_allocator(trace):
    call = heapbench("check", "-a", "libc", "-a", "records+tiered", "-w", f"{trace}:memory=0",
                     "-w", "realloc-chain")
    assert call.returncode == 0, call.stdout
    lines = call.stdout.splitlines()
    assert len(lines) == 4
    assert all(line.startswith("ok ") for line in lines)
    assert sum("contract kept, 4000 operations" in line for line in lines) == 2
    assert sum(line.endswith(", realloc-chain") for line in lines) == 2


@pytest.mark.parametrize("fault, rule", [
    ("corrupt", "contract broken at operation"),
    ("misaligned", "is not aligned to 16 bytes"),
])
def test_a_heap_that_breaks_the_contract_is_found_by_a_trace(trace, fault, rule):
    call = heapbench("check", "-a", planted(fault), "-w", trace)
    assert call.returncode == 1
    assert call.stdout.startswith("wrong answer") and rule in call.stdout
    assert call.stdout.endswith(f", {trace}\n")


def test_lists_show_families_with_their_options():
    text = heapbench("list", "workloads").stdout
    assert "  lifetimes " in text and "    :births=" in text and "    :touch=standard" in text
    rows = list(csv.DictReader(heapbench("list", "families", "--csv").stdout.splitlines()))
    assert "lifetimes" in [row["name"] for row in rows]
    assert all("=" in row["options"] for row in rows)
