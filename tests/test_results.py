"""The reader of results folders, and the statistics on what it read."""
import json
import math
import subprocess
import sys

import pytest

import fake_results

import estimate
import results
import score
import suite

SMALL = dict(allocators=["libc", "null", "tiered", "slab"], workloads=["json", "parser"],
             traces=["pair-32"], failures={})


def small(folder, **shape):
    return fake_results.write(folder, **{**SMALL, **shape})


def set_times(folder, times, **shape):
    """A run whose CPU times are given by allocator and copy, a list over the rounds."""
    def change(row):
        if row["round"] and (row["allocator"], row["copy"]) in times:
            row["cpu_ns"] = times[row["allocator"], row["copy"]][row["round"] - 1]

    rounds = len(next(iter(times.values())))
    return results.load(small(folder, rounds=rounds, change=change))


def edit_rows(folder, edit):
    path = folder / "runs.csv"
    path.write_bytes(edit(path.read_bytes()))


def edit_machine(folder, **fields):
    path = folder / "machine.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def summarise(folder):
    return subprocess.run([sys.executable, fake_results.SCRIPTS / "summarise.py", folder],
                          capture_output=True, text=True)


def refused(folder, exit_code, *words):
    """By the tool: one line, the exit code, and all the words."""
    ended = summarise(folder)
    assert ended.returncode == exit_code
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    for word in words:
        assert word in ended.stderr
    assert ended.stdout == ""


# ---- statistics

@pytest.mark.parametrize("count, rank, coverage", [
    (1, 1, 0.0), (2, 1, 0.5), (5, 1, 0.9375), (6, 1, 1 - 2 / 64), (7, 1, 1 - 2 / 128),
    (8, 1, 1 - 2 / 256), (9, 1, 1 - 2 / 512), (12, 2, 1 - 2 * 13 / 4096),
    (20, 4, 1 - 2 * 1351 / 2 ** 20), (30, 8, 1 - 2 * 2804012 / 2 ** 30)])
def test_ranks_are_the_innermost_with_99_percent(count, rank, coverage):
    assert estimate.interval_rank(count) == rank
    assert estimate.rank_coverage(count, rank) == pytest.approx(coverage, abs=1e-12)


def test_the_next_rank_would_cover_too_little():
    for count in range(8, 60):
        rank = estimate.interval_rank(count)
        assert estimate.rank_coverage(count, rank) >= 0.99
        assert estimate.rank_coverage(count, rank + 1) < 0.99


def test_interval_of_eight_is_lowest_to_highest_and_of_twelve_leaves_out_one_at_each_end():
    eight = estimate.median_interval([3, 1, 2, 6, 5, 4, 8, 7])
    assert (eight.low, eight.point, eight.high) == (1, 4.5, 8)
    twelve = estimate.median_interval([9, 1, 5, 4, 6, 3, 7, 2, 8, 12, 10, 11])
    assert (twelve.low, twelve.point, twelve.high) == (2, 6.5, 11)


def test_quantiles_interpolate():
    assert estimate.quantile([10, 20, 30, 40, 50], 0.1) == pytest.approx(14)
    assert estimate.quantile([4, 1], 0.5) == 2.5
    assert estimate.quantile([7], 0.1) == 7


def test_geometric_mean():
    assert estimate.geometric_mean([0.5, 2, 8]) == pytest.approx(2)
    assert estimate.geometric_mean([]) is None


def interval(point, low, high, coverage=0.995):
    return estimate.Interval(point, low, high, coverage)


@pytest.mark.parametrize("ratio, floor, verdict", [
    (interval(1.10, 1.05, 1.15), 0.02, "slower"),
    (interval(0.90, 0.85, 0.95), 0.02, "faster"),
    (interval(1.10, 0.99, 1.15), 0.02, "tie"),             # the interval holds 1
    (interval(1.019, 1.01, 1.03), 0.02, "tie"),            # inside the noise floor
    (interval(1.021, 1.01, 1.03), 0.02, "slower"),
    (interval(1 / 1.019, 0.97, 0.99), 0.02, "tie"),        # the floor is symmetric in the logarithm
    (interval(1 / 1.021, 0.97, 0.99), 0.02, "faster"),
    (interval(1.10, 1.05, 1.15, 0.75), 0.02, "unresolved"),
    (interval(1.10, 0.95, 1.15, 0.75), 0.02, "tie"),
    (interval(1.00, 1.00, 1.00, 0.0), 0.02, "unresolved"),  # one round says nothing
])
def test_verdicts(ratio, floor, verdict):
    assert estimate.verdict(ratio, floor) == verdict


