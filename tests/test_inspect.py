"""heapbench inspect: both forms of the report, distances, and what it says of bad input."""
import csv

import pytest

from heapbench import heapbench


def rows_of(text):
    """The CSV by (table, row, name)."""
    found = list(csv.DictReader(text.splitlines()))
    assert list(found[0]) == ["table", "row", "name", "value", "unit"]
    keys = [(row["table"], row["row"], row["name"]) for row in found]
    assert len(set(keys)) == len(keys)
    return dict(zip(keys, (row["value"] for row in found)))


def inspected(*arguments):
    done = heapbench("inspect", *arguments, "--csv")
    assert (done.returncode, done.stderr) == (0, "")
    return rows_of(done.stdout)


def generated(path, workload):
    assert heapbench("generate", "-o", path, workload).returncode == 0
    return path


@pytest.fixture(scope="module", name="mix")
def lua_mix(tmp_path_factory):
    return generated(tmp_path_factory.mktemp("traces") / "mix.hbt", "lua-mix")


def test_a_pair_workload_has_the_figures_that_its_name_says():
    rows = inspected("pair-32")
    assert rows["calls", "new", "number"] == rows["calls", "free", "number"] == "100000"
    assert rows["totals", "", "calls"] == "200000"
    assert rows["totals", "", "allocated"] == "3200000"
    assert rows["live", "", "peak"] == "32" and rows["live", "", "peak at call"] == "1"
    assert rows["live", "", "at the end"] == "0"
    assert rows["frequent sizes", "32 bytes", "new blocks"] == "100000"
    assert rows["size histogram", "17..32", "of bytes"] == "100"
    assert rows["lifetimes", "", "freed within 64 new blocks"] == "100"
    assert rows["life of freed blocks", "p50", "in bytes"] == "0"
    assert rows["life of freed blocks", "p50", "in calls"] == "1"
    assert rows["lives in calls", "1..1", "blocks"] == "100000"
    assert rows["frees", "", "in runs of 32 or more"] == "0"
    assert ("resizes", "", "growths exactly double") not in rows
    assert ("about", "", "trace") in rows


def test_a_file_has_the_figures_of_the_workload_that_it_was_made_from(mix):
    of_file, of_workload = inspected(mix), inspected("lua-mix")
    for rows in (of_file, of_workload):
        for key in [key for key in rows if key[0] == "about"]:
            del rows[key]
    assert of_file == of_workload
    assert len([key for key in of_file if key[0] == "live curve"]) >= 4 * 500


def test_the_seed_draws_a_workload_and_no_file(mix):
    assert inspected("lua-mix", "--seed=2") != inspected("lua-mix")
    assert inspected("lua-mix", "--seed=2") != inspected("lua-mix:seed=3")
    assert inspected(mix, "--seed=2") == inspected(mix)


def test_the_text_shows_the_figures_of_the_csv(mix, tmp_path):
    path = tmp_path / "mix.csv"
    done = heapbench("inspect", mix, f"--csv={path}")
    assert done.returncode == 0 and done.stdout.startswith(f"{mix}\n")
    rows = rows_of(path.read_text(encoding="utf-8"))
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["peak", rows["live", "", "peak"], "bytes"] in lines
    assert ["new", rows["calls", "new", "number"],
            f"{float(rows['calls', 'new', 'share']):.1f}%"] in lines
    assert ["freed", "within", "64", "new", "blocks",
            f"{float(rows['lifetimes', '', 'freed within 64 new blocks']):.1f}%"] in lines
    curve = [line for line in done.stdout.splitlines() if set(line) <= set(" ▁▂▃▄▅▆▇█")]
    assert len(curve) == 1 and "█" in curve[0] and len(curve[0].strip()) == 64
    assert not any(line.endswith(" ") for line in done.stdout.splitlines())


def test_a_trace_is_alike_to_itself_and_another_seed_is_near(mix):
    rows = inspected(mix, "--against", "lua-mix")
    distances = [value for (table, *_), value in rows.items() if table == "distances"]
    assert distances == ["0"] * 6
    said = heapbench("inspect", mix, "--against", "lua-mix").stdout.splitlines()
    assert said[-1] == "  Alike in all that is compared; the largest distance is 0.00."
    near = heapbench("inspect", mix, "--against", "lua-mix:seed=9").stdout
    assert "lifetimes" in near and "far apart" not in near


def test_traces_that_match_in_sizes_and_not_in_order_are_told_apart():
    done = heapbench("inspect", "free-lifo", "--against", "free-fifo")
    assert done.stdout.endswith("  Different: far apart in order of frees (1.00).\n")
    rows = inspected("free-lifo", "--against", "free-fifo")
    assert float(rows["distances", "", "sizes by count"]) < 0.1
    assert float(rows["distances", "", "order of frees"]) > 0.9


def refuses(status, said, *arguments):
    done = heapbench("inspect", *arguments)
    assert (done.returncode, done.stderr.count("\n")) == (status, 1), done.stderr
    assert said in done.stderr


def test_mistakes_are_told_in_one_line(mix, tmp_path):
    refuses(2, "which trace?")
    refuses(2, "--against=more", "pair-32", "more")
    refuses(2, "no workload is called `pare-32`", "pare-32")
    refuses(2, "heapbench record", "json")
    refuses(2, "no option `speed`", "lua-mix:speed=3")
    refuses(2, "none.hbt", tmp_path / "none.hbt")
    refuses(2, "no workload is called `nobody`", "pair-32", "--against", "nobody")
    refuses(2, "--seed x", "pair-32", "--seed=x")
    whole = mix.read_bytes()
    refuses(2, "that is the name of a trace", mix, f"--csv={mix}")
    assert mix.read_bytes() == whole


def test_what_cannot_be_read_or_written_is_a_failure(mix, tmp_path):
    whole = mix.read_bytes()
    broken = tmp_path / "broken.hbt"
    middle = len(whole) // 2
    broken.write_bytes(whole[:middle] + bytes(64) + whole[middle + 64:])
    refuses(1, "byte", broken)
    refuses(1, "cannot be written", "pair-32", f"--csv={tmp_path}/none/x.csv")
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = heapbench("inspect", mix, "--csv=/dev/full")
        assert done.returncode == 1 and "cannot be written" in done.stderr
    assert full.closed
