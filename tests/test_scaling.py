"""The series of threads: what is measured, and what is drawn of it."""
import csv

import pytest

import fake_results
import fake_threads
import test_charts
from heapbench import TOP, heapbench

import chart_after_exit
import chart_scaling
import results
import scaling
import summarise

LOCKED = "lock+tiered"
PROGRAMS = set(fake_threads.PROGRAMS)


def read(folder, name):
    with open(folder / "series" / f"{name}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module", name="run")
def fixture_run(tmp_path_factory):
    """A smoke run of a heap for threads, one that is not, that under a lock, and a wrapper without
    one."""
    folder = tmp_path_factory.mktemp("scaling") / "run"
    specs = [word for spec in ("libc", "tiered", LOCKED, "hard-limit+slab")
             for word in ("-a", spec)]
    done = heapbench("run", "--profile", "smoke", *specs, "-w", "pair-32", "-o", folder, cwd=TOP)
    assert done.returncode == 0, done.stderr
    return folder, heapbench("series", "-o", folder, "--only", "scaling", "--only", "after-exit",
                             cwd=TOP)


def test_each_program_is_measured_with_1_2_and_4_threads(run):
    folder, done = run
    assert done.returncode == 0, done.stderr
    found = {(row["allocator"], row["workload"], row["threads"])
             for row in read(folder, "scaling") if row["allocator"] in ("libc", LOCKED)}
    assert found == {(name, program, threads) for name in ("libc", LOCKED) for program in PROGRAMS
                     for threads in ("1", "2", "4")}


def test_a_thread_does_as_much_whatever_their_number(run):
    for program in PROGRAMS:
        done = {int(row["threads"]): int(row["operations"]) for row in read(run[0], "scaling")
                if (row["allocator"], row["workload"]) == ("libc", program)}
        assert done[1] >= 500_000 and done == {count: count * done[1] for count in (1, 2, 4)}


def test_what_is_not_thread_safe_is_left_out_without_a_word(run):
    folder, done = run
    for name in ("scaling", "after-exit"):
        assert "tiered" not in {row["allocator"] for row in read(folder, name)}
    assert not [row for row in read(folder, "failures") if row["allocator"] == "tiered"]
    assert "tiered is not" not in done.stderr


def test_a_wrapper_that_is_not_thread_safe_is_unavailable_in_one_line(run):
    folder, done = run
    said = [line for line in done.stderr.splitlines() if "unavailable" in line]
    assert len(said) == 1 and "hard-limit is not thread-safe: put lock+ before it" in said[0]
    assert {row["outcome"] for row in read(folder, "failures")} == {"unavailable"}


def test_memory_is_read_at_each_step_and_after_the_end(run):
    rows = [row for row in read(run[0], "after-exit") if row["allocator"] == "libc"]
    assert [row["moment"] for row in rows] == ["running"] * 21 + ["ended", "freed", "settled",
                                                                  "purged"]
    live = [int(row["live_bytes"]) for row in rows]
    assert live[0] == 0 and live[22:] == [0, 0, 0] and 30 << 20 < live[20] == live[21] < 34 << 20
    resident = [int(row["resident_bytes"]) for row in rows]
    assert all(held + (1 << 20) >= alive for held, alive in zip(resident, live))
    assert resident[24] < resident[20] / 4