def test_noise_floor_is_the_farther_end_of_the_control():
    assert estimate.noise_floor(interval(1, 0.99, 1.03)) == pytest.approx(0.03)
    assert estimate.noise_floor(interval(1, 0.95, 1.03)) == pytest.approx(1 / 0.95 - 1)


def test_chance_of_more():
    assert estimate.chance_of_more(0, 2, 0.5) == pytest.approx(0.75)
    assert estimate.chance_of_more(1, 3, 0.1) == pytest.approx(0.028)


def test_pareto_front_leaves_out_what_is_beaten_in_both():
    points = [(1, 9, "a"), (2, 5, "b"), (2, 6, "c"), (3, 5, "d"), (4, 1, "e"), (9, 9, "f")]
    assert [name for *_, name in suite.pareto_front(points)] == ["a", "b", "e"]


# ---- scores

def test_ratios_pair_the_same_round(tmp_path):
    """The machine's speed changes tenfold between rounds; the ratio does not."""
    base = [100, 1000] * 4
    loaded = set_times(tmp_path, {("libc", 0): base, ("libc", 1): base,
                                  ("tiered", 0): [2 * time for time in base]})
    tiered = loaded.score("tiered", "json")
    assert (tiered.ratio, tiered.ratio_low, tiered.ratio_high) == pytest.approx((2, 2, 2))
    assert tiered.ratio_coverage == 1 - 2 / 256
    assert (tiered.verdict, tiered.noise_floor) == ("slower", 0)
    assert loaded.control("json").verdict == "tie"


def test_ratio_is_the_median_of_logarithms(tmp_path):
    loaded = set_times(tmp_path, {("libc", 0): [100] * 6, ("libc", 1): [100] * 6,
                                  ("tiered", 0): [110, 120, 130, 140, 150, 160]})
    assert loaded.score("tiered", "json").ratio == pytest.approx(math.sqrt(1.3 * 1.4))


def test_what_lies_within_the_control_is_a_tie(tmp_path):
    control = [104, 96] * 4
    loaded = set_times(tmp_path, {("libc", 0): [100] * 8, ("libc", 1): control,
                                  ("tiered", 0): [103] * 8, ("slab", 0): [105] * 8})
    assert loaded.score("tiered", "json").noise_floor == pytest.approx(100 / 96 - 1)
    assert loaded.score("tiered", "json").verdict == "tie"
    assert loaded.score("slab", "json").verdict == "slower"


def test_one_slow_round_of_the_control_does_not_raise_the_noise_floor(tmp_path):
    control = [100, 101, 99, 100, 101, 99, 100, 180]
    loaded = set_times(tmp_path, {("libc", 0): [100] * 8, ("libc", 1): control,
                                  ("tiered", 0): [103] * 8})
    assert loaded.score("tiered", "json").noise_floor == pytest.approx(0.01)
    assert loaded.score("tiered", "json").verdict == "slower"


def test_a_control_that_differs_everywhere_makes_the_machine_unfit(tmp_path):
    loaded = set_times(tmp_path, {("libc", 0): [100] * 8, ("libc", 1): [103] * 8})
    assert loaded.unfit_controls == ["json", "parser", "pair-32"]
    assert loaded.is_unfit
    calm = set_times(tmp_path / "calm", {("libc", 0): [100] * 8, ("libc", 1): [100] * 8})
    assert calm.unfit_controls == [] and not calm.is_unfit


def test_a_control_that_differs_once_by_chance_does_not(tmp_path):
    def change(row):
        if row["round"] and row["allocator"] == "libc":
            is_odd = row["copy"] and row["workload"] == "json"
            row["cpu_ns"] = 103 if is_odd else 100

    loaded = results.load(fake_results.write(tmp_path, ["libc"], failures={}, change=change))
    assert loaded.unfit_controls == ["json"]
    assert not loaded.is_unfit


def test_few_rounds_show_their_true_coverage_and_judge_nothing(tmp_path):
    times = {("libc", 0): [100] * 3, ("libc", 1): [99, 100, 101], ("tiered", 0): [200] * 3}
    tiered = set_times(tmp_path, times).score("tiered", "json")
    assert tiered.ratio_coverage == 0.75
    assert tiered.verdict == "unresolved"
    single = set_times(tmp_path / "one", {key: row[:1] for key, row in times.items()})
    assert single.score("tiered", "json").ratio == pytest.approx(2)
    assert single.score("tiered", "json").ratio_low is None
    assert single.judged_controls == []


