"""`heapbench lua` on wrappers: the map of blocks, exact lines, limits searched for."""
import csv
import re

import pytest

from heapbench import heapbench

STALE = "local function f() end\nf()\nlocal kept = {}\nreturn kept\n"
GARBAGE = "for i = 1, 20000 do local t = {i, {i}} end print('done')\n"


@pytest.fixture(name="script")
def fixture_script(tmp_path):
    def write(text):
        path = tmp_path / "x.lua"
        path.write_text(text, encoding="utf-8")
        return path
    return write


def lines_in_map(tmp_path, script, *arguments):
    """The lines that blocks of a table's size were asked for in."""
    path = tmp_path / "map.csv"
    done = heapbench("lua", "-a", "records:stacks=no+tiered", "--map", path, *arguments, script)
    assert (done.returncode, done.stderr) == (0, "")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows == sorted(rows, key=lambda row: int(row["address"], 16))
    return {int(row["line"]) for row in rows if row["size"] == "64" and row["line"]}


def test_a_map_tells_the_last_line_that_could_fail_or_the_very_line(tmp_path, script):
    path = script(STALE)
    assert 3 not in lines_in_map(tmp_path, path)
    assert 3 in lines_in_map(tmp_path, path, "--exact-lines")


def test_a_map_needs_records_and_a_file_that_can_be_written(tmp_path, script):
    path = script("print(1)")
    done = heapbench("lua", "-a", "guards+tiered", "--map", tmp_path / "m.csv", path)
    assert done.returncode == 2 and "put records+ before it" in done.stderr
    done = heapbench("lua", "-a", "records+tiered", "--map", tmp_path / "no" / "m.csv", path)
    assert done.returncode == 1 and "cannot be written" in done.stderr


def test_wrappers_hand_a_script_its_reports_and_plain_heaps_do_not(script):
    path = script("print(leak_report and type((leak_report())), memory_profile ~= nil)")
    assert heapbench("lua", "-a", "records+tiered", path).stdout == "string\ttrue\n"
    assert heapbench("lua", "-a", "tiered", path).stdout == "nil\tfalse\n"
    assert heapbench("lua", "-a", "count+tiered", path).stdout == "nil\tfalse\n"


def test_a_report_has_every_block_by_origin_and_place(script):
    path = script("kept = {}\nfor i = 1, 99 do kept[i] = {} end\n")
    done = heapbench("lua", "-a", "records+guards+quarantine+libc", "--report", path)
    assert done.returncode == 0
    assert re.search(r"6336 bytes in 99 blocks, in .*x\.lua:2;", done.stderr)
    assert "#0 " in done.stderr and "lua_newstate" in done.stderr
    assert "map: " in done.stderr and "sizes: " in done.stderr
    assert "faults of memory found" not in done.stderr


def smallest(spec, path):
    """The limit that is found, in bytes, and the spec that is shown with it."""
    done = heapbench("lua", "-a", spec, "--smallest", path)
    assert (done.returncode, done.stderr) == (0, "")
    found = re.fullmatch(r"smallest limit: (\d+) bytes \(\d+ KiB\), \d+ runs: (.*)\n", done.stdout)
    return int(found[1]), found[2]


def test_the_smallest_limit_works_the_next_fails_and_collecting_needs_less(script):
    path = script("collectgarbage('setpause', 400)\n" + GARBAGE)
    plain, spec = smallest("tiered", path)
    assert spec == f"hard-limit:bytes={plain}+tiered"
    assert heapbench("lua", "-a", spec, path).stdout == "done\n"
    less = heapbench("lua", "-a", f"hard-limit:bytes={plain - 1024}+tiered", path)
    assert less.returncode == 1 and "not enough memory" in less.stderr
    collecting, spec = smallest("hard-limit:collect+tiered", path)
    assert spec == f"hard-limit:collect,bytes={collecting}+tiered"
    assert collecting < plain


def test_what_has_no_smallest_limit_is_told(script):
    path = script("error('always')")
    done = heapbench("lua", "--smallest", path)
    assert done.returncode == 1 and "does not end well without a limit" in done.stderr
    done = heapbench("lua", "--smallest", "-", input="print(1)")
    assert done.returncode == 2 and "name its file" in done.stderr
    done = heapbench("lua", "-a", "no-limit+tiered", "--smallest", path)
    assert done.returncode == 2