def test_programs_are_workloads_by_name_whose_answers_agree(tmp_path):
    done = heapbench("run", "--profile", "smoke", "-a", LOCKED, "-a", "slab", "-w",
                     "scale-exchange:threads=3,replacements=20000", "-o", tmp_path / "run", cwd=TOP)
    assert done.returncode == 0, done.stderr
    with open(tmp_path / "run" / "runs.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["workload"].startswith("scale-")]
    good = [row for row in rows if row["outcome"] == "ok"]
    assert {row["allocator"] for row in good} == {"libc", LOCKED}
    assert len({row["answer"] for row in good}) == 1
    assert {row["operations"] for row in good} == {str(2 * 3 * 21000)}
    assert {row["detail"] for row in rows if row["allocator"] == "slab"} == {
        "slab is not thread-safe: put lock+ before it, or take threads=1"}


@pytest.mark.parametrize("arguments, expected", [
    (["run", "-w", "scale-exchange:threads=0"], "threads"),
    (["run", "-w", "scale-exchnage"], "did you mean `scale-exchange`?"),
    (["check", "-w", "scale-exchange"], "a program cannot be checked"),
    (["inspect", "scale-exchange"], "a program of several threads: it has no trace")])
def test_a_mistake_is_one_line(tmp_path, arguments, expected):
    done = heapbench(*arguments, cwd=tmp_path)
    assert done.returncode == 2 and expected in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_programs_are_listed_with_their_options():
    rows = list(csv.DictReader(heapbench("list", "threads", "--csv").stdout.splitlines()))
    assert {row["name"] for row in rows} == PROGRAMS and "threads=2" in rows[0]["options"]
    assert all(name in heapbench("list", "workloads").stdout for name in PROGRAMS)


# ---- figures and charts

def loaded(tmp_path, **shape):
    return results.load(test_charts.small(tmp_path, **shape))


def test_throughput_is_told_against_the_baseline_with_one_thread(tmp_path):
    found = scaling.load(loaded(tmp_path))
    base = found["libc", "scale-exchange", 1]
    assert base.throughput == base.cpu == 1 and base.rounds == fake_threads.ROUNDS
    assert base.wall_ns == base.cpu_ns == 20       # libc is the first: nothing is added
    four = found["libc", "scale-exchange", 4]      # 23 ns each, on two processors
    assert four.throughput == pytest.approx(2 * 20 / 23)
    assert four.cpu == pytest.approx(23 / 20)


def test_a_round_that_was_disturbed_moves_nothing_much(tmp_path):
    folder = test_charts.small(tmp_path)
    path = folder / "series" / "scaling.csv"
    path.write_text(path.read_text().replace("libc,scale-exchange,1,2,500000,10000000",
                                             "libc,scale-exchange,1,2,500000,90000000"))
    assert scaling.load(results.load(folder))["libc", "scale-exchange", 1].wall_ns == 20


def test_the_figures_are_written_beside_the_summary(tmp_path):
    folder = test_charts.small(tmp_path)
    summarise.summarise(results.load(folder))
    with open(folder / "scaling.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == scaling.COLUMNS and rows[0]["throughput"] == "1"


def test_a_baseline_without_rows_leaves_nothing_to_draw(tmp_path):
    folder = test_charts.small(tmp_path)
    path = folder / "series" / "scaling.csv"
    path.write_text("".join(line for line in path.read_text().splitlines(True)
                            if not line.startswith("libc,")))
    assert scaling.load(results.load(folder)) == {}
    assert "No allocator has an ok result" in " ".join(shown("scaling", results.load(folder)))


def shown(name, of):
    return [text.get_text() for text in test_charts.texts_of(test_charts.draw(name, of))]


def test_the_ideal_ends_at_the_number_of_processors(tmp_path):
    of = loaded(tmp_path)
    of.machine.setdefault("machine", {})["cpus"] = 2
    figure = test_charts.draw("scaling", of)
    ideals = [line for axes in figure.axes for line in axes.lines if line.get_gid() == "ideal"]
    assert len(ideals) == len(PROGRAMS)
    assert all(list(line.get_ydata()) == [1, 2, 2] for line in ideals)
    assert "(2 here)" in chart_scaling.explanation(of, scaling.load(of))
    assert "take turns" in chart_scaling.explanation(of, scaling.load(of))
    of.machine["machine"]["cpus"] = 8
    assert "take turns" not in chart_scaling.explanation(of, scaling.load(of))


def test_failures_are_named_in_both_charts(tmp_path):
    of = loaded(tmp_path, failures={("tiered", "json"): ("crashed", "signal 11")})
    assert "tiered: crashed in" in " ".join(" ".join(shown("scaling", of)).split())
    assert shown("after_exit", of).count("crashed") == len(fake_threads.WAYS)


def test_the_figures_of_a_panel_are_what_stays_after_a_second_and_a_purge():
    rows = [{"moment": moment, "resident_bytes": size << 20} for moment, size in
            (("freed", 9), ("settled", 5), ("purged", 1))]
    assert chart_after_exit.kept(rows) == "s 5.0  p 1.0"


def test_the_fakes_have_the_columns_of_the_real_ones():
    source = (fake_results.ROOT / "harness/series/series_kinds.c").read_text()
    for columns in (fake_threads.SCALING, fake_threads.AFTER_EXIT):
        assert columns.split(",", 2)[2] in source
