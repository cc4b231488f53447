"""`heapbench series`: what blocks take, what becomes of arrays and heaps, and what fails."""
import csv
import shutil

import pytest

from heapbench import TOP, heapbench, planted

SPECS = ["libc", "tiered", "buddy", "slab", "fixed-pool", "bump:size=512K,grow=no",
         planted("crash")]
KINDS = ["fragmentation", "growth", "metadata", "waste"]
FILES = ["failures", *KINDS]
ONLY = [word for kind in KINDS for word in ("--only", kind)]
LARGE = "local t = {} for i = 1, 2e5 do t[i] = {i} end t = nil collectgarbage()\n"


def read(folder, name):
    with open(folder / "series" / f"{name}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module", name="run")
def fixture_run(tmp_path_factory):
    """A run of few allocators with its series, and what `series` printed."""
    folder = tmp_path_factory.mktemp("series")
    (folder / "large.lua").write_text(LARGE, encoding="utf-8")
    (folder / "small.lua").write_text("return 1\n", encoding="utf-8")
    specs = [word for spec in SPECS for word in ("-a", spec)]
    done = heapbench("run", "--rounds", 1, *specs, "-w", "pair-32", "-w", folder / "large.lua",
                     "-w", folder / "small.lua", "-o", folder / "run", cwd=TOP)
    assert done.returncode == 0, done.stderr
    return folder / "run", heapbench("series", "-o", folder / "run", *ONLY, cwd=TOP)


def taken(run, spec, request_bytes):
    """What a block of that size takes."""
    found = [row for row in read(run[0], "waste")
             if (row["allocator"], row["request_bytes"]) == (spec, str(request_bytes))]
    assert len(found) == 1
    return int(found[0]["step_bytes"])


def test_every_file_is_there_and_nothing_else(run):
    folder, done = run
    assert done.returncode == 0 and "failures" in done.stdout
    assert sorted(path.name for path in (folder / "series").iterdir()) == [
        f"{name}.csv" for name in FILES]


@pytest.mark.parametrize("spec, asked, expected", [
    ("tiered", 40, 40), ("libc", 40, 48), ("libc", 41, 64), ("libc", 24, 32), ("slab", 40, 40),
    ("buddy", 33, 64), ("buddy", 64, 64), ("buddy", 65, 128), ("fixed-pool", 1, 32),
    ("fixed-pool", 32, 32), ("fixed-pool", 33, 48)])
def test_a_block_takes(run, spec, asked, expected):
    assert taken(run, spec, asked) == expected


def test_what_a_local_heap_says_of_its_blocks_agrees_with_their_places(run):
    rows = [row for row in read(run[0], "waste") if row["usable_bytes"]]
    assert {row["allocator"] for row in rows} >= {"tiered", "buddy", "slab", "fixed-pool"}
    # Beyond a page a pool may lay blocks out with room between them.
    small = [row for row in rows if int(row["request_bytes"]) <= 1024]
    assert all(row["step_bytes"] == row["usable_bytes"] for row in small)


def test_the_backing_does_not_say_what_its_blocks_hold(run):
    rows = [row for row in read(run[0], "waste") if row["allocator"] == "fixed-pool"]
    assert all(bool(row["usable_bytes"]) == (int(row["request_bytes"]) <= 32) for row in rows)


@pytest.mark.parametrize("spec, size, low, high", [
    ("libc", 32, 15.9, 16.5), ("libc", 40, 7.9, 8.5), ("tiered", 32, 0, 1), ("tiered", 40, 0, 1),
    ("buddy", 40, 24, 28), ("slab", 40, 0, 1)])
def test_bytes_beside_a_block(run, spec, size, low, high):
    row, = [row for row in read(run[0], "metadata")
            if (row["allocator"], row["block_bytes"]) == (spec, str(size))]
    assert int(row["blocks"]) == (16 << 20) // size
    assert low <= int(row["resident_bytes"]) / int(row["blocks"]) - size <= high


def test_a_bounded_heap_is_measured_with_the_blocks_that_it_has(run):
    rows = [row for row in read(run[0], "metadata") if row["allocator"].startswith("bump")]
    assert rows and all(0 < int(row["blocks"]) * int(row["block_bytes"]) <= 512 << 10
                        for row in rows)


@pytest.mark.parametrize("rule, reallocations, copies, room", [
    ("double", 13, 16380, 16384), ("half", 21, 24278, 12138), ("1000", 10, 45000, 10000)])
def test_arrays_are_counted(run, rule, reallocations, copies, room):
    rows = [row for row in read(run[0], "growth") if row["policy"] == rule]
    assert {row["allocator"] for row in rows} == {"libc", "tiered", "buddy", "slab", "fixed-pool"}
    for row in rows:
        counts = {name: int(text) for name, text in row.items() if text.isdigit()
                  and name != "policy"}
        assert (counts["reallocations"], counts["copied_elements"],
                counts["room_elements"]) == (reallocations, copies, room)
        assert counts["in_place"] + counts["moved"] == reallocations - 1   # the first is a birth
        assert counts["moved_elements"] <= copies
        assert counts["moved"] or not counts["moved_elements"]


def samples_of(run, spec):
    return [{name: int(row[name] or 0) for name in ("operation", "live_bytes", "resident_bytes")}
            for row in read(run[0], "fragmentation")
            if (row["allocator"], row["age"], row["moment"]) == (spec, "fresh", "running")]


@pytest.mark.parametrize("spec", ["libc", "tiered", "buddy"])
def test_a_program_is_sampled_over_its_calls_until_nothing_lives(run, spec):
    samples = samples_of(run, spec)
    clock = [sample["operation"] for sample in samples]
    assert 250 < len(samples) < 1000 and clock == sorted(clock)
    assert samples[-1]["live_bytes"] == 0
    peak = max(samples, key=lambda sample: sample["live_bytes"])
    assert 15e6 < peak["live_bytes"] < 25e6
    assert peak["live_bytes"] < peak["resident_bytes"]


