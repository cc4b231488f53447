"""`heapbench run`: every planned cell becomes exactly one row, whatever happens to it."""
import os
import resource
import signal
import subprocess
import time

import pytest

from heapbench import (PLANTED, PLANTED_SCRIPTS, PROGRAM, TOP, cells_of, heapbench, machine_of,
                       rows_of)

SMALL = ["-a", "tiered", "-w", "pair-32", "-w", "string-append"]


def run(folder, *arguments, **more):
    """A run of one round into the folder, which must succeed."""
    done = heapbench("run", "--rounds", 1, "-o", folder, *arguments, **more)
    assert done.returncode == 0, done.stderr
    return rows_of(folder)


def outcomes(rows, allocator, workload):
    """The outcomes of an allocator on a workload, in order."""
    return [row["outcome"] for row in rows
            if row["allocator"] == allocator and row["workload"] == workload]


def test_every_cell_is_there_once_with_control_and_null(tmp_path):
    rows = run(tmp_path / "r", *SMALL)
    cells = cells_of(tmp_path / "r")
    assert len(cells) == len(set(cells)) == machine_of(tmp_path / "r")["plan"]["cells"]
    assert ("libc", "pair-32", 1, 1) in cells and ("libc", "string-append", 1, 1) in cells
    assert ("null", "pair-32", 1, 0) in cells
    assert ("null", "string-append", 1, 0) not in cells
    assert {row["outcome"] for row in rows} == {"ok"}
    assert "finished" in machine_of(tmp_path / "r")


def test_only_timed_rounds_have_times_and_proof_has_counts(tmp_path):
    for row in run(tmp_path / "r", *SMALL):
        assert bool(row["cpu_ns"]) == (row["round"] == "1")
        assert bool(row["calls"]) == (row["round"] == "0")
        assert row["operations"]


def test_counts_of_a_trace_are_exact(tmp_path):
    rows = run(tmp_path / "r", "-a", "libc", "-w", "pair-32")
    proof = next(row for row in rows if row["workload"] == "pair-32" and row["round"] == "0")
    assert int(proof["operations"]) % 200_000 == 0
    assert proof["peak_live_bytes"] == "32"
    assert int(proof["allocated_bytes"]) == 16 * int(proof["operations"])


def test_same_seed_same_plan_other_seed_other_order(tmp_path):
    run(tmp_path / "a", "--seed", 5, *SMALL)
    run(tmp_path / "b", "--seed", 5, *SMALL)
    run(tmp_path / "c", "--seed", 6, *SMALL)
    assert cells_of(tmp_path / "a") == cells_of(tmp_path / "b")
    padding = [[row["padding_bytes"] for row in rows_of(tmp_path / name)] for name in "abc"]
    assert padding[0] == padding[1] != padding[2]
    assert sorted(cells_of(tmp_path / "a")) == sorted(cells_of(tmp_path / "c"))


@pytest.mark.parametrize("library, outcome", [
    ("crash", "crashed"), ("hang", "timed out"), ("corrupt", "wrong answer"),
    ("lie", "wrong answer"), ("misaligned", "wrong answer")])
def test_bad_allocators_are_rows_without_times_and_the_run_goes_on(tmp_path, library, outcome):
    spec = f"{PLANTED}/{library}.so"
    rows = run(tmp_path / "r", "--timeout", 3, "-a", spec, "-w", "pair-32", "-w", "string-append")
    bad = [row for row in rows if row["allocator"] == spec]
    assert len(bad) == 5 and {row["outcome"] for row in bad} == {outcome}
    assert all(row["detail"] and not row["cpu_ns"] for row in bad)
    assert {row["outcome"] for row in rows if row["allocator"] == "libc"} == {"ok"}


@pytest.mark.parametrize("library", ["plain", "inner"])
def test_a_plain_malloc_by_path_is_measured(tmp_path, library):
    spec = f"{PLANTED}/{library}.so"
    rows = run(tmp_path / "r", "-a", spec, "-w", "closures")
    assert outcomes(rows, spec, "closures") == ["ok", "ok"]


@pytest.mark.parametrize("script, outcome", [
    ("hangs", "timed out"), ("fails", "wrong answer"), ("hungry", "out of memory"),
    ("exits", "wrong answer"), ("differs", "wrong answer")])
