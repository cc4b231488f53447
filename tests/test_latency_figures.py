"""Quantiles, floors, the slowest calls, and time inside and outside, from series made by hand."""
import csv

import pytest

import fake_latency
import fake_results
import test_charts

import chart_latency
import chart_locality
import labels
import latency
import locality
import results


def note(found, gap, record, kind, value, count):
    latency.note_row(found, {"gap": gap, "record": record, "kind": kind, "value_ns": value,
                             "count": count})


def measured(*buckets, floor=20, gap=64):
    found = latency.Latency("libc", "json")
    note(found, gap, "floor", "new", floor, 100_000)
    for value, count in buckets:
        note(found, gap, "call", "new", value, count)
    return found


def test_a_quantile_is_the_least_value_that_its_share_is_not_above():
    found = measured((100, 9_000), (200, 900), (300, 100))
    assert found.quantile("new", 0.5) == found.quantile("all", 0.9) == (100, True)
    assert found.quantile("new", 0.9001) == (200, True)
    assert found.quantile("new", 0.991) == (300, True)


def test_a_quantile_needs_ten_calls_beyond_it():
    assert measured((100, 9_999)).quantile("new", 0.999) == (None, False)
    assert measured((100, 10_000)).quantile("new", 0.999) == (100, True)


def test_a_quantile_below_twice_the_floor_is_not_clear_of_it():
    assert measured((39, 100)).quantile("new", 0.5) == (39, False)
    assert measured((40, 100)).quantile("new", 0.5) == (40, True)


def test_rare_calls_are_told_by_the_pass_that_times_all():
    found = measured((100, 20_000))
    note(found, 1, "floor", "new", 20, 1000)
    note(found, 1, "call", "new", 700, 100_000)
    assert found.quantile("new", 0.999) == (100, True)
    assert found.quantile("new", 0.9999) == (700, True)


def slow_row(ns, operation, preempted=0):
    return {"record": "slow", "kind": "free", "value_ns": ns, "count": 1, "old_size": 40,
            "new_size": 0, "operation": operation, "preempted": preempted, "gap": 1}


def test_what_is_slow_in_two_passes_stands_before_what_came_once():
    found = latency.Latency("libc", "json")
    for row in (slow_row(900, 7), slow_row(500, 3), slow_row(400, 3), slow_row(450, 3),
                slow_row(9000, 5, 1), slow_row(300, 9), slow_row(8000, 9, 1)):
        latency.note_row(found, row)
    assert [(each.operation, each.ns, each.passes, each.is_preempted)
            for each in found.slowest()] == [(3, 450, 3, False), (7, 900, 1, False),
                                             (9, 300, 1, False), (5, 9000, 0, True)]


def place_rows(inside_means, floor_ps=20_000, cpu=100_000_000):
    """Passes of 1,000 calls, of which 500 were timed."""
    whole = [{"kind": "any", "pass": i, "cpu_ns": 1_000_000, "close_ns": 7_000}
             for i in range(len(inside_means))]
    return whole + [{"kind": "new", "pass": i, "calls": 1000, "timed_calls": 500, "cpu_ns": cpu,
                     "timed_ns": 500 * mean, "timed_ns2": 500 * mean * mean, "floor_ps": floor_ps}
                    for i, mean in enumerate(inside_means)]


def test_inside_is_the_mean_less_the_floor_times_the_calls_and_outside_the_rest():
    found = locality.figures("libc", "json", place_rows([69, 70, 71]))
    assert (found.inside_ns, found.inside_low_ns, found.inside_high_ns) == (50_000, 49_000, 51_000)
    assert found.outside_ns == 950_000 and found.close_ns == 7_000 and found.is_resolved


def test_inside_within_a_wide_interval_is_not_resolved():
    assert not locality.figures("libc", "json", place_rows([60, 70, 80])).is_resolved


def test_a_pass_on_a_slow_machine_is_told_for_the_speed_of_the_middle_one():
    rows = place_rows([70, 70, 140], floor_ps=0)
    for row in rows:
        row["cpu_ns"] *= 2 if row["pass"] == 2 and row["kind"] == "new" else 1
    assert locality.figures("libc", "json", rows).inside_high_ns == 70_000


@pytest.mark.parametrize("ns, text", [(None, "-"), (870, "870 ns"), (999.6, "1 us"),
                                      (12_345, "12.3 us"), (4.5e9, "4.5 s")])
def test_a_duration_has_three_figures(ns, text):
    assert labels.duration(ns) == text


# ---- whole folders

@pytest.fixture(name="folder")
def fixture_folder(tmp_path):
    """A run of two allocators with both series."""
    return test_charts.small(tmp_path, allocators=["libc", "tiered"],
                             workloads=["json"], traces=[], failures={})


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_both_files_are_written_with_a_row_for_each_kind(folder):
    latency.write(results.load(folder))
    rows = read(folder / "latency.csv")
    kinds = [row["what"] for row in rows if row["allocator"] == "libc"]
    assert kinds == ["new", "free", "all", "step"]
    assert rows[0]["p50_ns"] == "60" and rows[0]["p99_99_ns"] == "900"
    place, other = read(folder / "locality.csv")
    assert place["inside_ns"] == "8000000" and place["close_ns"] == "1230000"
    assert int(other["inside_ns"]) - int(place["inside_ns"]) == 5 * 200_000


def test_the_slowest_call_is_told_with_its_sizes_and_place(folder):
    found = latency.load(results.load(folder))
    lines = list(latency.slow_lines(found["tiered", "json"]))
    assert lines == ["json on tiered", "     7,000,000 ns  free          64 to 0         "
                     "operation 4711  again"]


def shown(name, folder):
    return [text.get_text() for text in
            test_charts.texts_of(test_charts.draw(name, results.load(folder)))]


def test_the_chart_of_latency_has_both_allocators_and_what_stalls(folder):
    texts = shown("latency", folder)
    assert {"json", "tiered", "1.23 ms", "45.6 us", "worst run of frees"} <= set(texts)


def test_a_curve_is_drawn_where_it_is_clear_of_the_floor():
    points = dict(chart_latency.curve(measured((30, 100_000), (500, 20_000))))
    assert [value for value in points.values() if value == value] == \
        [500] * sum(share > 5 / 6 and (1 - share) * 120_000 >= 10 and share <= 0.999
                    for share in chart_latency.SHARES)


def test_the_chart_of_locality_cuts_each_bar_into_inside_and_outside(folder):
    assert "0.09 + 0.91" in shown("locality", folder)
    bar = chart_locality.bars(locality.load(results.load(folder)), "json")["tiered"]
    assert bar.inside + bar.outside == pytest.approx(1)


@pytest.mark.parametrize("name", ["latency", "locality"])
def test_without_series_a_chart_says_how_to_measure_them(folder, name):
    (folder / "series" / f"{name}.csv").unlink()
    assert "build/heapbench series -o DIR" in " ".join(shown(name, folder))


def test_the_columns_made_by_hand_are_the_real_ones():
    source = (fake_results.ROOT / "harness/series/series_kinds.c").read_text().replace('"\n', "")
    for columns in (fake_latency.LATENCY, fake_latency.LOCALITY):
        assert columns.removeprefix("allocator,workload,") in source.replace(" " * 19 + '"', "")