def test_one_failed_round_takes_all_times_away(tmp_path):
    def change(row):
        if (row["allocator"], row["workload"], row["round"]) == ("slab", "json", 4):
            row.update(outcome="wrong answer", detail="42, libc says 43")
            row["cpu_ns"] = row["wall_ns"] = None

    failed = results.load(small(tmp_path, change=change)).score("slab", "json")
    assert (failed.outcome, failed.detail) == ("wrong answer", "42, libc says 43")
    assert (failed.ratio, failed.cpu_ns, failed.ns_per_operation_p50) == (None, None, None)


def test_net_is_gross_less_the_harness_on_traces_alone(tmp_path):
    loaded = results.load(small(tmp_path, noise=0))
    trace, script = loaded.score("tiered", "pair-32"), loaded.score("tiered", "json")
    assert trace.net_ns_per_operation_p50 == pytest.approx(trace.ns_per_operation_p50 - 2)
    assert script.net_ns_per_operation_p50 is None
    assert loaded.score("null", "pair-32").verdict == ""


def test_footprint_is_peak_over_live_and_not_shown_for_tiny_heaps(tmp_path):
    sizes = {"json": 32, "parser": 4, "pair-32": 0.5}

    def change(row):
        size = int(sizes.get(row["workload"], 0) * fake_results.MEBIBYTE)
        row.update({"peak_resident_bytes": 2 * size} if row["round"] else {"peak_live_bytes": size})

    loaded = results.load(small(tmp_path, change=change))
    large, middle, tiny = (loaded.score("tiered", name) for name in sizes)
    assert (large.frag_peak, large.is_large_heap) == (2, True)
    assert (middle.frag_peak, middle.is_large_heap) == (2, False)
    assert tiny.frag_peak is None
    assert suite.large_heap_workloads(loaded) == ["json"]
    assert suite.footprint_suite(loaded, "tiered").count == 1