def test_bad_workloads_are_rows_without_times(tmp_path, script, outcome):
    path = PLANTED_SCRIPTS / f"{script}.lua"
    spec = "bump:grow=no,size=1M" if script == "hungry" else "tiered"
    rows = run(tmp_path / "r", "--timeout", 2, "-a", spec, "-w", path)
    bad = [row for row in rows if row["workload"] == str(path) and row["allocator"] != "libc"]
    assert bad and {row["outcome"] for row in bad} == {outcome}
    assert all(row["detail"] and not row["cpu_ns"] for row in bad)


def test_a_bounded_heap_that_is_full_is_out_of_memory(tmp_path):
    rows = run(tmp_path / "r", "-a", "bump:grow=no,size=512K", "-w", "tables-kept")
    assert set(outcomes(rows, "bump:grow=no,size=512K", "tables-kept")) == {"out of memory"}


def start_long_run(folder):
    """A run that takes some seconds, and which has rows already."""
    running = subprocess.Popen([PROGRAM, "run", "-o", folder, "--rounds", "8", *SMALL],
                               stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for _ in range(400):
        time.sleep(0.02)
        if (folder / "runs.csv").exists() and len(rows_of(folder)) > 20:
            return running
    raise AssertionError("the run did not begin")


@pytest.mark.parametrize("tail", ["", "tiered,pair-32,1", '"cut off'])
def test_resume_after_kill_has_every_cell_once(tmp_path, tail):
    folder = tmp_path / "r"
    running = start_long_run(folder)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    before = (folder / "runs.csv").read_text(encoding="utf-8")
    assert "finished" not in machine_of(folder)
    with open(folder / "runs.csv", "a", encoding="utf-8") as file:
        file.write(tail)
    assert heapbench("run", "--resume", "-o", folder).returncode == 0
    cells = cells_of(folder)
    assert len(cells) == len(set(cells)) == machine_of(folder)["plan"]["cells"]
    assert (folder / "runs.csv").read_text(encoding="utf-8").startswith(before)
    assert "finished" in machine_of(folder)


def test_resume_keeps_the_order_of_the_whole_plan(tmp_path):
    arguments = ["--seed", 9, *SMALL]
    run(tmp_path / "whole", *arguments)
    run(tmp_path / "cut", *arguments)
    path = tmp_path / "cut" / "runs.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:7]), encoding="utf-8")
    assert heapbench("run", "--resume", "-o", tmp_path / "cut").returncode == 0
    assert cells_of(tmp_path / "cut") == cells_of(tmp_path / "whole")
    assert all(row["operations"] for row in rows_of(tmp_path / "cut"))


def test_resume_of_a_finished_run_changes_nothing(tmp_path):
    run(tmp_path / "r", *SMALL)
    before = (tmp_path / "r" / "runs.csv").read_bytes()
    assert heapbench("run", "--resume", "-o", tmp_path / "r").returncode == 0
    assert (tmp_path / "r" / "runs.csv").read_bytes() == before


def test_resume_refuses_a_changed_script(tmp_path):
    script = tmp_path / "mine.lua"
    script.write_text("print(1)\n", encoding="utf-8")
    run(tmp_path / "r", "-a", "tiered", "-w", script)
    script.write_text("print(2)\n", encoding="utf-8")
    done = heapbench("run", "--resume", "-o", tmp_path / "r")
    assert done.returncode == 1 and "mine.lua" in done.stderr


def test_interrupt_keeps_what_was_measured_and_says_how_to_go_on(tmp_path):
    folder = tmp_path / "r"
    running = start_long_run(folder)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=30)
    assert running.returncode == 1
    assert "--resume" in errors.splitlines()[-1]
    assert (folder / "runs.csv").read_text(encoding="utf-8").endswith("\n")


def test_full_disk_is_one_line_and_leaves_whole_rows(tmp_path):
    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, 12_000))
    done = heapbench("run", "--rounds", 400, "-o", tmp_path / "r", "-a", "libc", "-w", "pair-32",
                     preexec_fn=small_files)
    assert done.returncode == 1
    assert "runs.csv" in done.stderr.splitlines()[-1] and "--resume" in done.stderr
    assert (tmp_path / "r" / "runs.csv").read_text(encoding="utf-8").endswith("\n")
    assert len(rows_of(tmp_path / "r")) > 5


