"""`heapbench record SCRIPT`: a Lua script is recorded as it runs on its heap."""
import re

import pytest

from heapbench import TOP, heapbench
from test_record import figures, inspect

SCRIPT = """
local all = {}
for i = 1, 20000 do all[i % 500 + 1] = {i, tostring(i)} end
print(#all, arg[1])
if arg[2] then os.exit(tonumber(arg[2])) end
"""
MARKED = """
local heapbench = require "heapbench"
heapbench.phase(1)
for i = 1, 10 do heapbench.frame(i) local t = {i} end
heapbench.phase(2)
print(pcall(heapbench.frame, -1))
"""


def record(tmp_path, text, *arguments, spec="libc"):
    (tmp_path / "s.lua").write_text(text, encoding="utf-8")
    return heapbench("record", "-a", spec, "-o", "s.hbt", "s.lua", *arguments, cwd=tmp_path)


def test_a_script_ends_and_prints_as_it_does_alone(tmp_path):
    done = record(tmp_path, SCRIPT, "a", 5)
    assert (done.stdout, done.returncode) == ("500\ta\n", 5)
    assert "Lua states opened" in inspect(tmp_path / "s.hbt")


def test_calls_and_peak_are_those_that_the_report_of_a_run_tells(tmp_path):
    done = record(tmp_path, SCRIPT, "a", 0)  # which leaves without lua_close, as the report does
    report = heapbench("lua", "--report", "s.lua", "a", "0", cwd=tmp_path).stderr
    program, calls, peak, rest = figures(done.stderr)["s.hbt"]
    counted = {name: int(number) for name, number in re.findall(r"^  (\S.*?)  +(\d+) ", report,
                                                                re.MULTILINE)}
    assert (program, peak, rest) == ("s.lua", counted["peak live"], "")
    assert calls == sum(counted[kind] for kind in ("new", "free", "grow", "shrink", "query"))


def test_it_is_recorded_on_the_heap_of_the_spec(tmp_path):
    peaks = {spec: figures(record(tmp_path, SCRIPT, "a", spec=spec).stderr)["s.hbt"][1:3]
             for spec in ("libc", "tiered", "count+slab")}
    assert len(set(peaks.values())) == 1, peaks


def test_frames_phases_and_collections_are_marked(tmp_path):
    done = record(tmp_path, MARKED)
    assert done.stdout.startswith("false\tbad argument #1")
    told = inspect(tmp_path / "s.hbt")
    marks = {name.strip(): int(count) for name, count in re.findall(r"^  (\S.*?)  +(\d+) ", told,
                                                                    re.MULTILINE)}
    assert any("frame" in name and count == 10 for name, count in marks.items()), told
    assert any("phase" in name and count == 2 for name, count in marks.items()), told
    assert "collections" in inspect(record_json(tmp_path))


def record_json(tmp_path):
    script = TOP / "workloads" / "lua" / "json.lua"
    assert heapbench("record", "-q", "-o", tmp_path / "j.hbt", script).returncode == 0
    return tmp_path / "j.hbt"


def test_the_module_of_marks_is_there_for_scripts_that_name_it_alone(tmp_path):
    run = "print(package.preload['heap' .. 'bench'])"
    assert record(tmp_path, run).stdout == "nil\n"
    assert record(tmp_path, run + " -- heapbench").stdout.startswith("function")
    assert heapbench("lua", "s.lua", cwd=tmp_path).stdout.startswith("function")


def test_the_text_of_a_trace_names_no_place_that_was_not_given(tmp_path):
    record(tmp_path, SCRIPT, "a")
    about = (tmp_path / "s.hbt").read_bytes()[:2000].decode("latin-1")
    assert "program: s.lua" in about and "command: s.lua a" in about
    assert str(tmp_path) not in about


@pytest.mark.parametrize("arguments, expected", [
    (["-o", "x", "json"], "ends in .hbt"),
    (["-o", "x.hbt", "lua-mix"], "lua-mix is a trace already"),
    (["-o", "x.hbt", "/bin/ls"], "put -- before it"),
    (["-o", "x.hbt", "there.hbt"], "no Lua script"),
])
def test_what_is_no_lua_program_is_refused_before_it_runs(tmp_path, arguments, expected):
    (tmp_path / "there.hbt").write_bytes(b"\x89HBT")
    done = heapbench("record", *arguments, cwd=tmp_path)
    assert done.returncode == 2 and expected in done.stderr and done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["there.hbt"]
