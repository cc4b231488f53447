"""Fragmentation: each figure by hand, and the series that they are read from."""
import csv

import pytest

import fake_results
from heapbench import TOP, heapbench

import fragmentation
import fragmentation_table
import results

LOCAL = ["libc", "tiered", "buddy", "free-list"]
LIBRARIES = ["jemalloc"]


def sample(live, resident, moment="running", usable=None, metadata=None, free=None, largest=None,
           settle_ms=None):
    return {"moment": moment, "live_bytes": live, "resident_bytes": resident,
            "usable_bytes": usable, "metadata_bytes": metadata, "free_bytes": free,
            "largest_free_bytes": largest, "settle_ms": settle_ms}


SAMPLES = [sample(10, 20), sample(100, 150, usable=125, metadata=5, free=40, largest=10),
           sample(50, 200), sample(0, 90), sample(0, 80, "freed"),
           sample(0, 70, "settled", settle_ms=200), sample(0, 5, "purged")]


@pytest.mark.parametrize("name, expected", [
    ("frag_peak", 2), ("frag_at_peak_rss", 4), ("frag_at_peak_live", 1.5),
    ("frag_mean", (2 + 1.5 + 4) / 3), ("frag_internal", 1.25), ("frag_external", 1.2),
    ("drift", None), ("internal_bytes", 25), ("metadata_bytes", 5), ("free_bytes", 20),
    ("largest_free_share", 0.25), ("retained_bytes", 80), ("settled_bytes", 70),
    ("settle_ms", 200), ("purged_bytes", 5)])
def test_a_figure_of_known_samples(name, expected):
    each = fragmentation.figures(("libc", "json", "fresh"), SAMPLES)
    assert getattr(each, name) == expected


def test_the_parts_of_resident_memory_add_up_to_it():
    for usable in (None, 125):
        for metadata in (None, 5):
            parts = fragmentation.split(sample(100, 150, usable=usable, metadata=metadata))
            assert 100 + sum(part or 0 for part in parts.values()) == 150


@pytest.mark.parametrize("lives, residents, expected", [
    ([100, 10, 100, 10], [110, 110, 220, 220], 2), ([100, 80, 100, 10], [110, 110, 220, 220], None),
    ([100, 10, 60, 10, 90, 10], [100, 100, 300, 300, 180, 180], 2), ([100], [100], None)])
def test_drift_is_read_at_high_peaks_alone(lives, residents, expected):
    assert fragmentation.drift([sample(*each) for each in zip(lives, residents)]) == expected


def test_a_program_that_holds_nothing_has_no_figures():
    assert fragmentation.figures(("libc", "json", "fresh"), [sample(0, 10)]) is None
    assert fragmentation.figures(("libc", "json", "fresh"), [sample(0, 1, "freed")]) is None


def test_the_table_has_means_over_large_heaps_and_the_file_has_every_figure(tmp_path):
    folder = fake_results.write(tmp_path, allocators=["libc", "tiered"], workloads=["json"],
                                traces=[], failures={})
    loaded = results.load(folder)
    found = fragmentation.load(loaded)
    assert len(found) == 4
    lines = list(csv.DictReader(fragmentation.csv_text(found).splitlines()))
    assert float(lines[0]["frag_peak"]) == pytest.approx(20_090_000 / 20_000_000, rel=1e-5)
    assert lines[0]["metadata_bytes"] == "" and lines[2]["metadata_bytes"] == "5000"
    fresh = fragmentation.means(found, ["json"])["tiered", "fresh"]
    assert (fresh.count, fresh.frag_peak) == (1, pytest.approx(1.0045))
    cells = fragmentation_table.cells(fresh, None)
    assert cells[:3] == ["1.00", "-", "2.03"] and cells[-3:] == ["45 %", "5 %", "(1, 0)"]
    for each in found.values():
        each.peak_live_bytes = 1 << 20
    assert not fragmentation.means(found, ["json"])


@pytest.fixture(scope="module", name="run")
def fixture_run(tmp_path_factory):
    """The series of one trace, measured twice: the texts of both files."""
    folder = tmp_path_factory.mktemp("fragmentation") / "run"
    specs = [word for spec in LOCAL + LIBRARIES for word in ("-a", spec)]
    done = heapbench("run", "--rounds", 1, *specs, "-w", "free-random", "-o", folder, cwd=TOP)
    assert done.returncode == 0, done.stderr
    texts = []
    for _ in range(2):
        done = heapbench("series", "-o", folder, "--only", "fragmentation", "-w", "free-random",
                         cwd=TOP)
        assert done.returncode == 0, done.stderr
        texts.append((folder / "series/fragmentation.csv").read_text(encoding="utf-8"))
    return texts


def rows(run, spec, age):
    """Numbers where there are any."""
    return [{name: int(value) if value.isdigit() else value for name, value in row.items()}
            for row in csv.DictReader(run[0].splitlines())
            if (row["allocator"], row["age"]) == (spec, age)]


@pytest.mark.parametrize("spec", LOCAL)
def test_the_same_trace_gives_the_same_bytes(run, spec):
    first, second = ([line for line in text.splitlines() if line.startswith(spec + ",")]
                     for text in run)
    assert len(first) > 500 and first == second


@pytest.mark.parametrize("age", ["fresh", "aged"])
@pytest.mark.parametrize("spec", LOCAL + LIBRARIES)
def test_no_sample_has_less_resident_than_usable_and_live(run, spec, age):
    samples = rows(run, spec, age)
    moments = [row["moment"] for row in samples]
    assert moments[-3:] == (["freed", "settled", "purged"] if age == "fresh" else
                            ["running", "freed", "purged"])
    assert set(moments[:-3]) == {"running"}
    for row in samples:
        assert row["live_bytes"] <= row["usable_bytes"]
        # What libc or a library had left over before the first call serves some blocks.
        assert row["usable_bytes"] <= row["resident_bytes"] + (
            0 if spec in ("tiered", "buddy", "free-list") else 132 << 10)


def test_an_aged_heap_keeps_an_eighth_of_the_litter_until_the_end(run):
    fresh, aged = (rows(run, "tiered", age) for age in ("fresh", "aged"))
    peak = max(row["live_bytes"] for row in fresh)
    litter = aged[0]["live_bytes"] - fresh[0]["live_bytes"]
    assert 0.2 * peak < litter < 0.3 * peak
    running = [row for row in aged if row["moment"] == "running"]
    assert running[-1]["live_bytes"] == litter and aged[-1]["live_bytes"] == 0


@pytest.mark.parametrize("spec", ["libc", *LIBRARIES])
def test_what_is_purged_is_given_back(run, spec):
    kept = {row["moment"]: row["resident_bytes"] for row in rows(run, spec, "fresh")}
    assert kept["purged"] < kept["freed"] / 2