def test_no_write_permission_is_one_line():
    done = heapbench("run", "-o", "/proc/heapbench", *SMALL)
    assert done.returncode == 1 and "/proc/heapbench" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = heapbench("run", "-o", tmp_path / "file" / "r", *SMALL)
    assert done.returncode == 1 and "Not a directory" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_that_holds_a_run_is_not_overwritten(tmp_path):
    run(tmp_path / "r", *SMALL)
    done = heapbench("run", "-o", tmp_path / "r", *SMALL)
    assert done.returncode == 1 and "--resume" in done.stderr


def test_results_say_what_was_measured(tmp_path):
    run(tmp_path / "r", "-a", "mimalloc", "-w", "pair-32")
    machine = machine_of(tmp_path / "r")
    allocators = {row["spec"]: row for row in machine["plan"]["allocators"]}
    assert machine["format"] == 1 and len(machine["key"]) == 16
    assert allocators["libc"]["file"].endswith("libc.so.6")
    assert len(allocators["libc"]["sha256"]) == 64
    if allocators["mimalloc"]["available"]:
        assert "libmimalloc" in allocators["mimalloc"]["file"]
        assert allocators["mimalloc"]["version"].startswith("2.")
    assert [row["name"] for row in machine["columns"]] == list(rows_of(tmp_path / "r")[0])
    assert str(TOP) not in (tmp_path / "r" / "machine.json").read_text(encoding="utf-8")


def test_latest_points_at_the_newest(tmp_path):
    for name in ("one", "two"):
        run(tmp_path / "results" / name, "-a", "libc", "-w", "pair-32")
        assert os.readlink(tmp_path / "results" / "latest") == name


def test_two_runs_do_not_write_into_one_folder(tmp_path):
    running = start_long_run(tmp_path / "r")
    done = heapbench("run", "--resume", "-o", tmp_path / "r")
    running.communicate(timeout=60)
    assert done.returncode == 1 and "another heapbench" in done.stderr
    cells = cells_of(tmp_path / "r")
    assert len(cells) == len(set(cells)) == machine_of(tmp_path / "r")["plan"]["cells"]


def test_a_library_that_is_no_malloc_ends_the_run_before_it_begins(tmp_path):
    for library in ("empty", "missing"):
        done = heapbench("run", "-o", tmp_path / "r", "-a", f"{PLANTED}/{library}.so")
        assert done.returncode == 1 and f"{library}.so" in done.stderr
        assert len(done.stderr.splitlines()) == 1 and not (tmp_path / "r").exists()


@pytest.mark.parametrize("text, outcome", [
    ('return ("x"):rep(300) .. tostring({})', "wrong answer"),
    ('return "a\\0" .. tostring({})', "wrong answer"),
    ('print(("x"):rep(9000)) return 1', "ok"),
    ('return setmetatable({}, {__tostring = function() end})', "wrong answer"),
    ('io.open("/proc/self/fd/3", "w")', "ok"),
    ('error("not enough memory for jam")', "wrong answer"),
    ('while true do io.write(("x"):rep(1e6)) end', "crashed")])
def test_odd_scripts(tmp_path, text, outcome):
    script = tmp_path / "odd.lua"
    script.write_text(text, encoding="utf-8")
    rows = run(tmp_path / "r", "-a", "tiered", "-w", script, "--timeout", 20)
    assert set(outcomes(rows, "tiered", str(script))) == {outcome}


def test_an_answer_that_changes_is_told_of_libc_too(tmp_path):
    path = PLANTED_SCRIPTS / "differs.lua"
    rows = run(tmp_path / "r", "-a", "tiered", "-w", path)
    proved = [row for row in rows if row["workload"] == str(path) and row["round"] == "0"]
    assert [row["copy"] for row in proved if row["allocator"] == "libc"] == ["0", "1"]
    assert {row["detail"] for row in proved[1:]} == {proved[1]["detail"]}
    assert "not even libc" in proved[1]["detail"]


def test_a_program_that_survives_a_refusal_is_out_of_memory(tmp_path):
    script = tmp_path / "catch.lua"
    script.write_text("print(pcall(string.rep, 'x', 1e7))", encoding="utf-8")
    rows = run(tmp_path / "r", "-a", "bump:grow=no,size=1M", "-w", script)
    assert set(outcomes(rows, "bump:grow=no,size=1M", str(script))) == {"out of memory"}


