"""`heapbench latency`: a planted pause is found where it was planted; mistakes are one line."""
import re

import pytest

from heapbench import TOP, heapbench, planted

SCRIPT = "local t for i = 1, 20000 do t = {} end return 1\n"
PAUSE_NS = 2_000_000   # tests/planted/slow.c, in every 5,000th free


@pytest.fixture(name="script")
def fixture_script(tmp_path):
    path = tmp_path / "tables.lua"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


def slowest_of(text):
    """(ns, kind, operation, note) of each line."""
    found = re.findall(r"^ +(\d+)  (\w+) +\d+ +\d+ +(\d+)  (\w*)$", text, re.MULTILINE)
    return [(int(ns), kind, int(operation), note) for ns, kind, operation, note in found]


def test_a_planted_pause_is_the_slowest_call_again_and_again(script):
    done = heapbench("latency", "-a", planted("slow"), "-w", script, cwd=TOP)
    assert done.returncode == 0, done.stderr
    pauses = slowest_of(done.stdout)[:4]
    assert all(ns >= PAUSE_NS and kind == "free" and note == "again"
               for ns, kind, _, note in pauses), done.stdout
    places = sorted(operation for _, _, operation, _ in pauses)
    # From one to the next 5,000 tables are made and freed, and sizes are asked for.
    assert all(9_000 < after - before < 25_000 for before, after in zip(places, places[1:]))


def test_every_kind_steps_of_the_collector_and_lua_close_have_a_line(script):
    done = heapbench("latency", "-a", "tiered", "-a", "libc", "-w", script, cwd=TOP)
    assert done.returncode == 0, done.stderr
    for name in ("new", "grow", "shrink", "free", "all", "runs of frees", "lua_close"):
        assert len(re.findall(rf"^  {name} +\d+ ", done.stdout, re.MULTILINE)) == 2, name


def test_a_trace_is_timed_on_the_null_allocator_too():
    done = heapbench("latency", "-a", "null", "-w", "realloc-chain", cwd=TOP)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^  grow +\d+ ", done.stdout, re.MULTILINE)
    assert "lua_close" not in done.stdout


@pytest.mark.parametrize("arguments, expected", [
    ([], "name a workload: -w NAME"), (["-w", "jsn"], "did you mean `json`?"),
    (["-a", "teired", "-w", "json"], "did you mean `tiered`?"), (["json"], "means nothing here"),
    (["-a", "null", "-w", "json"], "it can only replay traces, not json")])
def test_a_mistake_is_one_line(arguments, expected):
    done = heapbench("latency", *arguments, cwd=TOP)
    assert done.returncode == 2 and expected in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_allocator_that_crashes_is_told_and_the_next_is_timed(script):
    done = heapbench("latency", "-a", planted("crash"), "-a", "libc", "-w", script, cwd=TOP)
    assert done.returncode == 1 and "crashed" in done.stderr
    assert "on libc" in done.stdout