def test_the_same_program_has_the_same_live_bytes_on_every_heap(run):
    lives = [[sample["live_bytes"] for sample in samples_of(run, spec)]
             for spec in ("libc", "tiered", "buddy")]
    assert lives[0] == lives[1] == lives[2]


def test_only_programs_with_a_large_heap_are_drawn_over_time(run):
    assert {row["workload"].split("/")[-1]
            for row in read(run[0], "fragmentation")} == {"large.lua"}


def test_what_fails_is_said_once_and_has_a_row_for_each_part(run):
    folder, done = run
    said = [line for line in done.stderr.splitlines() if "crash" in line]
    assert len(said) == 1 and "crashed in waste: killed by signal 11" in said[0]
    failed = [(row["series"], row["part"]) for row in read(folder, "failures")
              if row["allocator"] == planted("crash")]
    assert len(failed) == 1 + 9 + 3 + 2 and ("metadata", "1024") in failed
    assert "out of memory in growth of double" in done.stderr


def copy(run, tmp_path):
    shutil.copytree(run[0], tmp_path / "run")
    return tmp_path / "run"


def test_an_allocator_and_a_small_workload_can_be_chosen(run, tmp_path):
    folder = copy(run, tmp_path)
    done = heapbench("series", "-o", folder, "-a", "tiered", "-w", "pair-32", *ONLY, cwd=TOP)
    assert done.returncode == 0, done.stderr
    assert {row["allocator"] for row in read(folder, "waste")} == {"tiered"}
    assert {row["workload"] for row in read(folder, "fragmentation")} == {"pair-32"}


def test_one_kind_alone_leaves_the_others_and_their_failures(run, tmp_path):
    folder = copy(run, tmp_path)
    before = {name: read(folder, name) for name in FILES}
    done = heapbench("series", "-o", folder, "--only", "growth", "-a", "libc", cwd=TOP)
    assert done.returncode == 0, done.stderr
    assert {row["allocator"] for row in read(folder, "growth")} == {"libc"}
    assert all(read(folder, name) == before[name] for name in KINDS if name != "growth")
    assert read(folder, "failures") == [row for row in before["failures"]
                                        if row["series"] != "growth"]


@pytest.mark.parametrize("arguments, expected", [
    (["-a", "mimalloc"], "-a mimalloc: the run in"), (["-w", "json"], "-w json: the run in"),
    (["--only", "wast"], "--only wast: there are waste, metadata, growth, "),
    (["stray"], "`stray` means nothing here"), (["--timeout", "0"], "--timeout 0"),
    (["--alocator", "x"], "did you mean `allocator`?")])
def test_a_mistake_is_one_line_and_leaves_the_series(run, tmp_path, arguments, expected):
    folder = copy(run, tmp_path)
    before = {name: read(folder, name) for name in FILES}
    done = heapbench("series", "-o", folder, *arguments, cwd=TOP)
    assert done.returncode == 2 and expected in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert before == {name: read(folder, name) for name in FILES}


def test_a_folder_without_a_run_is_refused(tmp_path):
    done = heapbench("series", "-o", tmp_path, cwd=TOP)
    assert done.returncode == 2 and not list(tmp_path.iterdir())
    assert done.stderr == (f"heapbench: {tmp_path} holds no run: heapbench run -o DIR makes one\n")


def test_a_file_in_the_way_is_one_line(run, tmp_path):
    folder = copy(run, tmp_path)
    shutil.rmtree(folder / "series")
    (folder / "series").write_text("in the way", encoding="utf-8")
    done = heapbench("series", "-o", folder, *ONLY, cwd=TOP)
    assert done.returncode == 1 and "series" in done.stderr.splitlines()[-1]
    assert "Not a directory" in done.stderr


def test_a_smoke_run_draws_one_program_over_time(tmp_path):
    (tmp_path / "b.lua").write_text(LARGE, encoding="utf-8")
    shutil.copy(tmp_path / "b.lua", tmp_path / "a.lua")
    done = heapbench("run", "--profile", "smoke", "-a", "libc", "-w", tmp_path / "a.lua", "-w",
                     tmp_path / "b.lua", "-o", tmp_path / "run", cwd=TOP)
    assert done.returncode == 0, done.stderr
    assert heapbench("series", "-o", tmp_path / "run", *ONLY, cwd=TOP).returncode == 0
    assert {row["workload"] for row in read(tmp_path / "run", "fragmentation")} == {
        str(tmp_path / "a.lua")}
    done = heapbench("series", "-o", tmp_path / "run", "--only", "fragmentation", cwd=TOP)
    assert "of 2 parts" in done.stderr.splitlines()[-1]


def test_a_heap_that_cannot_host_one_workload_is_measured_on_the_others(tmp_path):
    names = [word for name in ("handover:order=free", "lua-mix") for word in ("-w", name)]
    done = heapbench("run", "--profile", "smoke", "-a", "tiered", *names, "-o", tmp_path / "run",
                     cwd=TOP)
    assert done.returncode == 0, done.stderr
    done = heapbench("series", "-o", tmp_path / "run", "--only", "fragmentation", *names, cwd=TOP)
    assert done.returncode == 0, done.stderr
    assert {(row["allocator"], row["part"], row["outcome"])
            for row in read(tmp_path / "run", "failures")} == {
        ("tiered", "handover:order=free", "unavailable")}
    assert {(row["allocator"], row["workload"])
            for row in read(tmp_path / "run", "fragmentation")} == {
        ("libc", "handover:order=free"), ("libc", "lua-mix"), ("tiered", "lua-mix")}
