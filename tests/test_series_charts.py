"""The charts of series: their figures, what is missing or failed, and damaged files."""
import re
import shutil

import pytest

import fake_results
import test_charts

import chart_growth
import chart_metadata
import chart_over_time
import chart_waste
import results

NAMES = test_charts.SERIES


def small(folder, **shape):
    return test_charts.small(folder, **{**dict(traces=["growth-double"], noise=0), **shape})


def shown(name, folder):
    return [text.get_text() for text in
            test_charts.texts_of(test_charts.draw(name, results.load(folder)))]


def edit(folder, name, change):
    path = folder / "series" / f"{name}.csv"
    path.write_text(change(path.read_text()))


def block(asked, taken):
    return {"request_bytes": asked, "step_bytes": taken}


def test_33_bytes_in_a_block_of_64_waste_48_per_cent():
    assert round(chart_waste.waste(block(33, 64)), 1) == 48.4
    assert chart_waste.waste(block(40, 40)) == 0


def test_the_mean_of_waste_is_over_one_block_of_each_of_luas_sizes():
    exact = [block(size, size) for size in range(1, 300)]
    assert chart_waste.mean_waste(exact) == 0
    rounded = [block(size, -(-size // 16) * 16) for size in range(1, 300)]
    # Of 31 sizes, 15 are no multiples of 16 and lose 8 bytes; all ask for 4216.
    assert chart_waste.mean_waste(rounded) == pytest.approx(100 * 120 / (4216 + 120))
    assert chart_waste.mean_waste(exact[:100]) is None


def test_overhead_is_resident_memory_less_the_blocks():
    row = {"resident_bytes": 4800, "blocks": 100, "block_bytes": 40, "metadata_bytes": None}
    assert chart_metadata.overhead(row) == 8
    assert chart_metadata.cell(row, None).text == "8.0"
    assert chart_metadata.cell(row | {"resident_bytes": 3990}, None).text == "0.00"
    assert chart_metadata.metadata_cell(row).text == "-"
    assert chart_metadata.metadata_cell(row | {"metadata_bytes": 25}).text == "0.25"


def test_footprint_over_time_is_a_ratio_of_peaks_while_the_program_runs():
    rows = [{"moment": moment, "live_bytes": live, "resident_bytes": resident}
            for moment, live, resident in (("running", 0, 10), ("running", 100, 110),
                                           ("running", 50, 120), ("freed", 0, 500))]
    assert chart_over_time.peak_ratio(rows) == 1.2
    assert chart_over_time.peak_ratio(rows[:1]) is None


def test_time_for_an_element_is_that_of_a_pass_over_both_arrays(tmp_path):
    loaded = results.load(small(tmp_path))
    per_operation = loaded.score("libc", "growth-double").ns_per_operation_p50
    # 13 reallocations and a free for each of two arrays of 10,000 elements.
    assert chart_growth.ns_per_element(loaded, "libc", "double", 13) == per_operation * 28 / 20000
    assert chart_growth.ns_per_element(loaded, "libc", "half", 21) is None


def test_published_counts_stand_beside_ours_and_those_that_differ_are_bold(tmp_path):
    figure = test_charts.draw("growth", results.load(small(tmp_path)))
    bold = [text.get_text() for text in figure.texts if text.get_fontweight() == "bold"]
    assert bold[1:] == ["13", "16,380", "21", "24,278", "12,138"]   # the first is the title
    assert {"19,996", "29,500", "13,122", "45,000"} <= {text.get_text() for text in figure.texts}


@pytest.mark.parametrize("name", NAMES)
def test_without_series_a_chart_says_how_to_measure_them(tmp_path, name):
    folder = small(tmp_path)
    shutil.rmtree(folder / "series")
    assert "build/heapbench series -o DIR" in " ".join(shown(name, folder))


@pytest.mark.parametrize("name, count", [("growth", 3), ("metadata", 4), ("waste", 1),
                                         ("over_time", 2), ("fragmentation", 2)])
def test_every_part_that_failed_is_named(tmp_path, name, count):
    folder = small(tmp_path, failures={("tiered", "json"): ("crashed", "signal 11")})
    assert shown(name, folder).count("crashed") == count


@pytest.mark.parametrize("series, name", [("growth", "growth"), ("waste", "waste"),
                                          ("fragmentation", "over_time"),
                                          ("fragmentation", "fragmentation")])
def test_an_allocator_without_rows_was_not_measured(tmp_path, series, name):
    folder = small(tmp_path)
    edit(folder, series, lambda text: "".join(line for line in text.splitlines(True)
                                              if not line.startswith("tiered,")))
    assert any("not" in text and "measured" in text for text in shown(name, folder))


@pytest.mark.parametrize("change, expected", [
    (lambda text: text[:-5], "cut short"), (lambda text: "", "cut short"),
    (lambda text: text + "libc,1\n", "401: 2 fields, the header has 4"),
    (lambda text: text + "libc,1,x,\n", "401: step_bytes is 'x'"),
    (lambda text: text + "strange,1,8,\n", "401: no allocator of the run")])
def test_a_damaged_series_is_one_line_with_its_place(tmp_path, change, expected):
    folder = small(tmp_path, allocators=["libc"], failures={})
    edit(folder, "waste", change)
    ended = test_charts.run(folder, "waste")
    assert ended.returncode == 1 and expected in ended.stderr
    assert len(ended.stderr.splitlines()) == 1 and "waste.csv:" in ended.stderr


def test_fake_series_have_the_columns_of_the_real_ones():
    source = "".join((fake_results.ROOT / f"harness/series/{name}.c").read_text()
                     for name in ("series_kinds", "series_measure"))
    source = re.sub(r'"\s+"', "", source)
    for name, columns in fake_results.fake_series.COLUMNS.items():
        own = columns.split(",", 1 if name in ("waste", "failures") else 2)[-1]
        assert f'{own}"' in source or f'{own}\\n' in source, name
    assert fake_results.fake_series.COLUMNS["failures"] in source


def test_a_bar_that_leaves_the_panel_has_its_figure_aged_ones_too(tmp_path):
    def grow(text):
        lines = text.splitlines()
        return "\n".join(lines[:1] + [re.sub(r"^((?:[^,]*,){6})(\d+)", lambda found: found[1] + str(
            4 * int(found[2]) if ",aged,running" in line else int(found[2])), line)
            for line in lines[1:]]) + "\n"

    folder = small(tmp_path, allocators=["libc"], workloads=["json"], failures={})
    assert not [text for text in shown("fragmentation", folder) if text.startswith("aged ")]
    edit(folder, "fragmentation", grow)
    told = [text for text in shown("fragmentation", folder) if text.startswith("aged ")]
    assert len(told) == 1 and int(told[0].split()[1]) > 100
