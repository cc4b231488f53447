"""`heapbench lua --report`: figures that people can read, and the same as CSV."""
import csv
import io
import math
import re

import pytest

from heapbench import heapbench, names

COLUMNS = ["layer", "allocator", "table", "row", "name", "value", "unit"]
KEEPS = "local t = {} for i = 1, 2000 do t[i] = {i, 'text ' .. i} end\n"
SAWTOOTH = KEEPS + "t = nil collectgarbage() t = {} for i = 1, 50 do t[i] = {i} end\n"


@pytest.fixture(name="script")
def fixture_script(tmp_path):
    path = tmp_path / "x.lua"
    path.write_text(SAWTOOTH, encoding="utf-8")
    return path


def read_csv(text):
    reader = csv.DictReader(io.StringIO(text))
    rows = list(reader)
    assert reader.fieldnames == COLUMNS
    return rows


def rows_of(spec, script, *arguments):
    done = heapbench("lua", "-a", spec, "--report=csv", *arguments, script)
    # A bounded heap may be too small for the script; its report comes all the same.
    assert done.returncode == 0 or "grow=no" in spec, done.stderr
    return read_csv(done.stderr[done.stderr.index("layer,"):])


def value(rows, table, name, unit="bytes", row="", layer="1"):
    """The one figure of that place."""
    found = [float(one["value"]) for one in rows
             if (one["layer"], one["table"], one["row"], one["name"], one["unit"]) ==
             (layer, table, row, name, unit)]
    assert len(found) == 1, (table, name, found)
    return found[0]


def local_allocators():
    """Those that keep figures, by what their report says."""
    return [name for name in names("specs") if name != "libc"]


@pytest.mark.parametrize("spec", local_allocators())
def test_every_row_is_whole_and_named_once(spec, script):
    rows = rows_of(spec, script)
    assert all(set(row) == set(COLUMNS) and None not in row.values() for row in rows)
    places = [tuple(row[name] for name in COLUMNS if name != "value") for row in rows]
    assert len(places) == len(set(places))
    assert all(row["name"] and row["unit"] and float(row["value"]) >= 0 for row in rows)


def numbers_in_text(text):
    """Every number but those of the sentence on lines left out, and the tiers' labels."""
    lines = [line for line in text.splitlines() if "left out" not in line]
    fields = [field for line in lines for field in re.split(r"\s+", line[11:])]
    return {field.rstrip("%") for field in fields if re.fullmatch(r"\d+(\.\d+)?%?", field)}


@pytest.mark.parametrize("spec", local_allocators())
def test_every_figure_of_the_text_is_in_the_csv(spec, tmp_path):
    script = tmp_path / "x.lua"
    script.write_text("local s = 'a' for i = 1, 200 do s = s .. 'b' end", encoding="utf-8")
    text = heapbench("lua", "-a", spec, "--report", script).stderr
    measured = ("lua_close", "heap dropped")    # times differ from run to run
    text = "".join(line + "\n" for line in text.splitlines() if not line.startswith(measured))
    rows = rows_of(spec, script)
    values = [float(row["value"]) for row in rows]
    shown = {f"{one:.{digits}f}" for one in values for digits in (0, 1, 2)}
    shown.update(word for row in rows for word in row["name"].split())    # "blocks to 128 bytes"
    assert len(numbers_in_text(text)) > 10
    assert numbers_in_text(text) <= shown


@pytest.mark.parametrize("table", ["peak", "end"])
@pytest.mark.parametrize("spec", local_allocators())
def test_ratios_follow_from_bytes(spec, table, script):
    rows = [row for row in rows_of(spec, script) if (row["layer"], row["table"]) == ("1", table)]
    known = {(row["name"], row["unit"]): float(row["value"]) for row in rows}
    figure = {name: known.get((name, "bytes"), math.nan) for name in
              ("own live", "own usable", "footprint", "free", "largest free", "metadata")}
    expected = {"utilisation": (figure["own live"], figure["footprint"]),
                "internal fragmentation": (figure["own usable"] - figure["own live"],
                                           figure["own usable"]),
                "external fragmentation": (figure["free"] - figure["largest free"],
                                           figure["free"])}
    for name, (part, whole) in expected.items():
        is_told = whole > 0 and not math.isnan(part)    # not of a heap that does not count
        assert ((name, "%") in known) == is_told
        assert not is_told or known[name, "%"] == pytest.approx(100 * part / whole, abs=1e-9)
    blocks = known.get(("live", "blocks"), math.nan)
    blocks -= known.get(("held by the backing", "blocks"), 0)
    told = known.get(("metadata a live block", "bytes"), math.nan)
    assert told == pytest.approx(figure["metadata"] / blocks, nan_ok=True)