def test_a_trace_that_leaves_pages_unwritten_trades_nothing(tmp_path):
    def change(row):
        size = 32 * fake_results.MEBIBYTE
        is_bare = (row["allocator"], row["workload"]) == ("tiered", "json")
        row.update({"peak_resident_bytes": size // 2 if is_bare else 2 * size}
                   if row["round"] else {"peak_live_bytes": size})

    loaded = results.load(small(tmp_path, change=change))
    assert suite.large_heap_workloads(loaded) == ["parser", "pair-32"]
    assert {suite.trade_off(loaded, name)[2] for name in loaded.allocators} == {2}


def test_the_suite_counts_only_what_is_ok(tmp_path):
    loaded = results.load(small(tmp_path, failures={("slab", "json"): ("crashed", "signal 11")}))
    mean = suite.time_suite(loaded, "slab", loaded.workloads)
    assert [name for name, _ in suite.groups(loaded)] == ["Lua programs", "traces", "all"]
    ratios = [loaded.score("slab", name).ratio for name in ("parser", "pair-32")]
    assert mean.count == 2
    assert mean.value == pytest.approx(math.sqrt(ratios[0] * ratios[1]))


# ---- reading

def test_every_column_of_the_harness_is_read(tmp_path):
    loaded = results.load(small(tmp_path))
    assert list(loaded.rows[0]) == [name for name, _, _ in fake_results.COLUMNS]
    assert {type(row["round"]) for row in loaded.rows} == {int}
    assert loaded.unfinished is None and loaded.warnings == []


def test_a_missing_folder_is_wrong_usage(tmp_path):
    refused(tmp_path / "nowhere", 2, "nowhere", "no such folder")
    refused(__file__, 2, "not a folder")
    refused(tmp_path, 2, "machine.json", "no such file")


def test_no_arguments_and_help(tmp_path):
    assert summarise("--help").returncode == 0
    ended = subprocess.run([sys.executable, fake_results.SCRIPTS / "charts.py"],
                           capture_output=True, text=True)
    assert ended.returncode == 2 and ended.stderr.startswith("usage: charts.py DIR")


def test_missing_rows_are_a_failure(tmp_path):
    (small(tmp_path) / "runs.csv").unlink()
    refused(tmp_path, 1, "runs.csv", "no such file")


def test_a_newer_format_is_refused_with_what_to_do(tmp_path):
    edit_machine(small(tmp_path), format=results.FORMAT + 1)
    refused(tmp_path, 1, "machine.json", f"format {results.FORMAT + 1}", "newer")


def test_a_cut_machine_file_is_refused(tmp_path):
    path = small(tmp_path) / "machine.json"
    path.write_text(path.read_text()[:-200])
    refused(tmp_path, 1, "machine.json:", "cut short")


@pytest.mark.parametrize("content", ["[]", "{}", '{"format": "1"}', '{"format": 1}',
                                     '{"format": 1, "plan": []}'])
def test_another_json_file_is_refused(tmp_path, content):
    (small(tmp_path) / "machine.json").write_text(content)
    refused(tmp_path, 1, "machine.json")


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_half_a_last_row_of_a_killed_run_is_left_out(tmp_path, cut):
    small(tmp_path, keep=20)
    edit_rows(tmp_path, lambda rows: rows[:-cut])
    loaded = results.load(tmp_path)
    assert len(loaded.rows) == 19
    assert loaded.warnings == [f"{tmp_path}/runs.csv:21: the last row is cut off and left out"]
    assert loaded.unfinished.startswith("unfinished: 19 of ")
    assert f"run --resume -o {tmp_path}" in loaded.unfinished


def test_a_last_row_with_too_few_fields_is_left_out(tmp_path):
    small(tmp_path, keep=20)
    edit_rows(tmp_path, lambda rows: rows + b"libc,json,3,0\n")
    assert len(results.load(tmp_path).rows) == 20


@pytest.mark.parametrize("cut", [3, 2000])
def test_a_finished_run_that_lost_rows_is_refused(tmp_path, cut):
    small(tmp_path)
    edit_rows(tmp_path, lambda rows: rows[:-cut])
    refused(tmp_path, 1, "runs.csv", "cut short", "--resume")


def test_a_file_that_ends_in_the_header_is_refused(tmp_path):
    small(tmp_path)
    edit_rows(tmp_path, lambda rows: rows[:20])
    refused(tmp_path, 1, "runs.csv:1:", "no header")
    edit_rows(tmp_path, lambda rows: b"")
    refused(tmp_path, 1, "runs.csv:1:", "no header")


def change_line(number, old, new):
    def edit(rows):
        lines = rows.split(b"\n")
        assert old in lines[number - 1]
        lines[number - 1] = lines[number - 1].replace(old, new, 1)
        return b"\n".join(lines)
    return edit


@pytest.mark.parametrize("old, new, word", [
    (b"libc,", b"", "fields"), (b"libc,", b"libc,,", "fields"), (b"libc", b"other", "plan"),
    (b"json", b"jason", "plan"), (b",0,0,", b",0,x,", "no whole number"),
    (b",0,0,", b",,0,", "no round"), (b"libc", b'"libc', "quotes")])
def test_a_damaged_row_names_its_line(tmp_path, old, new, word):
    edit_rows(small(tmp_path), change_line(6, old, new))
    refused(tmp_path, 1, "runs.csv:6:", word)


def test_a_cell_that_is_there_twice_is_refused(tmp_path):
    small(tmp_path)
    edit_rows(tmp_path, lambda rows: rows + rows.split(b"\n")[5] + b"\n")
    refused(tmp_path, 1, "runs.csv:", "libc on json, round 0, copy 0", "twice")


def test_a_missing_column_is_refused_and_an_unknown_one_tolerated(tmp_path):
    small(tmp_path)
    edit_rows(tmp_path, lambda rows: b"\n".join(
        line + (b",new" if line else b"") for line in rows.split(b"\n")))
    assert results.load(tmp_path).rows[0]["new"] == "new"
    edit_rows(tmp_path, lambda rows: rows.replace(b"cpu_ns", b"cpu_time", 1))
    refused(tmp_path, 1, "runs.csv:1:", "cpu_ns")


def test_quoted_text_and_carriage_returns_are_csv(tmp_path):
    detail = 'said "no", and died'
    small(tmp_path, failures={("slab", "json"): ("crashed", detail)})
    edit_rows(tmp_path, lambda rows: rows.replace(b"\n", b"\r\n"))
    assert results.load(tmp_path).score("slab", "json").detail == detail


def test_what_was_not_measured_has_a_score_without_figures(tmp_path):
    loaded = results.load(small(tmp_path, keep=4))
    assert loaded.score("tiered", "json").outcome == "not measured"
    assert loaded.score("tiered", "json") == score.Score("tiered", "json")
