"""`heapbench lua` on wrappers: the map of blocks, exact lines, limits searched for."""
import csv
import re

import pytest

from heapbench import PLANTED, heapbench

STALE = "local function f() end\nf()\nlocal kept = {}\nreturn kept\n"
WATCHED = "records+guards+quarantine+libc"
CRIME = f"""package.cpath = "{PLANTED}/?.so"
require "crimes"
local result = crimes[...]({{}})
for i = 1, 2000 do local t = {{i}} end
print("survived", result)
"""


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


CRIMES = {"overflow": "overflow", "underflow": "underflow", "twice": "double free",
          "after": "use after free", "interior": "interior free", "wild": "invalid free",
          "resurrect": "resize of a freed block", "size": "wrong osize"}


@pytest.mark.parametrize("crime", CRIMES)
def test_a_module_that_breaks_a_rule_is_named_with_its_file_and_line(script, crime):
    done = heapbench("lua", "-a", WATCHED, script(CRIME), crime)
    assert done.returncode == 1 and done.stdout.startswith("survived")
    assert f": {CRIMES[crime]}: block 0x" in done.stderr
    assert "heapbench: 1 fault of memory found" in done.stderr
    assert re.search(rf"#\d {crime} \(crimes\.c:\d+\)", done.stderr)
    if crime != "wild":
        assert re.search(r"allocated at call \d+, [0-9.]+ seconds ago, in .*x\.lua:3", done.stderr)
        assert re.search(r"#0 make \(crimes\.c:12\)", done.stderr)
    if crime in ("twice", "after", "resurrect"):
        assert "\n  freed at call " in done.stderr


def test_a_module_that_leaks_is_named_though_it_is_closed(script):
    done = heapbench("lua", "-a", WATCHED, script(CRIME), "leak")
    assert done.returncode == 1
    assert "leaks: 40 bytes in 1 block, of 1 origin" in done.stderr
    assert re.search(r"#1 leak \(crimes\.c:\d+\)", done.stderr)


def test_a_crash_is_explained_by_what_the_wrappers_know(script):
    done = heapbench("lua", "-a", WATCHED, script(CRIME), "steal")
    assert done.returncode < 0 and "crash: " in done.stderr
    assert re.search(r"freed at call .*\n    #0 drop .*\n    #1 steal \(crimes", done.stderr)


def test_a_fault_can_stop_the_program(script):
    done = heapbench("lua", "-a", WATCHED, "--stop-at-fault", script(CRIME), "twice")
    assert done.returncode == -6 and done.stdout == ""