def test_the_peak_is_where_most_bytes_were_alive(script):
    rows = rows_of("fixed-pool", script)
    peak = value(rows, "calls", "peak live", layer="0")
    assert peak * 63 / 64 - 1 <= value(rows, "peak", "live") <= peak
    assert value(rows, "end", "live") < peak / 2
    assert value(rows, "closed", "live") == 0


def test_a_heap_that_only_grows_has_its_peak_at_the_end(tmp_path):
    script = tmp_path / "x.lua"
    script.write_text("collectgarbage('stop') for i = 1, 2000 do t = {t} end", encoding="utf-8")
    rows = rows_of("bump", script)
    assert value(rows, "end", "live") > 1e5
    assert value(rows, "end", "live") == value(rows, "peak", "live")


@pytest.mark.parametrize("spec, table", [("slab", "cache"), ("buddy", "order")])
def test_tiers_are_summed_up(spec, table, script):
    rows = rows_of(spec, script)
    tiers = {row["row"] for row in rows if row["table"] == table} - {"blocks", "bytes"}
    used = {row: value(rows, table, "used", "blocks", row) for row in tiers}
    assert sum(used.values()) == value(rows, table, "used", "blocks", "blocks")
    used_bytes = sum(used[row] * value(rows, table, "size", "bytes", row) for row in tiers)
    assert used_bytes == value(rows, table, "used", "bytes", "bytes")
    assert used_bytes == value(rows, "end", "own usable")


def test_sizes_that_are_but_limits_are_not_summed_up(script):
    rows = rows_of("free-list", script)
    assert {"blocks"} == {row["row"] for row in rows if row["row"]} & {"blocks", "bytes"}


def test_csv_goes_to_a_file_and_leaves_standard_error_to_the_script(tmp_path):
    script, report = tmp_path / "x.lua", tmp_path / "report.csv"
    script.write_text("io.stderr:write('aside')", encoding="utf-8")
    done = heapbench("lua", "-a", "tiered", f"--report=csv:{report}", script)
    assert (done.stderr, done.returncode) == ("aside", 0)
    assert value(read_csv(report.read_text(encoding="utf-8")), "closed", "live") == 0


def test_a_script_that_leaves_by_exit_is_reported_without_a_closing(tmp_path):
    script = tmp_path / "x.lua"
    script.write_text(KEEPS + "os.exit(3)", encoding="utf-8")
    done = heapbench("lua", "-a", "tiered", "--report=csv", script)
    rows = read_csv(done.stderr)
    assert done.returncode == 3 and value(rows, "end", "live") > 1e5
    assert not [row for row in rows if row["table"] in ("closed", "closing")]


def test_closing_is_timed(script):
    rows = rows_of("tiered", script)
    assert {row["name"] for row in rows if row["table"] == "closing"} == \
        {"lua_close", "heap dropped"}


@pytest.mark.parametrize("report", ["xml", "", "csv:", "csvv", "TEXT"])
def test_unknown_formats_are_refused_in_one_line(report, script):
    done = heapbench("lua", f"--report={report}", script)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == f"heapbench: --report={report}: give text, csv or csv:FILE\n"


def test_a_file_that_cannot_be_written_is_refused_before_the_script_runs(tmp_path):
    script = tmp_path / "x.lua"
    script.write_text("print('ran')", encoding="utf-8")
    done = heapbench("lua", "--report=csv:/no/such/folder/x", script)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and "No such file" in done.stderr
    done = heapbench("lua", "--report=csv:/dev/full", script)
    assert done.returncode == 1 and "the report cannot be written" in done.stderr


def test_short_option_takes_no_other_word_as_its_format(script):
    for arguments in (["-r", script, "--one"], ["-rtext", script, "--one"]):
        done = heapbench("lua", "-a", "tiered", *arguments)
        assert done.returncode == 0 and "peak live" in done.stderr


def test_many_tiers_without_a_block_are_left_out_and_counted(tmp_path):
    script = tmp_path / "x.lua"
    script.write_text("", encoding="utf-8")
    for spec in local_allocators():
        rows = rows_of(spec, script)
        totals = [float(row["value"]) for row in rows
                  if row["name"] == "total" and row["row"].isdigit()]
        unused = totals.count(0)
        text = heapbench("lua", "-a", spec, "--report", script).stderr
        said = re.search(r"\((\d+) of (\d+) without a block are left out\)", text)
        if said:
            assert int(said[2]) == len(totals) > 16 and int(said[1]) <= unused
        else:
            assert unused == 0 or len(totals) <= 16