def test_closed_streams_do_not_end_up_in_the_rows(tmp_path):
    for number, closed in enumerate(("0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-")):
        folder = tmp_path / str(number)
        subprocess.run(f"{PROGRAM} run --rounds 1 -o {folder} -a tiered -w pair-32 {closed}",
                       shell=True, check=True, timeout=60)
        assert {row["outcome"] for row in rows_of(folder)} == {"ok"}


def test_a_module_that_ends_the_process_is_unavailable(tmp_path):
    (tmp_path / "bad.lua").write_text("os.exit(0)", encoding="utf-8")
    script = tmp_path / "needs.lua"
    script.write_text("-- Needs a bad module.\n-- needs: bad\nprint(1)", encoding="utf-8")
    environment = dict(os.environ, LUA_PATH=f"{'x' * 2000};{tmp_path}/?.lua")
    rows = run(tmp_path / "r", "-a", "libc", "-w", script, env=environment)
    assert set(outcomes(rows, "libc", str(script))) == {"unavailable"}


def test_a_script_changed_while_it_is_measured_ends_the_run(tmp_path):
    script = tmp_path / "mine.lua"
    script.write_text("for i = 1, 1e7 do end print(1)", encoding="utf-8")
    running = subprocess.Popen([PROGRAM, "run", "-o", tmp_path / "r", "--rounds", "50",
                                "-a", "libc", "-w", script], stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "r" / "runs.csv").exists() or len(rows_of(tmp_path / "r")) < 6:
        time.sleep(0.02)
    script.write_text("print(1)", encoding="utf-8")
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 1 and "mine.lua was changed" in errors


@pytest.mark.parametrize("find, replace, expected", [
    ('"key": "', '"key": "0', "another machine"), ('"rounds": 1', '"rounds": -1', "no plan"),
    ('"cells": ', '"cells": 1', "the plan has"), ('"sha256": "', '"sha256": "0', "is not what")])
def test_resume_refuses_an_edited_plan(tmp_path, find, replace, expected):
    run(tmp_path / "r", *SMALL)
    path = tmp_path / "r" / "machine.json"
    path.write_text(path.read_text(encoding="utf-8").replace(find, replace), encoding="utf-8")
    done = heapbench("run", "--resume", "-o", tmp_path / "r")
    assert done.returncode == 1 and expected in done.stderr


def test_resume_notices_another_library_under_a_pool(tmp_path):
    library = tmp_path / "mine.so"
    library.write_bytes((PLANTED / "plain.so").read_bytes())
    run(tmp_path / "r", "-a", f"fixed-pool+{library}", "-w", "pair-32")
    library.write_bytes((PLANTED / "leak.so").read_bytes())
    done = heapbench("run", "--resume", "-o", tmp_path / "r")
    assert done.returncode == 1 and "mine.so" in done.stderr


def test_a_script_is_found_by_any_printable_path(tmp_path):
    script = tmp_path / "a, b 'c' \"d\" ü.lua"
    script.write_text("print(1)", encoding="utf-8")
    assert outcomes(run(tmp_path / "r", "-a", "libc", "-w", script), "libc", str(script))
    assert heapbench("run", "--resume", "-o", tmp_path / "r").returncode == 0


def test_latest_may_not_be_a_run_itself(tmp_path):
    done = heapbench("run", "-o", tmp_path / "results" / "latest", *SMALL)
    assert done.returncode == 1 and "newest" in done.stderr


def test_resume_takes_the_same_options_and_no_others(tmp_path):
    run(tmp_path / "r", *SMALL)
    same = heapbench("run", "--rounds", 1, "-o", tmp_path / "r", *SMALL, "--resume")
    assert same.returncode == 0, same.stderr
    for other in (["--rounds", 2, *SMALL], ["--rounds", 1, "-a", "libc"], ["--seed", 3]):
        done = heapbench("run", "--resume", "-o", tmp_path / "r", *other)
        assert done.returncode == 1 and "other options" in done.stderr


def test_runs_begun_in_the_same_second_get_folders_of_their_own(tmp_path):
    for _ in range(3):
        done = heapbench("run", "--rounds", 1, "-a", "libc", "-w", "pair-32", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert len([path for path in (tmp_path / "results").iterdir() if path.name != "latest"]) == 3


def test_what_failed_is_named_at_the_end(tmp_path):
    done = heapbench("run", "--rounds", 1, "-a", "tiered", "-w", PLANTED_SCRIPTS / "fails.lua",
                     "-o", tmp_path / "r")
    assert "tiered: wrong answer on" in done.stdout and "fails.lua:" in done.stdout
