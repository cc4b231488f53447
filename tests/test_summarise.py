"""summary.csv and the table in the terminal."""
import csv
import os
import pty
import subprocess
import sys

import pytest

import fake_results

import results
import summarise
import table

PLAIN = table.Style(120, False)


def run(folder, **environment):
    return subprocess.run([sys.executable, fake_results.SCRIPTS / "summarise.py", folder],
                          capture_output=True, text=True, env={**os.environ, **environment})


def read_summary(folder):
    with open(folder / "summary.csv", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """14 allocators × 28 workloads, with every kind of failure."""
    folder = fake_results.write(tmp_path_factory.mktemp("large"))
    ended = run(folder, COLUMNS="100")
    assert ended.returncode == 0, ended.stderr
    return folder, ended.stdout


def test_summary_has_a_row_for_each_pair_and_control(large):
    rows = read_summary(large[0])
    assert list(rows[0]) == summarise.COLUMNS
    keys = [(row["allocator"], row["workload"], row["copy"]) for row in rows]
    assert len(set(keys)) == len(keys)
    # 14 allocators and the control everywhere, null on the eight traces alone
    assert len(keys) == 15 * 28 + 8
    assert ("null", "json", "0") not in keys


def test_failures_have_their_outcome_and_detail_and_no_figure_of_a_run(large):
    failed = [row for row in read_summary(large[0]) if row["outcome"] != "ok"]
    assert len(failed) == len(fake_results.FAILURES)
    for row in failed:
        expected = fake_results.FAILURES[row["allocator"], row["workload"]]
        assert (row["outcome"], row["detail"]) == expected
        for column in ("ratio", "cpu_ns", "wall_ns", "ns_per_operation_p50", "peak_resident_bytes"):
            assert row[column] == ""


def test_summary_agrees_with_the_scores(large):
    loaded = results.load(large[0])
    for row in read_summary(large[0]):
        score = loaded.score(row["allocator"], row["workload"], int(row["copy"]))
        assert row["verdict"] == score.verdict
        if score.ratio is not None:
            assert float(row["ratio"]) == pytest.approx(score.ratio, rel=1e-5)


def test_the_table_names_each_workload_allocator_and_failure(large):
    folder, text = large
    for workload in fake_results.WORKLOADS[:-1] + fake_results.TRACES:
        assert f"\n{workload} " in text
    for allocator in ("bump", "corona", "mimalloc", "prefix=my_"):
        assert allocator in text
    for outcome in ("out of memory", "crashed", "wrong answer", "timed out"):
        assert f" {outcome}" in text
    assert "tbbmalloc: unavailable on every workload: libtbbmalloc.so.2: cannot open" in text
    assert "slab: crashed on parser: signal 11, Segmentation fault" in text


def test_the_table_states_noise_floor_means_and_harness_cost(large):
    text = large[1]
    assert "A/A control: a tie in " in text and "Noise floor: median " in text
    assert "mean of all" in text and "(26)" in text
    assert "mean of Lua programs" in text and "mean of traces" in text
    assert "Replaying 8 traces without an allocator (null): from 2." in text
    assert "touched, median 2.0" in text


@pytest.mark.parametrize("width", [60, 100, 150, 200, 300])
def test_no_line_of_the_table_is_wider_than_the_terminal(large, width):
    lines = list(table.lines(results.load(large[0]), table.Style(width, False)))
    assert max(map(len, lines)) <= width
    assert all(line.isascii() for line in lines)


def test_columns_stand_apart_and_in_line(large):
    loaded = results.load(large[0])
    for name in loaded.allocators[1:]:
        for workload in loaded.workloads:
            assert len(table.score_text(loaded.score(name, workload))[0]) <= table.COLUMN


def test_ties_and_differences_are_marked(tmp_path):
    speeds = {"libc": 100, "tiered": 100, "bump": 50, "slab": 200}

    def change(row):
        if row["round"]:
            row["cpu_ns"] = speeds[row["allocator"]]

    folder = fake_results.write(tmp_path, list(speeds), ["json"], [], failures={}, change=change)
    line = next(line for line in table.lines(results.load(folder), PLAIN)
                if line.startswith("json"))
    assert line.split()[-6:] == ["=1.00", "1.00-1.00", "<0.50", "0.50-0.50", ">2.00", "2.00-2.00"]


def test_an_unfinished_run_says_so_and_how_to_go_on(tmp_path):
    folder = fake_results.write(tmp_path, keep=700)
    flat = " ".join(run(folder, COLUMNS="200").stdout.split())
    cells = results.load(folder).plan["cells"]
    assert flat.count(f"unfinished: 700 of {cells} cells; resume with build/heapbench run "
                      f"--resume -o {folder}") == 2
    assert len(read_summary(folder)) >= 15 * 28


def test_an_unfit_machine_is_named(tmp_path):
    def change(row):
        if row["round"]:
            row["cpu_ns"] = 103 if row["copy"] else 100

    ended = run(fake_results.write(tmp_path, failures={}, change=change))
    assert "MACHINE UNFIT: two copies of libc differ in 28 of 28 workloads" in ended.stdout
    assert ended.returncode == 0


def test_a_broken_contract_is_named(tmp_path):
    def change(row):
        if (row["allocator"], row["workload"]) == ("slab", "contract"):
            row.update(outcome="wrong answer", detail="a shrink moved the block and lost it")

    ended = run(fake_results.write(tmp_path, change=change), COLUMNS="200")
    assert "slab: breaks the contract: wrong answer: a shrink moved" in ended.stdout


def test_all_failed_and_one_round_still_give_a_table(tmp_path):
    failures = {(name, "json"): ("crashed", "signal 11") for name in ("libc", "slab")}
    for rounds in (1, 8):
        folder = fake_results.write(tmp_path / str(rounds), ["libc", "slab"], ["json"], [],
                                    rounds, failures)
        assert "crashed" in run(folder).stdout


def test_the_same_results_give_the_same_summary(large):
    before = (large[0] / "summary.csv").read_bytes()
    run(large[0])
    assert (large[0] / "summary.csv").read_bytes() == before
    assert not list(large[0].glob(".*"))


def test_a_summary_that_cannot_be_written_is_one_line(tmp_path):
    folder = fake_results.write(tmp_path, ["libc"], ["json"], [], failures={})
    (folder / "summary.csv").mkdir()
    ended = run(folder)
    assert ended.returncode == 1
    assert ended.stderr.startswith("summarise.py: ") and len(ended.stderr.splitlines()) == 1
    assert "summary.csv" in ended.stderr
    assert not list(folder.glob(".*"))


def on_terminal(folder, **environment):
    """What it prints when standard output is a terminal."""
    parent, child = pty.openpty()
    subprocess.run([sys.executable, fake_results.SCRIPTS / "summarise.py", folder], stdout=child,
                   check=True, env={**os.environ, "TERM": "xterm", **environment})
    os.close(child)
    text = b""
    try:
        while piece := os.read(parent, 65536):
            text += piece
    except OSError:   # how Linux tells that the other end is closed
        pass
    os.close(parent)
    return text


def test_colour_only_on_a_terminal_and_not_against_the_users_wish(tmp_path, monkeypatch):
    folder = fake_results.write(tmp_path, ["libc", "tiered"], ["json"], [], failures={})
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert b"\x1b[" in on_terminal(folder)
    assert b"\x1b[" not in on_terminal(folder, NO_COLOR="1")
    assert "\x1b[" not in run(folder).stdout


def test_a_full_disk_under_standard_output_is_one_line(tmp_path):
    folder = fake_results.write(tmp_path, ["libc", "tiered"], ["json"], [], failures={})
    with open("/dev/full", "w") as full:
        ended = subprocess.run([sys.executable, fake_results.SCRIPTS / "summarise.py", folder],
                               stdout=full, stderr=subprocess.PIPE, text=True)
    assert ended.returncode == 1
    assert ended.stderr == "summarise.py: standard output: No space left on device\n"
    assert len(read_summary(folder)) == 3
